"""What one live tensor is: its true shape, dtype and bytes, whatever a library made of it.

Sources: torch.nn.parameter (lazy), bitsandbytes.nn.Params4bit (`quant_state`), torch.distributed.tensor.DTensor (global
shape), deepspeed.runtime.zero (`ds_shape`), traceable wrapper subclasses such as torchao's (`__tensor_flatten__`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.parameter import is_lazy


class TensorFacts(NamedTuple):
    """`shape` is None where it is not known; `memory` is the same for tensors that are the same elements."""

    shape: list[int] | None
    dtype: str  # PyTorch's name without "torch."
    requires_grad: bool
    state: str
    stored_bytes: int
    layout: str
    memory: object
    logical: int | None = None  # weights that a packed tensor holds
    scheme: str = ""


def facts_of(tensor: torch.Tensor) -> TensorFacts:
    """The facts of a parameter or buffer. Looks at no element."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    if is_lazy(tensor):
        return TensorFacts(None, dtype, tensor.requires_grad, "uninitialised", 0, "strided", id(tensor))
    shape = [int(size) for size in getattr(tensor, "ds_shape", tensor.shape)]
    layout, stored_bytes = _storage(tensor)
    facts = TensorFacts(
        shape,
        dtype,
        tensor.requires_grad,
        "meta" if tensor.is_meta else "initialised",
        stored_bytes,
        layout,
        _memory(tensor),
    )
    quantised = getattr(tensor, "quant_state", None)  # bitsandbytes: several weights in a byte
    if quantised is None:
        return facts
    return facts._replace(logical=math.prod(quantised.shape), scheme=quantised.quant_type)


def packed_tensors(module: nn.Module) -> list[tuple[str, TensorFacts]]:
    """Weights that stand in no parameter: those of dynamic quantisation, in an object of their own."""
    unpack = getattr(module, "_weight_bias", None)
    if unpack is None or not hasattr(module, "_packed_params") or isinstance(module._packed_params, nn.Module):
        return []
    weight, bias = unpack()
    named = [("weight", weight), ("bias", bias)]
    return [(name, facts_of(tensor)) for name, tensor in named if tensor is not None]


def _storage(tensor: torch.Tensor) -> tuple[str, int]:
    """The layout and the bytes that it takes; those of a wrapper are its inner tensors'."""
    flatten = getattr(tensor, "__tensor_flatten__", None)
    if flatten is not None and not hasattr(tensor, "placements"):
        names: list[str] = flatten()[0]
        return "quantized", sum(_storage(getattr(tensor, name))[1] for name in names)
    if tensor.is_quantized:
        return "quantized", tensor.numel() * tensor.element_size()
    if tensor.is_sparse:
        values = tensor._values()
        indices = tensor._indices()
        return "sparse", values.numel() * values.element_size() + indices.numel() * indices.element_size()
    layout = "strided" if tensor.layout is torch.strided else "other"
    return layout, 0 if tensor.is_meta else tensor.numel() * tensor.element_size()


def _memory(tensor: torch.Tensor) -> object:
    """Equal for tensors that are the same elements in the same order."""
    try:
        storage: Any = tensor.untyped_storage()
        if tensor.numel() == 0:
            return id(tensor)
        return (storage._cdata, tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
    except (RuntimeError, NotImplementedError, AttributeError):  # no storage of its own: sparse, wrappers
        return id(tensor)


__all__ = ["TensorFacts", "facts_of", "packed_tensors"]
