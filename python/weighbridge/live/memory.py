"""Bytes that several tensors share, told once: views of one storage, expanded tensors."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class Memory:
    """`told`: the ranges of bytes that were told so far, in order, by storage."""

    def __init__(self) -> None:
        self.told: dict[int, list[tuple[int, int]]] = {}

    def add(self, storage: int, begin: int, end: int) -> int:
        """How many bytes from `begin` to `end` were not told before; from now on they are."""
        told = self.told.get(storage)
        if told is None:
            self.told[storage] = [(begin, end)]
            return end - begin
        first = bisect_left(told, begin, key=lambda span: span[1])
        last = bisect_right(told, end, key=lambda span: span[0])
        touched = told[first:last]
        known = sum(max(0, min(end, there) - max(begin, here)) for here, there in touched)
        if touched:
            told[first:last] = [(min(begin, touched[0][0]), max(end, touched[-1][1]))]
        else:
            told.insert(first, (begin, end))
        return end - begin - known


__all__ = ["Memory"]
