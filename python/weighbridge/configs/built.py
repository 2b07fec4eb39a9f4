"""Which library makes the model of a configuration, and on what terms."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from weighbridge.configs.document import Document
from weighbridge.errors import NotInstalled, Unsupported, WeighError

if TYPE_CHECKING:
    from torch import nn


def built(found: Document, trust_remote_code: bool) -> nn.Module:
    """The model of a configuration, on the meta device and in eval mode."""
    values = found.values
    if isinstance(values.get("_class_name"), str):
        diffusers = library("diffusers", found)
        from weighbridge.configs import with_diffusers

        return with_diffusers.model_or_pipeline(diffusers, found, trust_remote_code)
    if any(values.get(key) for key in ("model_type", "architectures", "auto_map")):
        from weighbridge.configs import with_transformers

        return with_transformers.model(library("transformers", found), found, trust_remote_code)
    raise Unsupported.told(
        found.source,
        "names no model: it has neither model_type nor architectures (transformers), nor _class_name (diffusers)",
    )


def library(name: str, found: Document) -> Any:
    """The library that makes the model."""
    try:
        importlib.import_module("torch")
        return importlib.import_module(name)
    except ImportError as error:
        raise NotInstalled.told(
            found.source, f"describes a model of {name}, which cannot be imported: {error}"
        ) from error


@contextmanager
def construction(found: Document, kind: str) -> Iterator[None]:
    """Within it modules are made without memory, draws or network; what a library refuses is told."""
    import torch

    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"), _offline():
            yield
    except WeighError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        raise Unsupported.told(found.source, f"{kind} refuses it: {type(error).__name__}: {text}") from error


@contextmanager
def _offline() -> Iterator[None]:
    """Some models fetch a backbone or its configuration when they are made: the hub's client then refuses."""
    constants: Any = importlib.import_module("huggingface_hub.constants")
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
