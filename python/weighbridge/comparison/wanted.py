"""What a module would take from a checkpoint: the names of its state dict, without making one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from weighbridge.comparison.names import without_wrappers
from weighbridge.comparison.stored import Shape
from weighbridge.live.tensor_facts import memory_of, name_of


class Wanted(NamedTuple):
    """`shape` is None for a lazy tensor: it takes any. `memory` is the same for tensors that are tied."""

    shape: Shape | None
    dtype: str
    memory: object


class WantedTensors(NamedTuple):
    """`tensors` by name; `temporary` are the names of buffers that no state dict holds; `ties`: name to name."""

    tensors: dict[str, Wanted]
    temporary: set[str]
    ties: dict[str, str]


def wanted_tensors(module: nn.Module) -> WantedTensors:
    """What `module.state_dict()` would name, lazy layers and shared modules too. Runs no hook."""
    tensors: dict[str, Wanted] = {}
    temporary: set[str] = set()
    for path, one in _every_module(module):
        prefix = path + "." if path else ""
        for name, tensor in (*one._parameters.items(), *one._buffers.items()):
            if tensor is None:
                continue
            full = without_wrappers(prefix + name)
            if name in one._non_persistent_buffers_set and name in one._buffers:
                temporary.add(full)
            else:
                tensors[full] = _wanted(tensor)
    return WantedTensors(tensors, temporary, _ties(module, tensors))


def _every_module(root: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """By every name that a module has, in the order of a state dict, without recursion."""
    waiting: list[tuple[str, nn.Module]] = [("", root)]
    while waiting:
        path, module = waiting.pop()
        yield path, module
        prefix = path + "." if path else ""
        below = [(prefix + name, child) for name, child in module._modules.items() if child is not None]
        waiting.extend(reversed(below))


def _wanted(tensor: torch.Tensor) -> Wanted:
    dtype = name_of(tensor.dtype)
    if is_lazy(tensor):
        return Wanted(None, dtype, id(tensor))
    quantised: Any = getattr(tensor, "quant_state", None)  # bitsandbytes: several weights in a byte
    shape = quantised.shape if quantised is not None else getattr(tensor, "ds_shape", tensor.shape)
    return Wanted(tuple(int(size) for size in shape), dtype, memory_of(tensor))


def _ties(module: nn.Module, tensors: dict[str, Wanted]) -> dict[str, str]:
    """Each further name of a tensor, to its first: by memory, and as transformers declares them."""
    first: dict[object, str] = {}
    ties: dict[str, str] = {}
    for name, tensor in tensors.items():
        original = first.setdefault(tensor.memory, name)
        if original != name:
            ties[name] = original
    declared: Any = getattr(module, "all_tied_weights_keys", None)
    if isinstance(declared, dict):  # transformers 5: name to name
        for name, original in declared.items():
            if name in tensors and original in tensors and ties.get(original, original) != name:
                ties.setdefault(str(name), ties.get(original, str(original)))
    return ties
