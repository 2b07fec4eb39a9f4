"""Names that differ by numbers alone, in one line: `layers.{0..31}.mlp.weight`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import prod

NUMBER = re.compile(r"(?<![^.])\d+(?![^.])")  # a whole component


def folded(told: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """(name, text, count) for each pattern of names with one text, in order of their first names.

    Names are folded where every combination of their numbers is there; else a `*` stands for those that vary.
    """
    groups: dict[tuple[str, str], list[tuple[int, ...]]] = {}
    for name, text in told.items():
        pattern = NUMBER.sub("*", name)
        numbers = tuple(int(number) for number in NUMBER.findall(name))
        groups.setdefault((pattern, NUMBER.sub("*", text) if numbers else text), []).append(numbers)
    return [(_name(pattern, numbers), text, len(numbers)) for (pattern, text), numbers in groups.items()]


def _name(pattern: str, numbers: list[tuple[int, ...]]) -> str:
    columns = [sorted(set(column)) for column in zip(*numbers, strict=True)]
    if prod(len(column) for column in columns) != len(numbers):
        texts: Iterable[str] = (str(column[0]) if len(column) == 1 else "*" for column in columns)
    else:
        texts = (_range(column) for column in columns)
    parts = iter(texts)
    return re.sub(r"\*", lambda _: next(parts), pattern)


def _range(column: list[int]) -> str:
    if len(column) == 1:
        return str(column[0])
    if column[-1] - column[0] + 1 == len(column):
        return f"{{{column[0]}..{column[-1]}}}"
    if len(column) <= 6:
        return "{" + ", ".join(str(number) for number in column) + "}"
    return f"{{{len(column)} of {column[0]}..{column[-1]}}}"
