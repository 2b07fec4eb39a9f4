"""The order of memory of what operators make: as PyTorch's kernels have it on the CPU."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

from .fakes import Fakes


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


__all__ = ["broadcast", "dense", "elementwise"]
