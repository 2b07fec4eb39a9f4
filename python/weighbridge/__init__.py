"""Tells what a neural network is made of, without running, loading or allocating it.

    import weighbridge

    print(weighbridge.read("model.ckpt"))                # a file, a directory, an index of shards
    print(weighbridge.summarize(module, x, edge_index))  # a live torch module: exact, though nothing is computed
    weighbridge.from_config("Qwen3-8B/")                 # a module of a whole model, without memory
    print(weighbridge.compare("model.ckpt", module))     # what a checkpoint lacks of a model
    print(weighbridge.diff("old.ckpt", "new.ckpt"))      # what differs between two models
    weighbridge.check("model.ckpt", initialized=True)    # whether a model is what it should be
    print(weighbridge.plan("Qwen3-8B/", device="h100"))  # what it takes in memory, and whether that fits

Importing it imports neither torch nor numpy; what needs torch imports it when it is first asked for.
"""

from __future__ import annotations

import importlib
import os

from weighbridge import _weigh
from weighbridge._weigh import Checked, Count, Diff, Difference, Finding, Model, Note, Plan, Row, Summary, formats
from weighbridge.checking import check
from weighbridge.differing import diff
from weighbridge.errors import WeighError
from weighbridge.planning import plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weighbridge import comparison, configs, live

    compare = comparison.compare
    from_config = configs.from_config
    materialize = live.materialize
    summarize = live.summarize

__version__ = _weigh.version()


def read(path: str | os.PathLike[str]) -> Model:
    """Reads a model file, an index of shards or a directory.

    Nothing in it is executed and no weight is read. Other threads run meanwhile.

    Raises:
        WeighError: what stops the reading, of the class of its kind: `weighbridge.errors`.
        KeyboardInterrupt: Ctrl-C was pressed: the reading ends at once, and nothing is left of it. Whatever else a
            handler of a signal raises ends it, too.
    """
    return _weigh.read(os.fspath(path))


# What needs torch, and where it is.
_LAZY = {"summarize": "live", "materialize": "live", "from_config": "configs", "compare": "comparison"}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module("weighbridge." + _LAZY[name]), name)
    if name in ("live", "lightning"):
        return importlib.import_module("weighbridge." + name)
    raise AttributeError(f"module 'weighbridge' has no attribute '{name}'")


__all__ = [
    "Checked",
    "Count",
    "Diff",
    "Difference",
    "Finding",
    "Model",
    "Note",
    "Plan",
    "Row",
    "Summary",
    "WeighError",
    "check",
    "compare",
    "diff",
    "formats",
    "from_config",
    "materialize",
    "plan",
    "read",
    "summarize",
]
