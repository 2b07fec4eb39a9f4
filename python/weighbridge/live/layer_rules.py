"""What the operators give of which layers are made: products, norms, pools, reductions, attention; and their gradients."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch

from .dtypes import is_float
from .fakes import Fakes
from .strides import broadcast, dense, elementwise


def _mm(fakes: Fakes, a: Any, b: Any) -> Any:
    if a.dim() != 2 or b.dim() != 2 or a.shape[1] != b.shape[0] or a.dtype is not b.dtype:
        return None
    return fakes.make((a.shape[0], b.shape[1]), (b.shape[1] or 1, 1), a.dtype)


def _addmm(fakes: Fakes, bias: Any, a: Any, b: Any, **named: Any) -> Any:
    out = _mm(fakes, a, b)
    fits = out is not None and bias.dtype is a.dtype and broadcast([bias.shape, out.shape]) == tuple(out.shape)
    return out if fits else None


def _bmm(fakes: Fakes, a: Any, b: Any) -> Any:
    if a.dim() != 3 or b.dim() != 3 or a.shape[2] != b.shape[1] or a.shape[0] != b.shape[0] or a.dtype is not b.dtype:
        return None
    shape = (a.shape[0], a.shape[1], b.shape[2])
    return fakes.make(shape, dense(shape), a.dtype)


def _softmax(fakes: Fakes, x: Any, dim: int, half_to_float: bool) -> Any:
    if not is_float(x) or half_to_float or not -x.dim() <= dim < x.dim():
        return None
    return fakes.make(x.shape, dense(x.shape), x.dtype) if x.is_contiguous() else None


def _layer_norm(fakes: Fakes, x: Any, shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    """Mean and deviation of each vector, besides; of low precision they are not what float32's are."""
    inner = len(shape)
    if x.dtype not in (torch.float32, torch.float64) or list(x.shape[-inner:]) != list(shape):
        return None
    if any(t is not None and (list(t.shape) != list(shape) or t.dtype is not x.dtype) for t in (weight, bias)):
        return None
    outer = [*x.shape[:-inner], *[1] * inner]
    return (
        (
            fakes.make(x.shape, dense(x.shape), x.dtype),
            fakes.make(outer, dense(outer), x.dtype),
            fakes.make(outer, dense(outer), x.dtype),
        )
        if prod(x.shape)
        else None
    )


def _batch_norm(fakes: Fakes, x: Any, weight: Any, bias: Any, mean: Any, var: Any, training: bool, *_: Any) -> Any:
    """The output, and in train mode what the batch's mean and deviation are."""
    if x.dim() < 2 or x.dtype not in (torch.float32, torch.float64):
        return None
    channels = x.shape[1]
    if any(t is not None and (t.shape != (channels,) or t.dtype is not x.dtype) for t in (weight, bias, mean, var)):
        return None
    if not training and mean is None:
        return None
    saved = channels if training else 0
    out = elementwise(fakes, [x], x.dtype)
    return out, fakes.make((saved,), (1,), x.dtype), fakes.make((saved,), (1,), x.dtype)


def _max_pool(
    fakes: Fakes, x: Any, kernel: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    if x.dim() != 4 or ceil_mode or not x.is_contiguous():
        return None
    size, step, pad, spread = (_pair(of) for of in (kernel, stride or kernel, padding, dilation))
    if any(2 * p > k for p, k in zip(pad, size)):
        return None
    shape = [
        *x.shape[:2],
        *((x.shape[2 + d] + 2 * pad[d] - spread[d] * (size[d] - 1) - 1) // step[d] + 1 for d in (0, 1)),
    ]
    if min(shape) <= 0:
        return None
    return fakes.make(shape, dense(shape), x.dtype), fakes.make(shape, dense(shape), torch.int64)


def _pair(of: Any) -> tuple[int, int]:
    if isinstance(of, int):
        return of, of
    return int(of[0]), int(of[-1])


def _of_shapes(fakes: Fakes, dtype: torch.dtype, shapes: Any, wanted: Any) -> Any:
    return tuple(fakes.make(s, dense(s), dtype) if w else None for s, w in zip(shapes, wanted))


def _batch_norm_gradient(fakes: Fakes, grad: Any, x: Any, *others: Any) -> Any:
    """Of the input, the weight and the bias, where they are wanted."""
    if x.dtype not in (torch.float32, torch.float64) or not x.is_contiguous():
        return None
    return _of_shapes(fakes, x.dtype, (x.shape, x.shape[1:2], x.shape[1:2]), others[-1])


def _layer_norm_gradient(fakes: Fakes, grad: Any, x: Any, shape: Any, *others: Any) -> Any:
    if x.dtype not in (torch.float32, torch.float64) or not x.is_contiguous():
        return None
    return _of_shapes(fakes, x.dtype, (x.shape, shape, shape), others[-1])


def _softmax_gradient(fakes: Fakes, grad: Any, out: Any, dim: int, dtype: torch.dtype) -> Any:
    plain = dtype is grad.dtype and out.dtype is dtype and grad.is_contiguous() and grad.shape == out.shape
    return fakes.make(out.shape, dense(out.shape), dtype) if plain else None


def _total(fakes: Fakes, x: Any, *, dtype: Any = None) -> Any:
    return fakes.make((), (), dtype or x.dtype) if is_float(x) else None


def _stack(fakes: Fakes, tensors: Any, dim: int = 0) -> Any:
    first = tensors[0]
    if not -first.dim() - 1 <= dim <= first.dim():
        return None
    if any(t.dtype is not first.dtype or t.shape != first.shape for t in tensors):
        return None
    dim %= first.dim() + 1
    shape = [*first.shape[:dim], len(tensors), *first.shape[dim:]]
    return fakes.make(shape, dense(shape), first.dtype)


def _mean(fakes: Fakes, x: Any, dim: Any, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Of floats, over some dimensions."""
    if not is_float(x) or not x.is_contiguous() or not dim or not all(-x.dim() <= d < x.dim() for d in dim):
        return None
    gone = {d % x.dim() for d in dim}
    shape = [1 if d in gone else n for d, n in enumerate(x.shape) if keepdim or d not in gone]
    return fakes.make(shape, dense(shape), dtype or x.dtype)


def _cat(fakes: Fakes, tensors: Any, dim: int = 0) -> Any:
    first = tensors[0]
    if not first.dim() or not -first.dim() <= dim < first.dim():
        return None
    dim %= first.dim()
    rest = [*first.shape[:dim], *first.shape[dim + 1 :]]
    for t in tensors:
        if t.dtype is not first.dtype or t.dim() != first.dim() or not t.is_contiguous():
            return None
        if [*t.shape[:dim], *t.shape[dim + 1 :]] != rest:
            return None
    shape = [*first.shape[:dim], sum(t.shape[dim] for t in tensors), *first.shape[dim + 1 :]]
    return fakes.make(shape, dense(shape), first.dtype)


def _embedding(fakes: Fakes, weight: Any, indices: Any, *_: Any) -> Any:
    if weight.dim() != 2 or indices.dtype not in (torch.int64, torch.int32):
        return None
    shape = (*indices.shape, weight.shape[1])
    return fakes.make(shape, dense(shape), weight.dtype)


def _attention(fakes: Fakes, q: Any, k: Any, v: Any, *numbers: Any, **named: Any) -> Any:
    """The output in the order of memory of the queries, and a sum for each row."""
    if q.dim() != 4 or q.dtype is not k.dtype or q.shape[-1] != k.shape[-1] or q.shape[-1] != v.shape[-1]:
        return None
    b, h, s, _ = q.shape
    total = torch.float64 if q.dtype is torch.float64 else torch.float32
    return elementwise(fakes, [q], q.dtype), fakes.make((b, h, s), (s * h, 1, h), total)


LAYERS: dict[str, Callable[..., Any]] = {
    "native_batch_norm_backward": _batch_norm_gradient,
    "native_layer_norm_backward": _layer_norm_gradient,
    "_softmax_backward_data": _softmax_gradient,
    "_log_softmax_backward_data": _softmax_gradient,
    "sum": _total,
    "mean": _total,
    "stack": _stack,
    "mm": _mm,
    "addmm": _addmm,
    "bmm": _bmm,
    "_softmax": _softmax,
    "_log_softmax": _softmax,
    "native_layer_norm": _layer_norm,
    "native_batch_norm": _batch_norm,
    "max_pool2d_with_indices": _max_pool,
    "mean.dim": _mean,
    "sum.dim_IntList": _mean,
    "cat": _cat,
    "embedding": _embedding,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
}

__all__ = ["LAYERS"]
