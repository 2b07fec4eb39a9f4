"""Which module an operator belongs to: the calls of modules, as hooks on the copy see them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import _disable_current_modes

from .fakes import Fakes
from .flops import Formula, formula_of
from .late import Late
from .shapes_of import Shape, shape_of, shape_of_call
from .shortcuts import Made, is_linear, linear

# What lazy layers call the hook that gives them their parameters: PyTorch's and PyG's.
INITIALISERS = ("_infer_parameters", "initialize_parameters")
READY = -1  # key of our hook; those of handles count up from 0


@dataclass(slots=True)
class ModuleRun:
    """What one module did in the forward, with all below it, over all its calls.

    Shapes are those of its first call; FLOPs are 2 a multiply-add; `activation_bytes` is the size of
    what its operators made (views left out). Where `flops_exact` is False, `flops` is a lower bound.
    """

    inputs: Shape = None
    outputs: Shape = None
    flops: int = 0
    flops_exact: bool = True
    backward_flops: int = 0
    backward_exact: bool = True
    activation_bytes: int = 0
    calls: int = 0
    kept_bytes: int = 0  # by autograd, for the backward pass


@dataclass(slots=True)
class _Frame:
    """One call that is under way: what was counted in it so far."""

    path: str
    flops: int = 0
    exact: bool = True
    bytes: int = 0
    muted: bool = False  # its parameters are being initialised: no part of the forward


@dataclass
class Calls:
    """The ledger of a dry run. The last frame of `stack` is the module that runs now."""

    runs: dict[str, ModuleRun] = field(default_factory=dict)
    uncounted: dict[str, int] = field(default_factory=dict)
    stack: list[_Frame] = field(default_factory=list)
    initialised: list[tuple[str, Any, Any]] = field(default_factory=list)
    backward: bool = False  # the forward is over, its gradient runs
    watched: bool = False  # whether there will be a backward
    _formulas: dict[Any, tuple[Formula | None, bool]] = field(default_factory=dict)
    _bounds: list[int] = field(default_factory=list)
    _owners: list[tuple[str, ...]] = field(default_factory=list)

    def count(self, func: Any, args: Any, kwargs: Any, out: Any) -> None:
        """Books one operator."""
        known = self._formulas.get(func)
        if known is None:
            known = self._formulas[func] = (formula_of(func), _makes_new(func))
        formula, new = known
        frame = self.stack[-1] if self.stack else None
        if formula is None:
            if new and frame is not None and not self.backward and not frame.muted:
                frame.bytes += _bytes(out)
            return
        if not self.backward and frame is not None and frame.muted:
            return
        flops = formula(args, kwargs, out)
        if flops is None:
            name = str(func).rsplit(".", 1)[0]
            self.uncounted[name] = self.uncounted.get(name, 0) + 1
        if self.backward:
            if flops != 0:
                self._book_backward(flops)
        elif frame is not None:
            frame.flops += flops or 0
            frame.exact &= flops is not None
            if new:
                frame.bytes += _bytes(out)

    def enter(self, path: str, args: Any, kwargs: Any, lazy: bool = False) -> None:
        """A call of the module begins. A lazy one is initialised first: `initialised_now` ends that."""
        run = self.runs.get(path)
        if run is None:
            run = self.runs[path] = ModuleRun(inputs=shape_of_call(args, kwargs))
        run.calls += 1
        self.stack.append(_Frame(path, muted=lazy))
        if lazy:
            self.initialised.append((path, args, kwargs))
        self._mark()

    def leaf(self, path: str, made: Made) -> torch.Tensor:
        """A call of a module that was not run, since its work is known. Tells its output."""
        out, given, shape, flops, size = made
        run = self.runs.get(path)
        if run is None:
            run = self.runs[path] = ModuleRun(given, shape)
        run.calls += 1
        run.flops += flops
        run.activation_bytes += size
        if self.stack:
            frame = self.stack[-1]
            frame.flops += flops
            frame.bytes += size
        return out

    def initialised_now(self) -> None:
        """The module that runs has got its parameters."""
        self.stack[-1].muted = False

    def leave(self, path: str, out: Any) -> None:
        """The call ends. Frames above its own are of calls that ended by an exception, which was caught."""
        while self.stack and self.stack[-1].path != path:
            self._close(self.stack.pop())
        if not self.stack:
            return
        self._close(self.stack.pop())
        run = self.runs[path]
        if run.outputs is None:
            run.outputs = shape_of(out)
        self._mark()

    def abandon(self) -> None:
        """The forward could not go on: what is under way is known in part."""
        while self.stack:
            self.stack[-1].exact = False
            self._close(self.stack.pop())

    def _close(self, frame: _Frame) -> None:
        run = self.runs[frame.path]
        run.flops += frame.flops
        run.flops_exact &= frame.exact
        run.activation_bytes += frame.bytes
        if self.stack:
            above = self.stack[-1]
            above.flops += frame.flops
            above.exact &= frame.exact
            above.bytes += frame.bytes

    def _mark(self) -> None:
        """Notes from which node of the graph on the modules on the stack are the ones that run."""
        if self.watched:
            self._bounds.append(torch.autograd._get_sequence_nr())  # type: ignore[attr-defined]
            self._owners.append(tuple(frame.path for frame in self.stack))

    def _book_backward(self, flops: int | None) -> None:
        """The node that runs now was made by the modules that ran when its number was given out."""
        node = torch._C._current_autograd_node()
        owners: tuple[str, ...] = ("",)
        if node is not None:
            at = bisect_right(self._bounds, node._sequence_nr()) - 1
            owners = self._owners[at] if at >= 0 and self._owners[at] else owners
        for path in dict.fromkeys(owners):
            run = self.runs.get(path)
            if run is not None:
                run.backward_flops += flops or 0
                run.backward_exact &= flops is not None


def watch(modules: list[tuple[str, nn.Module]], calls: Calls, fakes: Fakes) -> None:
    """Watches every call of every module of the copy. What a module's own hooks do counts as its work."""
    for path, module in modules:
        lazy = initialises(module)
        call = _watched(path, module, calls, lazy)
        if lazy:
            module._forward_pre_hooks[READY] = _ready(calls, fakes)  # type: ignore[index]
        # What nn.Module.__call__ asks for first: hooks of the module's own run within.
        module.__dict__["_compiled_call_impl"] = _by_shortcut(path, module, calls, fakes, call) if is_linear(module) else call


def unwatch(modules: list[tuple[str, nn.Module]]) -> None:
    """Takes the watch off, which holds the modules that hold it: so nothing of the copy waits for the collector."""
    for _, module in modules:
        module.__dict__["_compiled_call_impl"] = None


def _watched(path: str, module: nn.Module, calls: Calls, lazy: bool) -> Callable[..., Any]:
    inner = module._call_impl

    def call(*args: Any, **kwargs: Any) -> Any:
        if calls.backward:  # a checkpoint runs its forward again
            return inner(*args, **kwargs)
        calls.enter(path, args, kwargs, lazy and initialises(module))
        out = inner(*args, **kwargs)
        calls.leave(path, out)
        return out

    return call


def _by_shortcut(
    path: str, module: nn.Module, calls: Calls, fakes: Fakes, run: Callable[..., Any]
) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        made = None if calls.backward else linear(module, fakes, args, kwargs)
        return run(*args, **kwargs) if made is None else calls.leaf(path, made)

    return call


def _ready(calls: Calls, fakes: Fakes) -> Callable[[nn.Module, Any], None]:
    """The hook after those that give a lazy layer its parameters."""

    def ready(module: nn.Module, args: Any) -> None:
        if calls.stack and calls.stack[-1].muted:
            with _disable_current_modes():
                _settle(module, fakes)
            calls.initialised_now()

    return ready


def initialises(module: nn.Module) -> bool:
    """Whether the next call of the module first gives parameters to it, or to what is below it."""
    hooks = module._forward_pre_hooks
    return bool(hooks) and any(getattr(hook, "__name__", "") in INITIALISERS for hook in hooks.values())


def _settle(module: nn.Module, fakes: Fakes) -> None:
    """What a lazy layer materialises from a fake is a meta tensor in disguise: it becomes a fake."""
    for held in [h for _, m in named_modules(module) for h in (m._parameters, m._buffers)]:
        for name, tensor in held.items():
            if tensor is not None and not is_lazy(tensor) and tensor.device.type == "meta":
                make = fakes.parameter if isinstance(tensor, nn.Parameter) else fakes.make
                held[name] = make(tensor.shape, tensor.stride(), tensor.dtype, tensor.requires_grad)


def named_modules(root: nn.Module) -> list[tuple[str, nn.Module]]:
    """As `root.named_modules()` tells them, without recursion: however deep they are nested."""
    seen: set[int] = set()
    found: list[tuple[str, nn.Module]] = []
    waiting = [("", root)]
    while waiting:
        path, module = waiting.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        found.append((path, module))
        below = module._modules
        if below:
            prefix = path + "." if path else ""
            waiting.extend([(prefix + name, one) for name, one in below.items() if one is not None][::-1])
    return found


def lazy_names(module: nn.Module) -> list[str]:
    """Names of the module's own parameters and buffers that have no shape yet."""
    names: list[str] = []
    for held in (module._parameters, module._buffers):
        if held and type(held) is not Late:  # none of a Late is lazy
            names += (name for name, tensor in held.items() if tensor is not None and is_lazy(tensor))
    return names


def _makes_new(func: Any) -> bool:
    """Whether what the operator gives is new memory."""
    if func._schema.name in ("aten::_unsafe_view", "aten::lift_fresh"):
        return False
    returns = func._schema.returns
    return bool(returns) and all(r.alias_info is None for r in returns)


def _bytes(out: Any) -> int:
    if isinstance(out, torch.Tensor):
        if out.layout is not torch.strided:
            return 0
        return int(out.numel()) * out.element_size()
    if isinstance(out, (list, tuple)):
        return sum(_bytes(item) for item in out)
    return 0
