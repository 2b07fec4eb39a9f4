"""Lightning's model summary, with numbers that hold: unknown is never 0.

    from weighbridge.lightning import ModelSummary
    Trainer(callbacks=[ModelSummary(max_depth=2)])       # Lightning's own table is then skipped

Works with ``lightning.pytorch`` and with ``pytorch_lightning``; neither is imported before a callback
is asked for. ``summarize(module, max_depth)`` needs neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weighbridge.lightning.callback import ModelSummary, RichModelSummary
    from weighbridge.lightning.errors import UninitializedError
    from weighbridge.lightning.summary import LightningSummary, summarize

__all__ = [
    "LightningSummary",
    "ModelSummary",
    "RichModelSummary",
    "UninitializedError",
    "summarize",
]

_HOME = {
    "LightningSummary": "summary",
    "ModelSummary": "callback",
    "RichModelSummary": "callback",
    "UninitializedError": "errors",
    "summarize": "summary",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
