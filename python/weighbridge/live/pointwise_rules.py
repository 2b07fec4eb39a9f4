"""What operators give that go over each element once: activations, sums, comparisons, copies, writes in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .dtypes import is_float
from .fakes import META, Fakes
from .strides import broadcast, dense, elementwise

UNARY = (
    "relu",
    "gelu",
    "silu",
    "sigmoid",
    "tanh",
    "hardswish",
    "hardsigmoid",
    "hardtanh",
    "elu",
    "leaky_relu",
    "softplus",
    "neg",
    "abs",
    "exp",
    "log",
    "log1p",
    "sqrt",
    "rsqrt",
    "sin",
    "cos",
    "erf",
    "reciprocal",
    "clamp",
    "clamp_min",
    "clamp_max",
    "mish",
    "pow.Tensor_Scalar",
    "floor",
    "ceil",
    "round",
)
BINARY = (
    "add.Tensor",
    "sub.Tensor",
    "mul.Tensor",
    "div.Tensor",
    "add.Scalar",
    "sub.Scalar",
    "mul.Scalar",
    "div.Scalar",
    "rsub.Scalar",
    "maximum",
    "minimum",
)
COMPARED = ("eq", "ne", "gt", "ge", "lt", "le")
GRADIENTS = (
    "threshold_backward",
    "gelu_backward",
    "silu_backward",
    "sigmoid_backward",
    "tanh_backward",
    "hardswish_backward",
)
RANDOM = ("uniform_", "normal_", "bernoulli_.float", "zero_", "fill_.Scalar", "copy_", "masked_fill_.Scalar")


def _unary(fakes: Fakes, x: Any, *others: Any, **named: Any) -> Any:
    """Floats into floats; whatever else is given are numbers."""
    return elementwise(fakes, [x], x.dtype) if is_float(x) and _no_tensors(others, named) else None


def _no_tensors(others: Any, named: Any) -> bool:
    return not any(isinstance(o, (torch.Tensor, complex)) for o in (*others, *named.values()))


def _binary(fakes: Fakes, x: Any, y: Any, **named: Any) -> Any:
    """Of floats of one dtype, or of floats and a number."""
    if not is_float(x) or not _no_tensors((), named) or named.get("rounding_mode"):
        return None
    if isinstance(y, torch.Tensor):
        return elementwise(fakes, [x, y], x.dtype) if y.dtype is x.dtype else _mixed(fakes, x, y)
    return elementwise(fakes, [x], x.dtype) if isinstance(y, (int, float)) else None


def _mixed(fakes: Fakes, x: Any, y: Any) -> Any:
    """Numbers of no dimension do not widen floats, nor do integers."""
    if not y.dtype.is_floating_point:
        return elementwise(fakes, [x, y], x.dtype) if not y.dtype.is_complex else None
    if bool(x.dim()) != bool(y.dim()):
        return elementwise(fakes, [x, y], x.dtype if x.dim() else y.dtype)
    return elementwise(fakes, [x, y], torch.promote_types(x.dtype, y.dtype))


def _compared(fakes: Fakes, x: Any, y: Any) -> Any:
    if isinstance(y, torch.Tensor):
        return elementwise(fakes, [x, y], torch.bool)
    return elementwise(fakes, [x], torch.bool) if isinstance(y, (int, float)) else None


def _where(fakes: Fakes, mask: Any, x: Any, y: Any) -> Any:
    return elementwise(fakes, [mask, x, y], x.dtype) if x.dtype is y.dtype and mask.dtype is torch.bool else None


def _masked_fill(fakes: Fakes, x: Any, mask: Any, value: Any) -> Any:
    if mask.dtype is not torch.bool or broadcast([x.shape, mask.shape]) != tuple(x.shape) or not x.is_contiguous():
        return None
    return fakes.make(x.shape, dense(x.shape), x.dtype)


def _gradient(fakes: Fakes, grad: Any, x: Any, *numbers: Any, **named: Any) -> Any:
    """Of an activation: as its output's gradient and its input, or its output, together."""
    plain = is_float(x) and _no_tensors(numbers, named) and grad.is_contiguous() and x.is_contiguous()
    return elementwise(fakes, [grad, x], x.dtype) if plain else None


def _clone(fakes: Fakes, x: Any, memory_format: Any = None) -> Any:
    if memory_format in (None, torch.preserve_format):
        return elementwise(fakes, [x], x.dtype)
    stride = torch.empty(x.shape, memory_format=memory_format, device=META).stride()
    return fakes.make(x.shape, stride, x.dtype)


def _to_copy(fakes: Fakes, x: Any, dtype: Any = None, memory_format: Any = None, **named: Any) -> Any:
    if named.keys() - {"device", "non_blocking"} or memory_format not in (None, torch.preserve_format):
        return None
    return elementwise(fakes, [x], dtype or x.dtype)


def _in_place(fakes: Fakes, x: Any, *others: Any, **named: Any) -> Any:
    """Written over: what else there is spreads to its shape."""
    tensors = [o for o in others if isinstance(o, torch.Tensor)]
    fits = is_float(x) and broadcast([x.shape, *(t.shape for t in tensors)]) == tuple(x.shape)
    return x if fits and not any(t.dtype.is_complex for t in tensors) else None


def _written(name: str) -> str:
    """Of the operator that writes over its first argument: "add_.Tensor"."""
    packet, dot, overload = name.partition(".")
    if packet == "pow":
        overload = "Scalar"
    return packet + "_" + dot + overload


POINTWISE: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(UNARY, _unary),
    **dict.fromkeys(BINARY, _binary),
    **{f"{name}.{overload}": _compared for name in COMPARED for overload in ("Tensor", "Scalar")},
    **dict.fromkeys(GRADIENTS, _gradient),
    **{_written(name): _in_place for name in UNARY + BINARY},
    **dict.fromkeys(RANDOM, _in_place),
    "where.self": _where,
    "masked_fill.Scalar": _masked_fill,
    "clone": _clone,
    "_to_copy": _to_copy,
}

__all__ = ["BINARY", "COMPARED", "GRADIENTS", "POINTWISE", "UNARY"]
