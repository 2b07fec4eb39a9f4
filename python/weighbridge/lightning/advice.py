"""What is said of layers that are not initialised: which, what is known of each, and why.

Lightning says once a process that something "may be inaccurate". Here every layer has its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy

# Layers of PyG that call the forward of parts of themselves, past the hook that initialises those: the
# first of "lins" that never sees a call.
_NEVER = {"TAGConv": 1, "MixHopConv": 1, "ChebConv": 2}


@dataclass(frozen=True)
class Advice:
    """``layers`` that are not known, and the whole ``message``; "" where all is known."""

    layers: tuple[str, ...]
    message: str


def advice(
    module: nn.Module,
    model: Any,
    args: tuple[Any, ...] | None,
    kwargs: dict[str, Any] | None,
    *,
    train: bool = False,
) -> Advice:
    """The advice for a module of which ``model`` is the description (after a dry run, if any)."""
    facts = _facts(model) if _has_lazy(module) else {"modules": [], "tensors": []}
    unknown = _unknown_layers(facts)
    lost = [name for name in _lost(module) if name not in unknown]
    stopped = _stop(model)
    if not unknown and not lost:
        return Advice((), stopped)
    reached = _reached_in_training(module, args, kwargs) if unknown and not train else set()
    known = {m["path"]: m["expression"] for m in facts["modules"]}
    if "" in unknown:
        known[""] = facts["totals"]["expression"]
    lines = [
        _line(module, name, known.get(name) or "?", _reason(module, name, args, stopped, reached))
        for name in unknown
    ]
    lines += [_line(module, name, "0", _LOST) for name in lost]
    layers = (*unknown, *lost)
    count = "1 layer is" if len(layers) == 1 else f"{len(layers)} layers are"
    head = (
        "The total number of parameters detected may be inaccurate:"
        f" {count} not initialised yet, and what is shown is a lower bound."
    )
    return Advice(layers, "\n".join([head, *lines, *([stopped] if stopped else [])]))


_LOST = (
    'is no longer lazy though it has no size: `.to("meta")` or `load_state_dict(assign=True)` made'
    " an ordinary parameter of no element of it; build it anew"
)


def _line(module: nn.Module, name: str, known: str, reason: str) -> str:
    kind = type(module.get_submodule(name)).__name__
    return f"  {name or '(the module itself)'} ({kind}): {known} parameters; {reason}"


def _has_lazy(module: nn.Module) -> bool:
    return any(is_lazy(tensor) for tensor in (*module.parameters(), *module.buffers()))


def _facts(model: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(model.summary(depth=-1, fold=False).render("json"))
    return read


def _unknown_layers(facts: dict[str, Any]) -> list[str]:
    """Names of the modules that own a tensor without a known shape, in definition order."""
    tensors = (t for t in facts["tensors"] if t["state"] == "uninitialized")
    names = (
        t["path"].rpartition(".")[0] for t in tensors if t["shape"] is None or None in t["shape"]
    )
    return list(dict.fromkeys(names))


def _stop(model: Any) -> str:
    """What stopped the dry run, in words; "" where nothing did."""
    notes = [n for n in model.notes if n.code == "forward-stopped"]
    return "\n".join(
        f"The forward of the example stopped in {n.place or 'the module itself'}: {n.message}"
        for n in notes
    )


def _reason(
    module: nn.Module, name: str, args: tuple[Any, ...] | None, stopped: str, reached: set[str]
) -> str:
    never = _never_initialised(module, name)
    if never:
        return f"{never} never initialises it, whatever it is given: pass the number instead of -1"
    if args is None:
        return "there is no example: set `example_input_array`"
    if name in reached:
        return "the forward reaches it in train mode only: give the callback train=True"
    if stopped:
        return "the forward of the example stopped before it"
    return "the forward of the example does not reach it"


def _never_initialised(module: nn.Module, name: str) -> str:
    """The class of PyG above the layer that never calls it; "" where there is none."""
    for above, tail in _above(name):
        parent = module.get_submodule(above)
        for kind in type(parent).__mro__:
            first = _NEVER.get(kind.__name__)
            if first is not None and kind.__module__.startswith("torch_geometric."):
                number = tail.rpartition(".")[2]
                is_never = not number.isdigit() or int(number) >= first
                return kind.__name__ if is_never else ""
    return ""


def _above(name: str) -> Iterator[tuple[str, str]]:
    parts = name.split(".")
    for end in range(len(parts) - 1, -1, -1):
        yield ".".join(parts[:end]), ".".join(parts[end:])


def _reached_in_training(
    module: nn.Module, args: tuple[Any, ...] | None, kwargs: dict[str, Any] | None
) -> set[str]:
    """Layers that a forward in train mode would initialise."""
    if args is None:
        return set()
    from weighbridge.live import describe

    lazy = {n for n, m in module.named_modules() for p in m.parameters(recurse=False) if is_lazy(p)}
    return lazy.difference(_unknown_layers(_facts(describe(module, args, kwargs, train=True))))


def _lost(module: nn.Module) -> Iterator[str]:
    """Layers that were lazy and are not any more, without ever having had a size."""
    for name, layer in module.named_modules():
        is_pyg = type(layer).__module__.startswith("torch_geometric.")
        if not isinstance(layer, LazyModuleMixin) and not is_pyg:
            continue
        own = layer.parameters(recurse=False)
        if any(not is_lazy(p) and tuple(p.shape) == (0,) for p in own):
            yield name
