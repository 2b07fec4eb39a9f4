"""Calls of layers that need not be run, since shapes alone say what they give: `nn.Linear`, the most frequent of all.

A shortcut answers only for PyTorch's own layer as it is, called as usual; else the layer's forward runs.
"""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.nn.modules import module as modules

from .fakes import Fakes
from .late import Late
from .strides import dense

is_autocast = getattr(torch._C, "_is_any_autocast_enabled", None)
LINEAR = nn.Linear.forward
GLOBAL_HOOKS = tuple(
    hooks for name, hooks in vars(modules).items() if name.startswith("_global_") and isinstance(hooks, dict)
)
# A call's output, the shapes of its input and output, its FLOPs and the bytes of the output.
Made = tuple[torch.Tensor, tuple[int, ...], tuple[int, ...], int, int]
# As attributes of plain tensors: those of a subclass take three times as long.
_plainly = torch._C.DisableTorchFunctionSubclass


def is_linear(module: nn.Module) -> bool:
    """Whether it is PyTorch's own layer, with the forward of its class."""
    return type(module) is nn.Linear and "forward" not in module.__dict__ and nn.Linear.forward is LINEAR


def linear(module: nn.Module, fakes: Fakes, args: Any, kwargs: Any) -> Made | None:
    """What a call of the layer makes: each element of (…, in) meets a row of (out, in). None: to be run.

    Without a graph, autocast, hooks, or other modes that look on.
    """
    own = module.__dict__
    if kwargs or len(args) != 1 or type(args[0]) is not FakeTensor or _is_watched(own):
        return None
    x, parameters = args[0], own["_parameters"]
    kind = nn.Parameter if type(parameters) is Late and parameters.waits else FakeTensor
    weight, bias = dict.get(parameters, "weight"), dict.get(parameters, "bias")
    if type(weight) is not kind or (bias is not None and type(bias) is not kind):
        return None
    with _plainly():
        given, dtype, (rows, columns) = tuple(x.shape), x.dtype, weight.shape
        if not given or given[-1] != columns or weight.dtype is not dtype:
            return None
        if bias is not None and (bias.shape != (rows,) or bias.dtype is not dtype):
            return None
        if x.layout is not torch.strided or not x.is_contiguous():
            return None
    shape = (*given[:-1], rows)
    with torch._C._DisableTorchDispatch():  # the mode of the dry run is on
        out = fakes.make(shape, dense(shape), dtype)
    elements = prod(shape)
    return out, given, shape, 2 * elements * columns, elements * dtype.itemsize


def _is_watched(own: dict[str, Any]) -> bool:
    """Whether anything but the forward would run or look on."""
    return bool(
        own["_forward_hooks"]
        or own["_forward_pre_hooks"]
        or own["_backward_hooks"]
        or own["_backward_pre_hooks"]
        or any(GLOBAL_HOOKS)
        or torch.is_grad_enabled()
        or is_autocast is None
        or is_autocast()
        or torch._C._len_torch_function_stack()
    )
