"""Calls of layers that need not be run, since shapes alone say what they give: `nn.Linear`, the most frequent of all.

A shortcut answers only for PyTorch's own layer as it is, called as usual; else the layer's forward runs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.nn.modules import module as modules

from .fakes import Fakes
from .rules import dense

is_autocast = getattr(torch._C, "_is_any_autocast_enabled", None)
LINEAR = nn.Linear.forward
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
GLOBAL_HOOKS = tuple(
    hooks for name, hooks in vars(modules).items() if name.startswith("_global_") and isinstance(hooks, dict)
)


def is_linear(module: nn.Module) -> bool:
    """Whether it is PyTorch's own layer, with the forward of its class."""
    return type(module) is nn.Linear and "forward" not in module.__dict__ and nn.Linear.forward is LINEAR


def linear(module: nn.Module, fakes: Fakes, args: Any, kwargs: Any) -> tuple[Any, int] | None:
    """What the layer gives, and its FLOPs: each element of (…, in) meets a row of (out, in). None: to be run.

    Without a graph, autocast, hooks, or other modes that look on.
    """
    if kwargs or len(args) != 1 or type(args[0]) is not FakeTensor:
        return None
    x, own = args[0], module.__dict__
    weight, bias = own["_parameters"].get("weight"), own["_parameters"].get("bias")
    if type(weight) is not FakeTensor or x.dtype is not weight.dtype or not x.is_contiguous():
        return None
    shape, (rows, columns) = x.shape, weight.shape
    if not shape or shape[-1] != columns or x.layout is not torch.strided:
        return None
    if bias is not None and (type(bias) is not FakeTensor or bias.shape != (rows,) or bias.dtype is not x.dtype):
        return None
    if torch.is_grad_enabled() or is_autocast is None or is_autocast():
        return None
    if any(own[name] for name in HOOKS) or any(GLOBAL_HOOKS) or torch._C._len_torch_function_stack():
        return None
    out_shape = (*shape[:-1], rows)
    with torch._C._DisableTorchDispatch():  # the mode of the dry run is on
        out = fakes.make(out_shape, dense(out_shape), x.dtype)
    return out, 2 * x.numel() * rows
