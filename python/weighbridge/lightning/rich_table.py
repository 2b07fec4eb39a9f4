"""Lightning's table by way of Rich. Names are text, not markup: "[user]" is a name that exists."""

from __future__ import annotations

from weighbridge.lightning.text import TOTAL_FLOPS, SummaryData

_RIGHT = ("Params", "Params per Device", "FLOPs", "In sizes", "Out sizes")


def print_rich(data: SummaryData, header_style: str) -> None:
    """Prints the table and the totals to Rich's console."""
    from rich import get_console
    from rich.markup import escape
    from rich.table import Table

    console = get_console()
    shown = Table(header_style=header_style)
    for title, _ in data:
        shown.add_column(
            escape(title),
            justify="right" if title in _RIGHT else "left",
            style={" ": "dim", "In sizes": "white", "Out sizes": "white"}.get(title),
            no_wrap=title == "Name",
        )
    for row in zip(*(cells for _, cells in data)):
        shown.add_row(*map(escape, row))
    console.print(shown)

    totals = Table.grid(expand=True)
    totals.add_column()
    totals.add_column()
    for label, value in data.totals:
        name = "Total FLOPs" if label == TOTAL_FLOPS else label
        totals.add_row(f"[bold]{name}[/]: {value:<10}")
    console.print(totals)
