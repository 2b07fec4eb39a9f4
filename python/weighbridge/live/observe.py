"""One dry forward of a module: what each of its modules would take, give and cost.

    seen = observe(GAT(), (x, edges))
    seen.runs["conv1"].inputs      # [(10, 16), (2, 30)]
    seen.shapes["conv1.lin_l.weight"]   # ((8, 16), "float32")

No float is computed or held, and the module is afterwards what it was, bit by bit.
"""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.overrides import BaseTorchFunctionMode

from . import unwrap
from .calls import Calls, ModuleRun, lazy_names, named_modules, unwatch, watch
from .copy_of import Refused, Twins
from .fakes import Fakes
from .garbage import kept
from .mode import Dry, tensors_in
from .real import Copies, Counting, devices_unmoved, refusal
from .saved import Saved
from .shapes_of import Shape
from .stop import Stop, stop_of, stop_of_copy
from .tensor_facts import name_of

__all__ = ["ModuleRun", "Observation", "Shape", "Stop", "observe"]


@dataclass
class Observation:
    """What a dry forward showed.

    `runs`: by path as in `named_modules()` ("" is the root); modules not reached are absent.
    `shapes`: of each parameter and buffer that had none and got one: (shape, name of its dtype).
    `uncounted`: calls of each operator that multiplies and has no formula.
    `stopped`: where the forward could not go on; all that is told is then a lower bound.
    """

    runs: dict[str, ModuleRun] = field(default_factory=dict)
    shapes: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    uncounted: dict[str, int] = field(default_factory=dict)
    stopped: Stop | None = None
    # In order, the lazy modules that were initialised: (path, args, kwargs), tensors in them fake.
    initialised: list[tuple[str, Any, Any]] = field(default_factory=list, repr=False)


def observe(
    module: nn.Module,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    train: bool | None = False,
    backward: bool = False,
    real: bool = False,
    within: nn.Module | None = None,
) -> Observation:
    """Runs `module(*args, **kwargs)` dry: in eval mode, in train mode, or (None) as each module is.

    `backward` also counts the gradient of the sum of what comes out, as if every parameter that asks for one had it,
    and what autograd keeps for it. `real` computes all of it on a copy with values, where memory allows. Nothing is
    raised for what forward raises: see `Observation.stopped`. `within`: a module around it that holds its parameters.
    """
    refused = refusal(module, args, kwargs) if real else None
    if refused is not None:
        return Observation(stopped=refused)
    with kept(), _nothing_moved(), devices_unmoved(), _deeper():
        fakes = Fakes()
        twins = Copies(fakes) if real else Twins(fakes, late=not backward)
        try:
            twin = twins.module(module)
            if within is not None:
                unwrap.unflatten(within, twins.module, fakes)
            given = tuple(twins.given(a) for a in args)
            named = {k: twins.given(v) for k, v in (kwargs or {}).items()}
            modules = _in_mode(twin, train)
        except Exception as error:
            return Observation(stopped=_stop_of_copy(module, error))
        try:
            return _run(modules, twins, given, named, backward, real)
        finally:
            twins.guard.put_back()


def _run(modules: list[tuple[str, nn.Module]], twins: Twins, args: tuple[Any, ...], kwargs: dict[str, Any],
         backward: bool, real: bool) -> Observation:
    lazy = [(path, module, names) for path, module in modules if (names := lazy_names(module))]
    calls = Calls(watched=backward)
    watch(modules, calls, twins.fakes)
    saved = Saved(calls)
    mode = Counting(calls.count) if real else Dry(twins.fakes, calls.count, twins.guard)
    stopped = None
    try:
        with torch.set_grad_enabled(backward), mode:
            with saved.seen() if backward else nullcontext():
                out = modules[0][1](*args, **kwargs)
            if backward:
                saved.tell(modules)
                calls.backward = True
                _gradient(out)
    except Exception as error:
        path = calls.stack[-1].path if calls.stack else ""
        stopped = stop_of(error, mode.failed, path)
        if calls.backward:
            for run in calls.runs.values():
                run.backward_exact = False
        calls.abandon()
    finally:
        unwatch(modules)
    return Observation(calls.runs, _shapes(lazy), calls.uncounted, stopped, calls.initialised)


def _stop_of_copy(module: nn.Module, error: Exception) -> Stop:
    """Where the copying stopped: at a module that refuses it, or at something else."""
    if not isinstance(error, Refused):
        return stop_of_copy(error)
    path = next(path for path, one in named_modules(module) if one is error.module)
    return stop_of_copy(error.why, path)


def _gradient(out: Any) -> None:
    """The backward of the sum of all floats that came out."""
    if hasattr(out, "to_tuple"):
        out = out.to_tuple()
    values = out.values() if isinstance(out, Mapping) else [out]
    sums = [t.sum() for t in tensors_in(values, []) if t.requires_grad]
    if sums:
        torch.autograd.backward(sums)


def _shapes(lazy: list[tuple[str, nn.Module, list[str]]]) -> dict[str, tuple[tuple[int, ...], str]]:
    """What the lazy tensors have become."""
    shapes = {}
    for path, module, names in lazy:
        for name in names:
            tensor = module._parameters.get(name, module._buffers.get(name))
            if tensor is not None and not is_lazy(tensor):
                full = f"{path}.{name}" if path else name
                shapes[full] = (tuple(tensor.shape), name_of(tensor.dtype))
    return shapes


def _in_mode(twin: nn.Module, train: bool | None) -> list[tuple[str, nn.Module]]:
    """Sets the mode as `twin.train(train)`, which may be the user's own; tells the modules with their paths."""
    modules = named_modules(twin)
    if train is None:
        return modules
    if not all("train" not in module.__dict__ and _has_plain_mode(cast(Any, type(module))) for _, module in modules):
        try:
            twin.train(train)
            return named_modules(twin)
        except RecursionError:  # nested too deep for it
            pass
    for _, module in modules:
        module.__dict__["training"] = train
    return modules


@cache
def _has_plain_mode(kind: Any) -> bool:
    """Whether `train` sets one attribute in each module, and does no more."""
    names = ("train", "children", "named_children", "__setattr__")
    return not hasattr(kind, "training") and all(getattr(kind, n) is getattr(nn.Module, n) for n in names)


@contextmanager
def _deeper() -> Iterator[None]:
    """What can be called without us can be called with us: we add a frame or two to each call of a module."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(2 * limit)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@contextmanager
def _nothing_moved() -> Iterator[None]:
    """Generators of random numbers are afterwards as they were; kernels that hide work are off."""
    log = logging.getLogger("torch._subclasses.fake_tensor")
    silent, log.disabled = log.disabled, True  # what an operator refuses is told by Stop, once
    state, plain = torch.random.get_rng_state(), random.getstate()
    numpy = sys.modules.get("numpy.random")
    drawn = numpy.get_state() if numpy is not None else None
    mha = getattr(torch.backends, "mha", None)
    fast = mha.get_fastpath_enabled() if mha is not None else None
    try:
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode(False))
            if mha is not None:
                mha.set_fastpath_enabled(False)
            else:  # before torch 2.2 nothing but a watcher of functions keeps layers from it
                stack.enter_context(BaseTorchFunctionMode())
            yield
    finally:
        log.disabled = silent
        if mha is not None:
            mha.set_fastpath_enabled(fast)
        torch.random.set_rng_state(state)
        random.setstate(plain)
        if numpy is not None:
            numpy.set_state(drawn)
