"""Initialises a module's lazy layers without a forward: their shapes come from a dry run.

Each lazy layer is then initialised by its own hook, in the order of a first forward, on inputs of the
right shape that hold one number. So the parameters are drawn as a first forward would draw them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Callable

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from torch.utils._pytree import tree_map_only

from .calls import INITIALISERS, lazy_names, named_modules
from .observe import observe


class MaterializeError(RuntimeError):
    """The lazy layers could not be initialised; the module is as it was."""


def materialize(
    module: nn.Module, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> None:
    """Gives the lazy layers that `module(*args, **kwargs)` reaches their parameters.

    Each module runs in the mode it is in. The random draws are those of a first forward, unless
    that forward itself draws floats before a lazy layer (dropout in train mode). All or nothing: raises
    MaterializeError, with the module as it was, where the dry forward or a layer's own hook fails.
    """
    seen = observe(module, args, kwargs, train=None)
    if seen.stopped is not None:
        raise MaterializeError(f"{seen.stopped.place or 'forward'}: {seen.stopped.note}")
    modules = dict(named_modules(module))
    undo: list[Callable[[], None]] = []
    try:
        for path, inputs, named in seen.initialised:
            undo.append(_remember(modules[path]))
            _initialise(modules[path], _hollow(inputs), _hollow(named))
    except Exception as error:
        for step in reversed(undo):
            step()
        raise MaterializeError(f"{path}: {type(error).__name__}: {error}") from error


def _hollow(value: Any) -> Any:
    """The same shapes over a single zero each: real tensors that hold nothing."""

    def one(tensor: torch.Tensor) -> torch.Tensor:
        return torch.zeros((), dtype=tensor.dtype).expand(tuple(tensor.shape))

    return tree_map_only(torch.Tensor, one, value)


def _initialise(module: nn.Module, args: Any, kwargs: Any) -> None:
    """Runs the layer's own initialising hooks, as `module(*args, **kwargs)` would before its forward."""
    named = getattr(module, "_forward_pre_hooks_with_kwargs", {})
    with torch.inference_mode(False):
        for key, hook in list(module._forward_pre_hooks.items()):
            if getattr(hook, "__name__", "") not in INITIALISERS:
                continue
            if key in named:
                hook(module, args, kwargs)
            else:
                hook(module, args)
    left = lazy_names(module)
    if left:
        raise RuntimeError(f"its own hooks left {', '.join(left)} without a shape")


def _remember(module: nn.Module) -> Callable[[], None]:
    """What puts the layer back to how it is now: class, attributes, hooks, parameters without a shape."""
    kind = type(module)
    state = {
        name: type(value)(value) if type(value) in (dict, OrderedDict) else value
        for name, value in module.__dict__.items()
    }
    dicts = {n: v for n, v in module.__dict__.items() if type(v) in (dict, OrderedDict)}
    held = [*module._parameters.values(), *module._buffers.values()]
    lazy = [(tensor, type(tensor)) for tensor in held if tensor is not None and is_lazy(tensor)]
    whole = [(t, t.detach().clone()) for t in held if t is not None and not is_lazy(t)]

    def back() -> None:
        module.__class__ = kind
        for name in list(module.__dict__):
            if name not in state:
                del module.__dict__[name]
        for name, value in state.items():
            if name in dicts:  # the dictionary itself stays: handles of hooks refer to it
                dicts[name].clear()
                dicts[name].update(value)
                module.__dict__[name] = dicts[name]
            else:
                module.__dict__[name] = value
        for tensor, own in lazy:
            if not isinstance(tensor, (UninitializedParameter, UninitializedBuffer)):
                tensor.data = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
                tensor.__class__ = own
        for tensor, values in whole:
            with torch.no_grad():
                tensor.copy_(values)

    return back
