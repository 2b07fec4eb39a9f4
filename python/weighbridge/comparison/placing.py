"""Which tensor of the model each one of the checkpoint becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weighbridge.comparison.names import Prefix
from weighbridge.comparison.stored import Stored, name_in_model
from weighbridge.comparison.wanted import WantedTensors

if TYPE_CHECKING:
    from torch import nn


class Placed(NamedTuple):
    """`found` by name in the model; `left` has no place in it; `notes` tell what was done to names, in words."""

    found: dict[str, Stored]
    left: list[Stored]
    notes: list[str]


def place(module: nn.Module, wanted: WantedTensors, stored: dict[str, Stored], prefix: Prefix) -> Placed:
    """By transformers' own rules where the module is one of its models, else by name."""
    base = getattr(module, "base_model_prefix", "")
    is_of_transformers = any(kind.__name__ == "PreTrainedModel" for kind in type(module).__mro__)
    if not is_of_transformers:
        return _by_name(wanted, stored, prefix)
    from weighbridge.comparison.by_transformers import Unknown, by_transformers

    is_base = bool(base) and f"{base}." in (prefix.added, prefix.removed)
    try:
        return by_transformers(module, wanted, stored, Prefix() if is_base else prefix, prefix)
    except Unknown as error:
        placed = _by_name(wanted, stored, prefix)
        placed.notes.append(f"Names that transformers changes while it loads are compared as they stand: {error}.")
        return placed


def _by_name(wanted: WantedTensors, stored: dict[str, Stored], prefix: Prefix) -> Placed:
    found: dict[str, Stored] = {}
    left = []
    changed = 0
    for name, tensor in stored.items():
        plain = name_in_model(tensor, name)
        other = prefix.applied(plain)
        if plain not in wanted.tensors and other in wanted.tensors:
            plain, changed = other, changed + 1
        if plain in wanted.tensors:
            found.setdefault(plain, tensor)
        else:
            left.append(tensor)
    return Placed(found, left, told_prefix(prefix, changed))


def told_prefix(prefix: Prefix, changed: int) -> list[str]:
    """In words, which side has the prefix."""
    if not changed:
        return []
    side = f'"{prefix.removed}", which the model\'s have not' if prefix.removed else ""
    side = side or f'none of the "{prefix.added}" that the model\'s have'
    names = "1 name" if changed == 1 else f"{changed:,} names"
    has = "has" if changed == 1 else "have"
    return [f"{names} of the checkpoint {has} {side}."]
