"""Names and shapes as transformers changes them while it loads: by its own rules, on tensors without memory.

transformers 5 has them in `conversion_mapping` (PEFT asks it, too): renamings, and converters that fuse or split.
"""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import nn

from weighbridge.comparison.folded import folded
from weighbridge.comparison.names import Prefix
from weighbridge.comparison.placing import Placed, told_prefix
from weighbridge.comparison.stored import Stored, name_in_model
from weighbridge.comparison.wanted import WantedTensors
from weighbridge.live.tensor_facts import name_of

MOST_FAILURES = 5  # notes of what cannot be fused; those that differ by numbers alone are one


class Unknown(Exception):
    """This version of transformers does not tell its rules."""


class _Rules(NamedTuple):
    renamings: list[Any]
    converters: list[Any]
    rename: Any


class _Parts(NamedTuple):
    """What a converter makes one tensor of, by its source pattern."""

    converter: Any
    tensors: list[tuple[str, Stored]]


def by_transformers(
    module: nn.Module, wanted: WantedTensors, stored: dict[str, Stored], prefix: Prefix, told: Prefix
) -> Placed:
    """Where each tensor goes; `prefix` is taken off first, `told` is the one that the notes tell."""
    rules = _rules(module)
    base: Any = getattr(module, "base_model_prefix", "") or None
    found: dict[str, Stored] = {}
    parts: dict[str, _Parts] = {}
    left, changed, renamed = [], 0, 0
    for original, tensor in stored.items():
        plain = name_in_model(tensor, original)
        name = plain if plain in wanted.tensors else prefix.applied(plain)
        target, pattern = rules.rename(name, rules.renamings, rules.converters, base, wanted.tensors)
        if target not in wanted.tensors and name in wanted.tensors:
            target, pattern = name, None
        if target not in wanted.tensors:
            left.append(tensor)
            continue
        if pattern is not None:
            if target not in parts:
                parts[target] = _Parts(_converter(rules, pattern), [])
            parts[target].tensors.append((pattern, tensor))
            continue
        found.setdefault(target, tensor)
        changed += plain != target and plain == told.removed + target.removeprefix(told.added)
        renamed += plain != target and plain != told.removed + target.removeprefix(told.added)
    notes = told_prefix(told, changed)
    if renamed:
        notes.append(f"{_tensors(renamed)} of the checkpoint {_are(renamed)} renamed as transformers does.")
    notes += _convert(module, parts, wanted, found, left)
    return Placed(found, left, notes)


def _rules(module: nn.Module) -> _Rules:
    try:
        from transformers import __version__ as version
        from transformers.conversion_mapping import get_model_conversion_mapping
        from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key
    except ImportError as error:
        raise Unknown(f"they are not to be had from transformers here ({error})") from error
    try:
        mapping = get_model_conversion_mapping(module)  # type: ignore[arg-type]
    except (AttributeError, TypeError, ValueError) as error:
        raise Unknown(f"transformers {version} does not tell them ({error})") from error
    renamings = [one for one in mapping if isinstance(one, WeightRenaming)]
    converters = [one for one in mapping if isinstance(one, WeightConverter)]
    return _Rules(renamings, converters, rename_source_key)


def _converter(rules: _Rules, pattern: str) -> Any:
    return copy.deepcopy(next(one for one in rules.converters if pattern in one.source_patterns))


def _convert(
    module: nn.Module, parts: dict[str, _Parts], wanted: WantedTensors, found: dict[str, Stored], left: list[Stored]
) -> list[str]:
    """Runs the converters on tensors without memory; what they make is found, what fails is left."""
    used = 0
    failed: dict[str, str] = {}
    for target, (converter, tensors) in parts.items():
        problems = SimpleNamespace(conversion_errors={}, missing_keys=set())
        for pattern, tensor in tensors:
            converter.add_tensor(target, tensor.name, pattern, _hollow(tensor))
        try:
            made = converter.convert(target, model=module, config=module.config, loading_info=problems)
        except Exception as error:  # whatever an operation of transformers makes of shapes that do not fit
            failed[target] = (
                f"cannot be made of its {_tensors(len(tensors))}: {_why(problems.conversion_errors, error)}"
            )
            left.extend(tensor for _, tensor in tensors)
            continue
        used += len(tensors)
        is_packed = any(tensor.is_packed for _, tensor in tensors)
        for name, value in made.items():
            value = value[0] if isinstance(value, list) else value
            if name in wanted.tensors:
                dtype = name_of(value.dtype)
                elements = value.numel() if is_packed else None
                found[name] = Stored(tensors[0][1].name, tuple(value.shape), dtype, elements, is_packed)
    notes = [f"{name} {text}." for name, text, _ in folded(failed)[:MOST_FAILURES]]
    if used:
        notes.insert(0, f"{_tensors(used)} of the checkpoint {_are(used)} fused or split as transformers does.")
    return notes


def _why(told: dict[str, str], error: Exception) -> str:
    """The line of the exception itself: transformers tells it below a traceback and above a line of its own."""
    lines = next(iter(told.values()), str(error)).strip().splitlines()
    return lines[-2] if len(lines) > 1 else " ".join(lines)


def _hollow(tensor: Stored) -> torch.Tensor:
    dtype = torch.bfloat16 if tensor.is_packed else getattr(torch, tensor.dtype, torch.bfloat16)
    return torch.empty(tensor.shape or (), dtype=dtype, device="meta")


def _tensors(count: int) -> str:
    return "1 tensor" if count == 1 else f"{count:,} tensors"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
