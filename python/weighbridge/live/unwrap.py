"""What a dry run computes of modules that libraries spread over processes or packed: what they wrap, on whole tensors.

A wrapper's own forward talks to other processes or calls kernels that read memory, which a copy without data cannot.
So on the copy a wrapper gives its inputs to what it wraps, the hooks that gather and scatter are left out, parameters
have the shape that the whole model has, and a layer of packed weights multiplies by a matrix of their logical shape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import nn

from .fakes import Fakes
from .strides import dense
from .sharded import flat_parameter, originals
from .tensor_facts import whole_shape

# By class the child that does the work.
PASSES_TO = {
    "DistributedDataParallel": "module",
    "FullyShardedDataParallel": "_fsdp_wrapped_module",
    "DeepSpeedEngine": "module",
}
SPREADERS = ("torch.distributed.", "deepspeed.")  # packages whose hooks gather, scatter and redistribute
HOOKS = ("_forward_pre_hooks", "_forward_hooks")
LINEAR = ("Linear4bit", "Linear8bitLt")  # of bitsandbytes
OF_A_MODULE = frozenset(vars(nn.Module()))


def passes_to(module: nn.Module) -> str | None:
    """The name of the child that the wrapper gives its inputs to; None of any other module."""
    kind: Any = type(module)
    return _passes_to(kind)


@cache
def _passes_to(of: Any) -> str | None:
    for kind in of.__mro__:
        if kind.__name__ in PASSES_TO and kind.__module__.startswith(("torch.", "deepspeed.")):
            return PASSES_TO[kind.__name__]
    return None


def is_copied(module: nn.Module, name: str) -> bool:
    """Whether the attribute has a meaning for the copy: the machinery of a wrapper has none."""
    if name.startswith(("ds_", "__composable_api_")) or name == "_original_parameters":  # DeepSpeed's, FSDP2's
        return False
    return passes_to(module) is None or name in OF_A_MODULE


def is_kept(held_in: str, item: Any) -> bool:
    """Whether the copy takes over what lies in this dictionary of a module: no hooks of spreaders."""
    if held_in not in HOOKS:
        return not held_in.endswith("state_dict_hooks")
    owner = getattr(item, "func", item)
    origin = type(owner.__self__) if hasattr(owner, "__self__") else owner
    return not str(getattr(origin, "__module__", "")).startswith(SPREADERS)


def whole(tensor: torch.Tensor, fakes: Fakes) -> torch.Tensor | None:
    """The fake of the whole of a tensor that is spread over processes; None for any other."""
    shape = whole_shape(tensor)
    return None if shape is None else fakes.make(shape, dense(shape), tensor.dtype)


def finish(module: nn.Module, twin: nn.Module, twin_of: Callable[[nn.Module], nn.Module], fakes: Fakes) -> None:
    """Makes the twin compute what the module means, after all its attributes were copied."""
    child = passes_to(module)
    if child is not None:
        twin.__dict__["forward"] = twin._modules[child]
    if type(module).__name__ in LINEAR and type(module).__module__.startswith("bitsandbytes."):
        _unpack(module, twin, fakes)
    unflatten(module, twin_of, fakes)


def unflatten(module: nn.Module, twin_of: Callable[[nn.Module], nn.Module], fakes: Fakes) -> None:
    """Gives the twins of the layers whose parameters the module flattened, if it is one of FSDP1, whole ones."""
    flat = flat_parameter(module)
    if flat is None:
        return
    for owner, name, shape, requires_grad in originals(flat):
        own = twin_of(owner)
        own.__dict__.pop(name, None)  # a view of the flat parameter
        own._parameters[name] = fakes.parameter(shape, dense(shape), flat.dtype, requires_grad)
    for info in flat._shared_param_infos:
        own = twin_of(info.module)
        own.__dict__.pop(info.param_name, None)
        own._parameters[info.param_name] = twin_of(info.prim_module)._parameters[info.prim_param_name]


def _unpack(module: nn.Module, twin: Any, fakes: Fakes) -> None:
    weight: Any = module._parameters["weight"]
    state = getattr(weight, "quant_state", None)
    shape = list(weight.shape if state is None else state.shape)
    dtype = torch.float16 if not weight.is_floating_point() else weight.dtype
    dtype = dtype if state is None else state.dtype
    twin._parameters["weight"] = fakes.parameter(shape, dense(shape), dtype, weight.requires_grad)
    twin.__dict__["forward"] = partial(_linear, twin)


def _linear(twin: Any, x: torch.Tensor) -> torch.Tensor:
    bias = None if twin.bias is None else twin.bias.to(x.dtype)
    return nn.functional.linear(x, twin.weight.to(x.dtype), bias)


__all__ = ["finish", "is_copied", "is_kept", "passes_to", "unflatten", "whole"]
