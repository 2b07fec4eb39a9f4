"""The short way past what nearly all layers are: tensors with data, contiguous, each with memory of its own.

It tells the core what `tensors_of` and `facts_of` would, in a fifth of the time: a model may have a hundred thousand.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import torch
from torch import nn

from weighbridge import _weigh

from .memory import Memory
from .tensor_facts import PLAIN, name_of


_STRIDED = torch.strided


class PlainLayers:
    """Adds them to what is told, with the memory that they take and the tensors to which others may be tied."""

    def __init__(self, live: _weigh.LiveBuilder, memory: Memory, tensors: dict[object, int]) -> None:
        self._live = live
        self._memory = memory
        self._tensors = tensors

    def add(self, module: nn.Module, index: int) -> bool:
        """Tells the tensors of the module; False, and nothing is told, where one of them is not plain."""
        held, kind = module.__dict__, cast(Any, type(module))
        if "_handle" in held or not (_is_of_torch(kind) or torch.ScriptObject not in map(type, held.values())):
            return False  # FSDP's, and packed weights
        told = self._memory.told
        found: list[tuple[Any, ...]] = []
        keys: list[tuple[int, int, torch.Size, torch.dtype]] = []
        for table, is_buffer in ((held["_parameters"], False), (held["_buffers"], True)):
            for name, tensor in table.items():
                if tensor is None:
                    continue
                if type(tensor) not in PLAIN or tensor.__dict__ or tensor.is_meta or tensor.layout is not _STRIDED:
                    return self._undo(keys)
                dtype, shape, storage = tensor.dtype, tensor.shape, tensor.untyped_storage()._cdata
                dtype_name, size = _of(dtype)
                stored = shape.numel() * size
                if not stored or storage in told or not tensor.is_contiguous():
                    return self._undo(keys)
                begin = tensor.storage_offset() * size
                told[storage] = [(begin, begin + stored)]
                keys.append((storage, begin, shape, dtype))
                found.append((index, name, shape, dtype_name, is_buffer, tensor.requires_grad, stored))
        tensors, add = self._tensors, self._live.add_plain
        for key, facts in zip(keys, found):
            tensors[key] = add(*facts)
        return True

    def _undo(self, keys: list[tuple[int, int, torch.Size, torch.dtype]]) -> bool:
        for key in keys:
            del self._memory.told[key[0]]
        return False


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
