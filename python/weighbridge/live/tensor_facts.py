"""What one live tensor is: its true shape, dtype and bytes, also where the process holds only a part of it.

Sources: torch.nn.parameter (lazy), torch.distributed.tensor.DTensor (its shape is the whole tensor's),
deepspeed.runtime.zero.partition_parameters (`ds_shape`, `ds_numel`, `ds_tensor`). What holds several weights in one
element is in `packed`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.parameter import is_lazy

PLAIN = (torch.Tensor, nn.Parameter)


class TensorFacts(NamedTuple):
    """`shape` is None where it is not known; `memory` is the same for tensors that are the same elements."""

    shape: list[int] | None
    dtype: str  # PyTorch's name without "torch."
    requires_grad: bool
    state: str
    stored_bytes: int  # of the whole tensor
    layout: str
    memory: object
    logical: int | None = None  # weights that a packed tensor holds
    scheme: str = ""  # how, where the dtype does not say it
    is_overhead: bool = False  # scales and the like, which belong to packed weights
    share: int | None = None  # bytes that this process holds, where others hold the rest
    is_one_share: bool = False  # the rest is with others, and how much that is, is not known
    place: tuple[int, int, int] | None = None  # storage, and from which of its bytes to which it reaches


@cache
def name_of(dtype: torch.dtype) -> str:
    """PyTorch's name without "torch."."""
    return str(dtype).removeprefix("torch.")


def facts_of(tensor: torch.Tensor) -> TensorFacts:
    """The facts of a parameter or buffer. Looks at no element."""
    if is_lazy(tensor):
        dtype = name_of(tensor.dtype)
        return TensorFacts(None, dtype, tensor.requires_grad, "uninitialised", 0, "strided", id(tensor))
    layout, stored_bytes = _storage(tensor)
    facts = TensorFacts(
        list(tensor.shape),
        name_of(tensor.dtype),
        tensor.requires_grad,
        "meta" if tensor.is_meta else "initialised",
        stored_bytes,
        layout,
        memory_of(tensor),
        place=_place(tensor),
    )
    return _of_the_whole(tensor, facts)


def whole_shape(tensor: torch.Tensor) -> list[int] | None:
    """The shape of the tensor that this process holds a part of, or holds elsewhere; None where it is one of its own."""
    if hasattr(tensor, "placements"):
        return list(tensor.shape)
    shape = getattr(tensor, "ds_shape", None)
    return None if shape is None else [int(size) for size in shape]


def _of_the_whole(tensor: torch.Tensor, facts: TensorFacts) -> TensorFacts:
    """The facts of a tensor that is spread over processes: all of it, and the bytes that are here."""
    shape = whole_shape(tensor)
    if shape is None:
        return facts
    local = getattr(tensor, "_local_tensor", getattr(tensor, "ds_tensor", None))
    whole = torch.Size(shape).numel() * tensor.element_size()
    here = whole if local is None else local.numel() * local.element_size()
    on_meta = local is not None and local.is_meta
    return facts._replace(
        shape=shape,
        state="meta" if on_meta else facts.state,
        stored_bytes=0 if on_meta else whole,
        share=here if here < whole else None,
        place=None,
    )


def _storage(tensor: torch.Tensor) -> tuple[str, int]:
    """The layout, and the bytes that the elements take."""
    taken = 0 if tensor.is_meta else tensor.numel() * tensor.element_size()
    if tensor.is_quantized:  # narrow ones share bytes, which element_size() does not know
        return "quantized", min(taken, tensor.untyped_storage().nbytes())
    if tensor.is_sparse:
        values, indices = tensor._values(), tensor._indices()
        return "sparse", values.numel() * values.element_size() + indices.numel() * indices.element_size()
    return "strided" if tensor.layout is torch.strided else "other", taken


def memory_of(tensor: torch.Tensor) -> object:
    """Equal for tensors that are the same elements in the same order."""
    if tensor.numel() == 0:
        return id(tensor)
    try:
        storage = tensor.untyped_storage()._cdata
        place = (storage, tensor.storage_offset() * tensor.element_size(), tensor.shape, tensor.dtype)
        return place if tensor.is_contiguous() else (*place, tensor.stride())
    except (RuntimeError, NotImplementedError, AttributeError):  # no storage of its own: sparse, wrappers
        return id(tensor)


def _place(tensor: torch.Tensor) -> tuple[int, int, int] | None:
    """Where in memory it lies, so that bytes that several tensors share can be told once."""
    if type(tensor) not in PLAIN or tensor.is_meta or tensor.layout is not torch.strided or tensor.numel() == 0:
        return None
    size = tensor.element_size()
    begin = int(tensor.storage_offset()) * size
    reach = sum((int(extent) - 1) * step for extent, step in zip(tensor.shape, tensor.stride()))
    return tensor.untyped_storage()._cdata, begin, begin + (reach + 1) * size


__all__ = ["PLAIN", "TensorFacts", "facts_of", "memory_of", "name_of", "whole_shape"]
