"""The short way past what nearly all layers are: tensors with data, contiguous, each with memory of its own.

The core looks at them itself, and tells what `tensors_of` and `facts_of` would: a model may have a hundred thousand.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import nn

from weighbridge import _weigh

from .memory import Memory
from .tensor_facts import PLAIN, name_of


class PlainLayers:
    """Adds them to what is told, with the memory that they take and the tensors to which others may be tied."""

    def __init__(self, live: _weigh.LiveBuilder, memory: Memory, tensors: dict[object, int]) -> None:
        self._live = live
        self._layers = _weigh.PlainLayers(PLAIN, torch.strided, _of, memory.told, tensors)

    def add(self, module: nn.Module, index: int) -> bool:
        """Tells the tensors of the module; False, and nothing is told, where one of them is not plain."""
        held: dict[str, Any] = module.__dict__
        kind: Any = type(module)
        if "_handle" in held or not (_is_of_torch(kind) or torch.ScriptObject not in map(type, held.values())):
            return False  # FSDP's, and packed weights
        parameters, buffers = held["_parameters"], held["_buffers"]
        if not (isinstance(parameters, dict) and isinstance(buffers, dict)):  # a scripted module's
            return False
        return self._layers.add(self._live, index, parameters, buffers)


@cache
def _is_of_torch(kind: Any) -> bool:
    """Whether it is a layer of PyTorch's that holds nothing but tensors."""
    return kind.__module__.startswith("torch.nn.modules.")


@cache
def _of(dtype: torch.dtype) -> tuple[str, int]:
    """The name, and the bytes of an element; 0 where it is quantised and elements may share bytes."""
    name = name_of(dtype)
    return name, 0 if name.startswith("q") else dtype.itemsize


__all__ = ["PlainLayers"]
