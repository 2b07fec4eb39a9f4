"""What is missing, unexpected and different, once every tensor has its place."""

from __future__ import annotations

import re
from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from weighbridge._weigh import Model
from weighbridge.comparison.placing import Placed
from weighbridge.comparison.result import Comparison
from weighbridge.comparison.stored import Held, Stored
from weighbridge.comparison.wanted import Wanted, WantedTensors

if TYPE_CHECKING:
    from torch import nn

FLOATS = ("float", "bfloat")


def verdict(checkpoint: Model, module: nn.Module, wanted: WantedTensors, held: Held, placed: Placed) -> Comparison:
    """The comparison of what was found with what is wanted."""
    tied, missing = _missing(module, wanted, placed)
    unexpected = _unexpected(module, wanted, placed.left)
    mismatched: dict[str, tuple[tuple[int, ...] | None, tuple[int, ...] | None]] = {}
    dtypes: dict[str, tuple[str, str]] = {}
    rounded: Counter[tuple[str, str]] = Counter()
    for name, stored in placed.found.items():
        own = wanted.tensors[name]
        if not _is_same_shape(stored, own):
            mismatched[name] = (stored.shape, own.shape)
        elif _kind(stored.dtype) != _kind(own.dtype) and not stored.is_packed and stored.dtype != "unknown":
            dtypes[name] = (stored.dtype, own.dtype)
        elif stored.dtype != own.dtype and not stored.is_packed and stored.dtype != "unknown":
            rounded[stored.dtype, own.dtype] += 1
    notes = list(placed.notes)
    if not placed.found and held.tensors and wanted.tensors:
        notes.append("No name of the checkpoint is one of the model's: it is of another model, or of another library.")
    packed = sum(1 for stored in held.tensors if stored.is_packed)
    if packed:
        notes.append(
            f"{packed:,} {'tensor is' if packed == 1 else 'tensors are'} of quantised weights, compared by how many those"
            f" are; {held.overhead:,} more only say how to unpack them."
        )
    for (there, here), count in rounded.items():
        are = "1 tensor is" if count == 1 else f"{count:,} tensors are"
        notes.append(f"{are} {there} in the checkpoint and {here} in the model.")
    return Comparison(
        checkpoint=checkpoint.source,
        model=type(module).__name__,
        stored=len(held.tensors),
        wanted=len(wanted.tensors),
        missing=missing,
        unexpected=unexpected,
        mismatched=mismatched,
        dtypes=dtypes,
        tied=tied,
        notes=tuple(notes),
    )


def _missing(
    module: nn.Module, wanted: WantedTensors, placed: Placed
) -> tuple[dict[str, str], dict[str, tuple[int, ...] | None]]:
    """Names that are there by a tie, with what they are tied to, and names that are not, with their shapes."""
    by_group: dict[str, str] = {}
    for name in placed.found:
        by_group.setdefault(wanted.ties.get(name, name), name)
    ignored = _pattern(getattr(module, "_keys_to_ignore_on_load_missing", None))
    tied, missing = {}, {}
    for name, own in wanted.tensors.items():
        if name in placed.found:
            continue
        there = by_group.get(wanted.ties.get(name, name))
        if there is not None:
            tied[name] = there
        elif ignored is None or not ignored.search(name):
            missing[name] = own.shape
    return tied, missing


def _unexpected(module: nn.Module, wanted: WantedTensors, left: list[Stored]) -> dict[str, tuple[int, ...] | None]:
    """What has no place, less what loading passes over: state that is no tensor, buffers that are no longer kept."""
    ignored = _pattern(getattr(module, "_keys_to_ignore_on_load_unexpected", None))
    temporary = {_end(name) for name in wanted.temporary}
    return {
        one.name: one.shape
        for one in left
        if not one.name.endswith("_extra_state")
        and _end(one.name) not in temporary
        and (ignored is None or not ignored.search(one.name))
    }


def _end(name: str) -> str:
    """The buffer and its module: libraries have moved such buffers up and down."""
    return ".".join(name.rsplit(".", 2)[-2:])


def _pattern(patterns: object) -> re.Pattern[str] | None:
    if not isinstance(patterns, (list, tuple, set)) or not patterns:
        return None
    return re.compile("|".join(f"({one})" for one in patterns))


def _is_same_shape(stored: Stored, own: Wanted) -> bool:
    """A lazy tensor takes any shape; packed weights are as many."""
    if own.shape is None:
        return True
    if stored.is_packed:
        return stored.elements is None or stored.elements == prod(own.shape)
    return stored.shape == own.shape


def _kind(dtype: str) -> str:
    """Floats of any width are loaded into each other; integers into floats are something else."""
    if dtype.startswith(FLOATS):
        return "float"
    return "complex" if dtype.startswith("complex") else "bool" if dtype == "bool" else "integer"
