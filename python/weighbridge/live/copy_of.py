"""A copy of a module that owns fakes: no float is copied, and nothing done to it reaches the module.

`copy.deepcopy` with a memo would do for most, but it refuses UninitializedBuffer, tensors that are
not leaves and modules nested a few hundred deep, and takes longer than the forward. So the modules are
copied one by one, without recursion, and only what they hold besides is left to `deepcopy`.
"""

from __future__ import annotations

import copy
import types
from collections import OrderedDict
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from torch.overrides import TorchFunctionMode

from . import uncopied, unwrap
from .fakes import Fakes, is_plain, is_plain_parameter
from .guard import Guard
from .late import Late, may_wait
from .sharded import is_flat
from .shortcuts import is_linear

ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes, type, torch.dtype, torch.device,
                   types.FunctionType, types.BuiltinFunctionType, types.ModuleType, torch.Size))
# What belongs to the training around a module: shared with it, never copied (a trainer holds data).
SHARED = ("_trainer", "_fabric", "_process_group", "process_group", "device_mesh", "_device_mesh")
COMPILED = ("_compiled_call_impl", "dynamo_ctx")
LOUD = ("log", "log_dict", "print")  # of a LightningModule: would reach the trainer's loggers
# Modules of these that define __deepcopy__ refuse it, or copy no more than is copied here.
COPIED_PLAINLY = ("torch.nn.utils.parametrize", "torch.distributed.")
SMALL = 1 << 20  # bytes of an integer argument up to which it is copied
LARGE = 1 << 26  # bytes of an integer tensor from which it is not copied but faked


class _Tensors(TorchFunctionMode):
    """Within `copy.deepcopy`: a tensor found anywhere becomes its twin."""

    def __init__(self, twins: "Twins") -> None:
        super().__init__()
        self.twins = twins

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if func in (torch.Tensor.__deepcopy__, torch.Tensor.clone):
            return self.twins.tensor(args[0])
        return func(*args, **(kwargs or {}))


class Refused(Exception):
    """A module's own `__deepcopy__` raised `why`."""

    def __init__(self, module: nn.Module, why: Exception) -> None:
        super().__init__(str(why))
        self.module = module
        self.why = why


class LazyBuffer(UninitializedBuffer):  # type: ignore[misc]
    """As its base; but under a mode PyTorch 2.1 cannot make its `data` one of itself, so that is a plain tensor."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.__class__.__name__ == "method-wrapper":
            with torch._C.DisableTorchFunctionSubclass():
                return func(*args, **(kwargs or {}))
        return super().__torch_function__(func, types, args, kwargs)


class Twins:
    """The twins of one module's tensors, modules and attributes. Every object has one twin.

    `late`: parameters that a forward may never ask for get theirs when it does.
    """

    def __init__(self, fakes: Fakes, late: bool = False) -> None:
        self.fakes = fakes
        self.late = late
        self.guard = Guard()
        self.memo: dict[int, Any] = {}
        self.kept: list[Any] = []  # what the memo speaks of must live as long as it

    def tensor(self, tensor: torch.Tensor) -> Any:
        """A fake for a float or a parameter, a real copy for integers, a fresh one if lazy."""
        twin = self.memo.get(id(tensor))
        if twin is None:
            twin = self._tensor(tensor)
            self.memo[id(tensor)] = twin
            self.kept.append(tensor)
        return twin

    def _tensor(self, tensor: torch.Tensor) -> Any:
        if is_plain_parameter(tensor):
            return self.fakes.parameter(tensor.shape, tensor.stride(), tensor.dtype, tensor.requires_grad)
        if is_lazy(tensor):
            dtype = tensor.dtype
            if isinstance(tensor, nn.Parameter):
                grad = tensor.requires_grad
                return UninitializedParameter(requires_grad=grad, device="cpu", dtype=dtype)
            return LazyBuffer(requires_grad=False, device="cpu", dtype=dtype)
        with torch.no_grad():
            if not isinstance(tensor, nn.Parameter):
                return self.value(tensor)
            fake = unwrap.whole(tensor, self.fakes)
            if fake is None:
                fake = self.fakes.of(tensor.detach())
        fake.requires_grad_(tensor.requires_grad)
        fake._is_param = True  # what nn.Parameter(fake) does, less an operator that it would run
        return fake

    def value(self, tensor: torch.Tensor) -> torch.Tensor:
        """What stands for a tensor that is no parameter: integers keep their values."""
        size = tensor.numel() * tensor.element_size()
        if holds_numbers(tensor) or tensor.device.type == "meta":
            return self.fakes.of(tensor)
        return tensor.detach().to("cpu", copy=True) if size <= LARGE else self.fakes.of(tensor)

    def given(self, value: Any) -> Any:
        """The twin of an argument of forward. Integers of any size stay real: they decide shapes."""
        if isinstance(value, torch.Tensor):
            twin = self.memo.get(id(value))
            if twin is None:
                floats = holds_numbers(value) or value.device.type == "meta"
                with torch.no_grad():
                    twin = self.fakes.of(value) if floats else self._numbers(value)
                if floats and value.requires_grad:
                    twin = twin.detach().requires_grad_()
                self.memo[id(value)] = twin
                self.kept.append(value)
            return twin
        if type(value) in (list, tuple):
            return type(value)(self.given(item) for item in value)
        if type(value) is dict:
            return {key: self.given(item) for key, item in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self.given(item) for item in value))
        if isinstance(value, nn.Module):
            return self.module(value)
        return self.other(value)

    def _numbers(self, value: torch.Tensor) -> torch.Tensor:
        """Integers to compute with: a copy, or if large the memory itself, which `Guard` watches."""
        if value.device.type == "cpu" and type(value) is torch.Tensor and not value.is_inference():
            if value.numel() * value.element_size() > SMALL and is_plain(value):
                self.guard.watch(value)
                return value.detach()
        return value.detach().to("cpu", copy=True)

    def other(self, value: Any) -> Any:
        """The twin of an attribute."""
        kind = type(value)
        if kind in ATOMS:
            return value
        if id(value) in self.memo:
            return self.memo[id(value)]
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, nn.Module):
            return self.module(value)
        if kind in (list, tuple, dict, OrderedDict):
            return self._container(value)
        if kind is types.MethodType:
            return types.MethodType(value.__func__, self.other(value.__self__))
        return uncopied.copied(value, self.memo, self.other, _Tensors(self))

    def _container(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self.other(item) for item in value)
        twin = type(value)()
        self.memo[id(value)] = twin
        self.kept.append(value)
        if isinstance(value, list):
            twin.extend(self.other(item) for item in value)
        else:
            for key, item in value.items():
                twin[key] = self.other(item)
        return twin

    def module(self, root: nn.Module) -> nn.Module:
        """The twin of a module with all below it."""
        fresh = self._allocate(root)
        left = [self._atoms(module, twin.__dict__) for module, twin in fresh]
        for (module, twin), rest in zip(fresh, left):
            self._fill(module, twin, rest)
        for module, twin in fresh:
            unwrap.finish(module, twin, self.module, self.fakes)
        twin_of_root: nn.Module = self.memo[id(root)]
        return twin_of_root

    def _atoms(self, module: nn.Module, state: dict[str, Any]) -> list[tuple[str, Any]]:
        """Gives the twin what needs no copying; tells the rest, of which dictionaries are there, but empty.

        So all dictionaries are known before the first handle of a hook is copied, which finds its own by the memo.
        """
        rest: list[tuple[str, Any]] = []
        held = module.__dict__
        state.update(held)
        for name, value in held.items():
            kind = type(value)
            if kind in ATOMS:
                continue
            if kind is dict or kind is OrderedDict or name == "_parameters":  # DeepSpeed's is of its own kind
                twin: dict[str, Any] = OrderedDict() if kind is OrderedDict else {}
                if value:
                    if name == "_parameters" and self.late and is_linear(module) and may_wait(value):
                        twin = Late(value, self.tensor)
                    else:
                        rest.append((name, value))
                    self.memo[id(value)] = twin
                    self.kept.append(value)
                state[name] = twin
            elif kind is set and not value:
                state[name] = set()
            else:
                del state[name]
                rest.append((name, value))
        return rest

    def _allocate(self, root: nn.Module) -> list[tuple[nn.Module, nn.Module]]:
        """Each module below `root` that has no twin yet, and its twin, empty."""
        fresh, waiting, memo = [], [root], self.memo
        while waiting:
            module = waiting.pop()
            if id(module) in memo:
                continue
            self.kept.append(module)
            kind: Any = type(module)
            new = _maker(kind)
            if new is None:
                try:
                    with _Tensors(self):
                        memo[id(module)] = copy.deepcopy(module, memo)
                except Exception as error:
                    raise Refused(module, error) from error
                continue
            twin = memo[id(module)] = new(kind)
            fresh.append((module, twin))
            waiting.extend(m for m in module._modules.values() if m is not None)
        return fresh

    def _fill(self, module: nn.Module, twin: nn.Module, rest: list[tuple[str, Any]]) -> None:
        state = twin.__dict__
        for name, value in rest:
            if name == "_parameters":
                twins = state[name]
                for key, parameter in value.items():
                    if parameter is None or not is_flat(parameter):
                        twins[key] = self.other(parameter)
            elif not unwrap.is_copied(module, name):
                state.pop(name, None)
            elif type(value) in (dict, OrderedDict):
                filled = state[name]
                for key, item in value.items():
                    if unwrap.is_kept(name, item):
                        filled[key] = self.other(item)
            elif name not in COMPILED:
                state[name] = value if name in SHARED else self.other(value)
        kind: Any = type(module)
        if kind.__name__ == "OptimizedModule":  # what torch.compile gives: run without it
            state["forward"] = twin._modules["_orig_mod"]
            state["dynamo_ctx"] = None
        if "_compiled_call_impl" in module.__dict__:
            state["_compiled_call_impl"] = None
        if _is_lightning(kind):
            for name in LOUD:
                state[name] = _nothing


@cache
def _maker(kind: Any) -> Any:
    """What allocates a twin of this class; None where the class says itself how it is copied."""
    own = getattr(kind, "__deepcopy__", None)
    if own is not None and not own.__module__.startswith(COPIED_PLAINLY):
        return None
    # FSDP2's makes the class before it.
    return object.__new__ if str(kind.__new__.__module__).startswith("torch.distributed.") else kind.__new__


@cache
def _is_lightning(kind: Any) -> bool:
    return any(one.__name__ == "LightningModule" for one in kind.__mro__)


def _nothing(*_: Any, **__: Any) -> None:
    """What `self.log` of a copy does."""


def holds_numbers(tensor: torch.Tensor) -> bool:
    """Whether the tensor holds floats (or quantised ones), whose values are never looked at."""
    return tensor.is_floating_point() or tensor.is_complex() or tensor.is_quantized
