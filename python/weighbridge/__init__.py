"""Tells what a neural network is made of, without running, loading or allocating it.

    import weighbridge

    print(weighbridge.read("model.ckpt"))                # a file, a directory, an index of shards
    print(weighbridge.summarize(module, x, edge_index))  # a live torch module: exact, though nothing is computed
    print(weighbridge.summarize(weighbridge.from_config("Qwen3-8B/")))  # a whole model, of which there is a configuration

Importing it imports neither torch nor numpy; `summarize`, `materialize` and `from_config` import torch when they are first
asked for.
"""

from __future__ import annotations

import importlib
import os

from weighbridge import _weigh
from weighbridge._weigh import Count, Model, Note, Row, Summary, formats
from weighbridge.errors import WeighError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weighbridge import configs, live

    from_config = configs.from_config
    materialize = live.materialize
    summarize = live.summarize

__version__ = "0.1.0"


def read(path: str | os.PathLike[str]) -> Model:
    """Reads a model file, an index of shards or a directory.

    Nothing in it is executed and no weight is read. Other threads run meanwhile.

    Raises:
        WeighError: what stops the reading, of the class of its kind: `weighbridge.errors`.
    """
    return _weigh.read(os.fspath(path))


_LAZY = {"summarize": "live", "materialize": "live", "from_config": "configs"}  # what needs torch, and where it is


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module("weighbridge." + _LAZY[name]), name)
    if name in ("live", "lightning"):
        return importlib.import_module("weighbridge." + name)
    raise AttributeError(f"module 'weighbridge' has no attribute '{name}'")


__all__ = [
    "Count",
    "Model",
    "Note",
    "Row",
    "Summary",
    "WeighError",
    "formats",
    "from_config",
    "materialize",
    "read",
    "summarize",
]
