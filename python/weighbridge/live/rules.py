"""What the commonest operators give, told from shapes alone.

PyTorch's meta kernels say the same; but most are written in Python and import sympy and PyTorch's compiler (2 s) at the
first call. A rule answers the plain case and gives None for any other, wrong input among it: then the kernel is asked.
Each is tested against the kernel.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any, Callable

import torch

from .fakes import META, Fakes

aten = torch.ops.aten
Rule = Callable[..., Any]


def dense(shape: Any) -> tuple[int, ...]:
    """The strides of a contiguous tensor."""
    return _dense(tuple(shape))


@lru_cache(4096)
def _dense(shape: tuple[int, ...]) -> tuple[int, ...]:
    stride, step = [0] * len(shape), 1
    for d in range(len(shape) - 1, -1, -1):
        stride[d] = step
        step *= max(shape[d], 1)
    return tuple(stride)


def broadcast(shapes: list[Any]) -> tuple[int, ...] | None:
    """The shape that all of them spread to; None where they do not fit."""
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return tuple(first)
    out = [1] * max(map(len, shapes))
    for shape in shapes:
        for d in range(1, len(shape) + 1):
            size = shape[-d]
            if size != 1:
                if out[-d] not in (1, size):
                    return None
                out[-d] = size
    return tuple(out)


def elementwise(fakes: Fakes, tensors: list[Any], dtype: torch.dtype) -> Any:
    """A new tensor of the shape that all spread to, in the order of memory that TensorIterator takes."""
    shape = broadcast([t.shape for t in tensors])
    if shape is None:
        return None
    if all(t.is_contiguous() for t in tensors):
        return fakes.make(shape, dense(shape), dtype)
    steps = []
    for tensor in tensors:
        missing = len(shape) - tensor.dim()
        spread = [0 if n == 1 else s for n, s in zip(tensor.shape, tensor.stride())]
        steps.append([0] * missing + spread)
    stride, step = [0] * len(shape), 1
    for d in _innermost_first(shape, steps):
        stride[d] = step
        step *= max(shape[d], 1)
    return fakes.make(shape, stride, dtype)


def _innermost_first(shape: Any, steps: list[list[int]]) -> list[int]:
    """TensorIterator's order of dimensions: by the strides of the first operand that tells two apart."""

    def further(a: int, b: int) -> int:
        for stride in steps:
            if stride[a] == 0 or stride[b] == 0:
                continue
            if stride[a] != stride[b]:
                return stride[a] - stride[b]
            if shape[a] > shape[b]:
                return 1
        return 0

    order = list(range(len(shape) - 1, -1, -1))
    for i in range(1, len(order)):
        here = i
        for before in range(i - 1, -1, -1):
            swap = further(order[before], order[here])
            if swap > 0:
                order[before], order[here] = order[here], order[before]
                here = before
            elif swap < 0:
                break
    return order


def _is_float(tensor: Any) -> bool:
    return isinstance(tensor, torch.Tensor) and tensor.dtype.is_floating_point


def _unary(fakes: Fakes, x: Any, *others: Any, **named: Any) -> Any:
    """Floats into floats; whatever else is given are numbers."""
    return elementwise(fakes, [x], x.dtype) if _is_float(x) and _no_tensors(others, named) else None


def _no_tensors(others: Any, named: Any) -> bool:
    return not any(isinstance(o, (torch.Tensor, complex)) for o in (*others, *named.values()))


def _binary(fakes: Fakes, x: Any, y: Any, **named: Any) -> Any:
    """Of floats of one dtype, or of floats and a number."""
    if not _is_float(x) or not _no_tensors((), named) or named.get("rounding_mode"):
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
    plain = _is_float(x) and _no_tensors(numbers, named) and grad.is_contiguous() and x.is_contiguous()
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
    if not _is_float(x) or half_to_float or not -x.dim() <= dim < x.dim():
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


def _in_place(fakes: Fakes, x: Any, *others: Any, **named: Any) -> Any:
    """Written over: what else there is spreads to its shape."""
    tensors = [o for o in others if isinstance(o, torch.Tensor)]
    fits = _is_float(x) and broadcast([x.shape, *(t.shape for t in tensors)]) == tuple(x.shape)
    return x if fits and not any(t.dtype.is_complex for t in tensors) else None


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
    return fakes.make((), (), dtype or x.dtype) if _is_float(x) else None


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
    if not _is_float(x) or not x.is_contiguous() or not dim or not all(-x.dim() <= d < x.dim() for d in dim):
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
OTHERS: dict[str, Rule] = {
    "native_batch_norm_backward": _batch_norm_gradient,
    "native_layer_norm_backward": _layer_norm_gradient,
    "_softmax_backward_data": _softmax_gradient,
    "_log_softmax_backward_data": _softmax_gradient,
    "sum": _total,
    "mean": _total,
    "stack": _stack,
    "where.self": _where,
    "masked_fill.Scalar": _masked_fill,
    "clone": _clone,
    "_to_copy": _to_copy,
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


def _overload(name: str) -> Any:
    """None where this PyTorch has no such operator."""
    packet, _, overload = name.partition(".")
    return getattr(getattr(aten, packet, None), overload or "default", None)


def _written(name: str) -> str:
    """Of the operator that writes over its first argument: "add_.Tensor"."""
    packet, dot, overload = name.partition(".")
    if packet == "pow":
        overload = "Scalar"
    return packet + "_" + dot + overload


def _table() -> dict[Any, Rule]:
    named = dict.fromkeys(UNARY, _unary) | dict.fromkeys(BINARY, _binary) | dict.fromkeys(GRADIENTS, _gradient)
    for name in COMPARED:
        named |= {name + ".Tensor": _compared, name + ".Scalar": _compared}
    named |= {_written(name): _in_place for name in UNARY + BINARY} | dict.fromkeys(RANDOM, _in_place)
    table = {_overload(name): rule for name, rule in (named | OTHERS).items()}
    table.pop(None, None)
    return table


SHORT = _table()
