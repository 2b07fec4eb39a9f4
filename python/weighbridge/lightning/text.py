"""Lightning's text taken apart into columns and totals, and put together again.

The C++ core writes the text; a column of the user's, or Rich's table, needs its cells.
"""

from __future__ import annotations

from collections.abc import Sequence

TOTAL_FLOPS = "Total Flops"
_LABELS = (
    "Trainable params",
    "Non-trainable params",
    "Total params",
    "Total estimated model params size (MB)",
    "Modules in train mode",
    "Modules in eval mode",
    TOTAL_FLOPS,
)
_TOTAL_WIDTH = 10


class SummaryData(list[tuple[str, list[str]]]):
    """Lightning's ``summary_data``, with the totals as text beside it: they may be "≥ 50"."""

    totals: list[tuple[str, str]]  # (label, value)

    def without(self, title: str) -> SummaryData:
        """The same without a column."""
        data = SummaryData(column for column in self if column[0] != title)
        data.totals = self.totals
        return data


def parts_of(text: str) -> SummaryData:
    """The columns and totals of a text of Lightning's form."""
    lines = text.splitlines()
    rules = [i for i, line in enumerate(lines) if line and not line.strip("-")]
    header, rows, totals = lines[0], lines[rules[0] + 1 : rules[-1]], lines[rules[-1] + 1 :]
    titles = header.split(" | ")
    widths = [len(title) for title in titles]
    cells = [_cells(row, widths) for row in rows]
    columns = [(title.rstrip() or " ", [row[i] for row in cells]) for i, title in enumerate(titles)]
    data = SummaryData((title, _with_unit(title, column)) for title, column in columns)
    data.totals = [(label, line.removesuffix(label).rstrip()) for label, line in zip(_LABELS, totals)]
    return data


def _with_unit(title: str, column: list[str]) -> list[str]:
    """Lightning writes a blank for the unit of a number below a thousand: "66  ", "0  "."""
    if title not in ("Params", "FLOPs"):
        return column
    return [f"{cell}  " if cell.replace(",", "").isdigit() else cell for cell in column]


def _cells(row: str, widths: Sequence[int]) -> list[str]:
    """Cells without their padding."""
    parts = row.split(" | ")
    if len(parts) != len(widths):  # a name with the separator in it: by place
        parts, start = [], 0
        for width in widths:
            parts.append(row[start : start + width])
            start += width + 3
    return [part.rstrip() or " " for part in parts]


def table(data: SummaryData) -> str:
    """The text of these columns and totals, as Lightning lays it out."""
    widths = [max(map(len, [title, *cells])) for title, cells in data]
    rule = "-" * (sum(widths) + 3 * (len(widths) + 1))
    rows = [[title for title, _ in data], *zip(*(cells for _, cells in data))]
    lines = [" | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)) for row in rows]
    lines = [lines[0], rule, *lines[1:], rule]
    for label, value in data.totals:
        gap = " " if value.startswith("≥") and len(value) >= _TOTAL_WIDTH else ""
        lines.append(f"{value:<{_TOTAL_WIDTH}}{gap}{label}")
    return "\n".join(lines)
