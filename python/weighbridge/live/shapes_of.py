"""The shape of whatever a module takes or gives: nested, and told by key where there are keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

import torch
from torch.nn.parameter import is_lazy
from torch.nn.utils.rnn import PackedSequence

# A tensor is a tuple, a list or tuple of things a list, a dictionary a dictionary, all else None.
Shape = Union["tuple[int, ...]", "list[Any]", "dict[str, Any]", None]

DEEPEST = 16  # a structure that holds itself is told no deeper than this


def shape_of(value: Any, depth: int = 0) -> Shape:
    """The shape of `value`: `(32, 8)` for a tensor, a list or dictionary of shapes, None if neither.

    A PackedSequence is told as its data, a graph (anything that has `to_dict()` and `keys()`, such
    as PyG's Data) as a dictionary of what it holds.
    """
    if isinstance(value, torch.Tensor):
        return None if is_lazy(value) else tuple(value.shape)
    if value is None or isinstance(value, (str, int, float)) or depth > DEEPEST:
        return None
    if isinstance(value, PackedSequence):
        return tuple(value.data.shape)
    if isinstance(value, Mapping):
        return {str(key): shape_of(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [shape_of(item, depth + 1) for item in value]
    if callable(getattr(value, "to_dict", None)) and callable(getattr(value, "keys", None)):
        held = value.to_dict()
        if isinstance(held, Mapping):
            return shape_of(held, depth + 1)
    return None


def shape_of_call(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Shape:
    """The shape of the arguments of one call.

    One positional argument is its own shape, several are a list, keywords are a dictionary (which
    ends the list where there are both). Arguments without a shape (None, numbers) that come last
    are left out, unless all are such.
    """
    listed = [shape_of(argument) for argument in args]
    if len(listed) > 1 and not kwargs and all(shape is None for shape in listed):
        return listed
    while len(listed) > 1 and listed[-1] is None:
        listed.pop()
    named = {key: shape_of(value) for key, value in kwargs.items()}
    named = {key: shape for key, shape in named.items() if shape is not None}
    if not listed or (listed == [None] and named):
        return named or None
    if named:
        listed.append(named)
    return listed if len(listed) > 1 else listed[0]
