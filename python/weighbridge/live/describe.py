"""A live `torch.nn.Module` becomes a `Model`: Python walks it, the core counts and prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import nn

from weighbridge import _weigh
from weighbridge.live.garbage import kept
from weighbridge.live.memory import Memory
from weighbridge.live.observe import ModuleRun, Observation, observe
from weighbridge.live.plain import PlainLayers
from weighbridge.live.sharded import Originals, words
from weighbridge.live.tensor_facts import TensorFacts
from weighbridge.live.tensors_of import tensors_of

_LONGEST_SEQUENCE = 16  # kernel sizes and the like; no list of a user's data is copied


def describe(
    module: nn.Module,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    train: bool = False,
    backward: bool = False,
    forward: str = "dry",
    within: nn.Module | None = None,
) -> _weigh.Model:
    """What the module is made of and, where `args` or `kwargs` are given, what a forward of it does.

    The forward is run dry, on a copy whose floats are shapes without data: nothing of the module changes. Where it
    cannot go on, a note (`forward-stopped`) tells where and why, and what is not known is told as a lower bound.

    Args:
        module: any module; parameters that are not initialised are told as far as their layer gives them away.
        args, kwargs: of its forward; both None: no forward.
        train: run it in train mode instead of eval mode.
        backward: count the FLOPs of the backward pass, too.
        forward: "dry", or "real": compute it on a copy with values, where memory allows.
        within: a module of FSDP1 around it, which alone knows the parameters that it flattened.
    """
    if forward not in ("dry", "real"):
        raise ValueError(f"forward can be 'dry' or 'real', got {forward!r}")
    observation = None
    if args is not None or kwargs is not None:
        real = forward == "real"
        observation = observe(
            module, tuple(args or ()), kwargs, train=train, backward=backward, real=real, within=within
        )
    with kept():
        return _Walk(module, observation, within).model()


def describe_training(
    module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None
) -> tuple[_weigh.Model, list[int], bool]:
    """The same with a forward in train mode, and what autograd keeps of it for the backward pass.

    Returns: the model; bytes for each of its modules with all below it; and whether that is all.
    """
    observation = observe(module, tuple(args), kwargs, train=True, backward=True)
    with kept():
        model = _Walk(module, observation, None).model()
    runs = observation.runs
    sizes = [runs[one.path].kept_bytes if one.path in runs else 0 for one in model.modules]
    return model, sizes, observation.stopped is None


class _Walk:
    """One walk over the modules, in the order of `named_modules()`: a parent before its children."""

    def __init__(self, root: nn.Module, observation: Observation | None, within: nn.Module | None) -> None:
        self._root = root
        self._seen = observation
        self._live = _weigh.LiveBuilder(_type_name(root))
        self._modules: dict[int, int] = {}  # number by id of the module
        self._scripted: set[str] = set()  # what the paths of modules within scripted ones begin with
        self._known: set[int] = set()  # modules whose facts the core has
        self._tensors: dict[object, int] = {}  # number by memory
        self._memory = Memory()
        self._plain = PlainLayers(self._live, self._memory, self._tensors)
        self._originals = Originals()
        if within is not None:
            self._originals.meet(within)
        self._spread: list[TensorFacts] = []  # those of which other processes hold a part

    def model(self) -> _weigh.Model:
        open_modules: list[tuple[nn.Module, nn.Module | None, int | None, str, str]] = [
            (self._root, None, None, "", "")
        ]
        while open_modules:
            module, parent, parent_index, name, path = open_modules.pop()
            original = self._modules.get(id(module))
            if original is not None:
                assert parent_index is not None  # the root is seen first
                self._live.add_alias(parent_index, name, original)
                continue
            index = self._add(module, parent_index, name, path)
            self._add_tensors(module, index, parent, parent_index, path)
            if self._seen is not None:
                self._tell_run(self._seen, index, path)
            below = module._modules
            if below:
                prefix = path + "." if path else ""
                for key, child in reversed(below.items()):
                    if child is not None:
                        open_modules.append((child, module, index, key, prefix + key))
        self._tell_notes()
        return self._live.finish()

    def _add(self, module: nn.Module, parent_index: int | None, name: str, path: str) -> int:
        kind: Any = type(module)
        is_scripted = _is_scripted(kind)
        if parent_index is None:
            index = 0
            self._live.set_mode(0, module.training)
        else:
            type_name = _type_name(module) if is_scripted else kind.__name__
            index = self._live.add_module(parent_index, name, type_name, module.training)
        self._modules[id(module)] = index
        if is_scripted:
            self._scripted.add(f"{path}." if path else "")
        return index

    def _add_tensors(
        self, module: nn.Module, index: int, parent: nn.Module | None, parent_index: int | None, path: str
    ) -> None:
        if not self._originals and self._plain.add(module, index):
            return
        for name, facts, is_buffer in tensors_of(module, self._originals):
            if facts.shape is None:
                self._know(module, index)
                if parent is not None and parent_index is not None:
                    self._know(parent, parent_index)
                facts = self._with_observed_shape(facts, f"{path}.{name}" if path else name)
            self._add_tensor(index, name, facts, is_buffer)

    def _add_tensor(self, module: int, name: str, facts: TensorFacts, is_buffer: bool) -> None:
        tied_to = self._tensors.get(facts.memory)
        if tied_to is None:
            facts = self._with_own_bytes(facts)
            if facts.share is not None or facts.is_one_share:
                self._spread.append(facts)
        number = self._live.add_tensor(
            module,
            name,
            facts.shape if tied_to is None else None,
            facts.dtype,
            is_buffer=is_buffer,
            requires_grad=facts.requires_grad,
            state=facts.state,
            tied_to=tied_to,
            stored_bytes=facts.stored_bytes,
            layout=facts.layout,
            logical=facts.logical,
            scheme=facts.scheme,
            is_overhead=facts.is_overhead,
        )
        self._tensors.setdefault(facts.memory, number)

    def _with_own_bytes(self, facts: TensorFacts) -> TensorFacts:
        """Bytes that earlier tensors have, too, are theirs: views of them, or elements that are one."""
        if facts.place is None:
            return facts
        own = self._memory.add(*facts.place)
        if own >= facts.stored_bytes:
            return facts
        return facts._replace(stored_bytes=own, layout="other")  # of a strided one the core counts the shape

    def _with_observed_shape(self, facts: TensorFacts, path: str) -> TensorFacts:
        if self._seen is None or path not in self._seen.shapes:
            return facts
        shape, dtype = self._seen.shapes[path]
        return facts._replace(shape=list(shape), dtype=dtype)

    def _know(self, module: nn.Module, index: int) -> None:
        """Tells the core the classes of a layer and those of its attributes that are small numbers."""
        if index in self._known:
            return
        self._known.add(index)
        classes = [(one.__module__, one.__name__) for one in type(module).__mro__ if one is not object]
        attributes = {name: value for name, value in vars(module).items() if _is_telling(value)}
        self._live.know(index, classes, attributes)

    def _tell_run(self, seen: Observation, index: int, path: str) -> None:
        run = seen.runs.get(path)
        if run is None:  # not reached: nothing done, unless the forward stopped before it could be
            done = seen.stopped is None and not self._is_within_script(path)
            run = ModuleRun(None, None, 0, done, 0, done, 0, 0)
        self._live.set_run(
            index,
            run.inputs,
            run.outputs,
            (run.flops, run.flops_exact),
            (run.backward_flops, run.backward_exact),
            (run.activation_bytes, run.flops_exact or seen.stopped is None),
            run.calls,
        )

    def _is_within_script(self, path: str) -> bool:
        """Whether it runs as a part of a scripted module: not by calls that Python sees."""
        return any(path.startswith(scripted) for scripted in self._scripted)

    def _tell_notes(self) -> None:
        spread = words(self._spread)
        if spread:
            self._live.add_note("spread", "", spread)
        if self._seen is None:
            return
        if self._seen.stopped is not None:
            self._live.add_note("forward-stopped", self._seen.stopped.place, self._seen.stopped.note)
        if self._seen.uncounted:
            operators = ", ".join(f"{name} ({calls}×)" for name, calls in self._seen.uncounted.items())
            self._live.add_note(
                "flops-not-counted", "", f"FLOPs are a lower bound: nothing is known of what these cost: {operators}"
            )


@cache
def _is_scripted(kind: Any) -> bool:
    return issubclass(kind, torch.jit.ScriptModule)


def _type_name(module: nn.Module) -> str:
    """The class; of a scripted module the one that was scripted, and that it is."""
    kind: Any = type(module)
    if _is_scripted(kind):
        return f"{module.original_name} (scripted)"
    return type(module).__name__


def _is_telling(value: object) -> bool:
    if isinstance(value, (bool, int)):
        return -(2**63) <= value < 2**63
    return isinstance(value, (tuple, list)) and len(value) <= _LONGEST_SEQUENCE


__all__ = ["describe"]
