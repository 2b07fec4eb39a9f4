"""The outcome of a comparison, as values and as a text of a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from weighbridge.comparison.folded import folded

Shape = tuple[int, ...] | None
MOST = 12  # lines of one kind that the text shows


@dataclass(frozen=True, repr=False)
class Comparison:
    """What a checkpoint lacks of a model. Dictionaries are by name, in the order of the model or of the checkpoint.

    Attributes:
        checkpoint, model: what was compared: where it was read, and the module's class.
        stored, wanted: how many tensors each has; scales of packed weights do not count.
        missing: the model's name, its shape. Tied weights that are there by another name are not missing.
        unexpected: the checkpoint's name, its shape.
        mismatched: the model's name, the shape in the checkpoint, the shape in the model.
        dtypes: the model's name, the dtype in the checkpoint, the dtype in the model: one of floats, one of integers.
        tied: names that are not in the checkpoint, and the name of the same tensor that is.
        notes: in words, what was done to names to compare them, and what differs without mattering.
    """

    checkpoint: str
    model: str
    stored: int
    wanted: int
    missing: Mapping[str, Shape]
    unexpected: Mapping[str, Shape]
    mismatched: Mapping[str, tuple[Shape, Shape]]
    dtypes: Mapping[str, tuple[str, str]]
    tied: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the checkpoint has all that the model wants, as it wants it, and nothing else."""
        return not (self.missing or self.unexpected or self.mismatched or self.dtypes)

    def to_dict(self) -> dict[str, Any]:
        """All of it as values that JSON has: shapes are lists."""
        return {"ok": self.ok, **{key: _plain(value) for key, value in asdict(self).items()}}

    def __str__(self) -> str:
        lines = [f"{self.checkpoint} · {self.stored:,} tensors → {self.model} · {self.wanted:,} tensors", ""]
        if self.ok:
            lines.append("  The checkpoint has all that the model wants, and nothing else.")
        lines += _section("missing in the checkpoint", {name: _shape(one) for name, one in self.missing.items()})
        lines += _section("not in the model", {name: _shape(one) for name, one in self.unexpected.items()})
        lines += _section(
            "of another shape",
            {n: f"{_shape(a)} in the checkpoint, {_shape(b)} in the model" for n, (a, b) in self.mismatched.items()},
        )
        lines += _section(
            "of another kind of dtype",
            {name: f"{a} in the checkpoint, {b} in the model" for name, (a, b) in self.dtypes.items()},
        )
        lines += _section("tied", {name: f"is {other}" for name, other in self.tied.items()})
        lines += ["", *(f"  {note}" for note in self.notes)] if self.notes else []
        return "\n".join(lines) + "\n"

    __repr__ = __str__


def _section(title: str, told: dict[str, str]) -> list[str]:
    """The title with the count, and the first lines of what is told: what differs by numbers alone is one line."""
    if not told:
        return []
    lines = folded(told)
    width = max(len(name) for name, _, _ in lines[:MOST])
    shown = [
        f"    {name:<{width}}   {text}" + (f"   {count:,}×" if count > 1 else "") for name, text, count in lines[:MOST]
    ]
    if len(lines) > MOST:
        left = sum(count for _, _, count in lines[MOST:])
        shown.append(f"    … and {left:,} more")
    return [f"  {len(told):,} {title}", *shown]


def _shape(shape: Shape) -> str:
    return "[?]" if shape is None else "[" + ", ".join(str(size) for size in shape) + "]"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value
