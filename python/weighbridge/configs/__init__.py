"""A whole model from its configuration: every module, no weight."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from weighbridge.configs.built import built
from weighbridge.configs.document import Document, document

if TYPE_CHECKING:
    from torch import nn


def from_config(path: str | os.PathLike[str], *, trust_remote_code: bool = False) -> nn.Module:
    """The model that a configuration describes, as a `torch.nn.Module` on the meta device: shapes without memory.

        print(weighbridge.summarize(weighbridge.from_config("Qwen3-8B/")))

    It is built by transformers or diffusers, in the dtype that the configuration tells, in eval mode, with its weights
    tied. No weight is read and nothing is fetched. What is returned is the library's own model, so inputs can be given to
    `summarize`, too. Of a pipeline (`model_index.json`) it is a module that holds the models among its parts.

    Args:
        path: a `config.json`, a `model_index.json`, or a directory that holds one.
        trust_remote_code: run Python code that lies beside the configuration, where it says that its model is made by that.

    Raises:
        NotFound: no such configuration.
        Corrupt: it is no JSON object.
        Unsupported: a model type or an architecture that the library does not know, or values that it refuses.
        RemoteCode: the model is made by code of its own, which was not trusted.
        NotInstalled: transformers or diffusers is needed and cannot be imported.
    """
    found: Document = document(path)
    return built(found, trust_remote_code)


__all__ = ["from_config"]
