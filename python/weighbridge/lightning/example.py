"""How ``example_input_array``, or a batch, becomes the arguments of forward.

Lightning always explodes a list or tuple into positional arguments and a dictionary into keywords,
whatever forward takes. Here forward's signature is asked first; where it takes both, Lightning's way
is taken.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_flatten

from weighbridge.lightning.packages import is_of_lightning

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def arguments_of(module: nn.Module, example: Any) -> Arguments:
    """``(args, kwargs)`` for ``module(*args, **kwargs)``."""
    if isinstance(example, Mapping):
        by_name = {str(key): value for key, value in example.items()}
        return ((), by_name) if _takes(module, (), by_name) else ((example,), {})
    if not isinstance(example, (list, tuple)) or _is_one_value(module, example):
        return (example,), {}
    apart = tuple(example)
    return (apart, {}) if _takes(module, apart, {}) else ((example,), {})


def arguments_of_batch(module: nn.Module, batch: Any) -> Arguments:
    """The same for a batch of a loader, which also holds what forward is not given: targets.

    By name where the batch has names (a dictionary, PyG's ``Data``), else the first values.
    """
    names = _keys(batch)
    if names is not None and not _takes_whole(module, batch):
        wanted = [name for name in _parameters(module) if name in names]
        return (), {name: batch[name] for name in wanted}
    if isinstance(batch, (list, tuple)) and not _is_one_value(module, batch):
        return tuple(batch[: max(1, _required(module))]), {}  # an optional one may not be the target
    return arguments_of(module, batch)


def converted(module: nn.Module, example: Any) -> Any:
    """The example as the trainer would hand it to the model: hooks of the user, and the precision.

    It is not moved to another device: for shapes there is no need to.
    """
    for name in ("on_before_batch_transfer", "on_after_batch_transfer"):
        hook = getattr(module, name, None)
        if hook is not None and not is_of_lightning(hook):
            with torch.random.fork_rng(devices=[]):  # it may augment
                example = hook(example, 0)
    plugin = getattr(getattr(module, "_trainer", None), "precision_plugin", None)
    if plugin is None:
        return example
    given = plugin.convert_input(example)
    return given if _is_as_precise(module, given) else example


def _is_as_precise(module: nn.Module, given: Any) -> bool:
    """Whether the layers have the precision of what they would be given: before a fit they may not be converted yet."""
    taken = {leaf.dtype for leaf in tree_flatten(given)[0] if isinstance(leaf, torch.Tensor) and leaf.is_floating_point()}
    own = {tensor.dtype for tensor in module.parameters() if tensor.is_floating_point()}
    return not taken or not own or not taken.isdisjoint(own)


def _takes(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    try:
        inspect.signature(module.forward).bind(*args, **kwargs)
    except TypeError:
        return False
    except ValueError:  # no signature: a forward in C++
        return True
    return True


def _is_one_value(module: nn.Module, value: Any) -> bool:
    """A PackedSequence is a value itself, and a named tuple, unless forward has arguments of its names."""
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return True
    fields = getattr(value, "_fields", None)
    if fields is None or not _takes(module, (value,), {}):
        return False
    return not set(fields) <= set(_parameters(module))


def _keys(batch: Any) -> list[str] | None:
    if isinstance(batch, Mapping):
        return [key for key in batch if isinstance(key, str)]
    keys = getattr(batch, "keys", None)
    with suppress(TypeError):
        keys = keys() if callable(keys) else keys  # PyG had a property before a method
    return list(keys) if isinstance(keys, (list, tuple)) else None


def _parameters(module: nn.Module) -> list[str]:
    return list(inspect.signature(module.forward).parameters)


def _required(module: nn.Module) -> int:
    """How many positional arguments forward cannot do without."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(module.forward).parameters.values()
    return sum(p.kind in kinds and p.default is inspect.Parameter.empty for p in parameters)


def _takes_whole(module: nn.Module, batch: Any) -> bool:
    """One argument, and none of the names in the batch: forward(data)."""
    names = _keys(batch) or []
    return _takes(module, (batch,), {}) and not any(name in names for name in _parameters(module))
