"""Models, summaries and plans as other libraries' values; each library is imported when it is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from weighbridge._weigh import Model, Plan, Summary

if TYPE_CHECKING:
    import pandas


def _summary(value: Model | Summary, depth: int | None = None) -> Summary:
    return value.summary(depth=depth) if isinstance(value, Model) else value


def to_dict(value: Model | Summary | Plan) -> dict[str, Any]:
    """Everything, as docs/json.md says; of a plan as docs/plan.md."""
    document: dict[str, Any] = json.loads((value if isinstance(value, Plan) else _summary(value, -1)).render("json"))
    return document


def to_frame(value: Model | Summary) -> pandas.DataFrame:
    """A pandas table, a line for each row of a summary of all depths. Counts that are not exact are their known part."""
    import pandas

    rows = [
        {
            "path": row.path,
            "type": row.type,
            "depth": row.depth,
            "parameters": row.parameters.known,
            "exact": row.parameters.exact,
            "trainable": None if row.trainable is None else row.trainable.known,
            "buffers": row.buffers.known,
            "bytes": row.bytes.known,
            "lazy": row.lazy,
        }
        for row in (value.summary(depth=-1, fold=False) if isinstance(value, Model) else value).rows
    ]
    columns = ["path", "type", "depth", "parameters", "exact", "trainable", "buffers", "bytes", "lazy"]
    return pandas.DataFrame(rows, columns=columns)


def __rich__(value: Model | Summary | Plan) -> object:  # noqa: N807: the name that rich asks for
    """The table as rich's text: no name in it is taken for markup."""
    from rich.text import Text

    return Text((value if isinstance(value, Plan) else _summary(value)).render("table"), no_wrap=True)
