"""Lightning warns of much that is beside the point in fits of one batch; its log is what is asserted."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.tables.append(record.getMessage())


@pytest.fixture
def tables() -> Iterator[list[str]]:
    """The tables that summaries of either package log."""
    kept = _Kept()
    loggers = [
        logging.getLogger(f"{package}.callbacks.model_summary")
        for package in ("lightning.pytorch", "pytorch_lightning")
    ]
    for logger in loggers:
        logger.addHandler(kept)
    yield kept.tables
    for logger in loggers:
        logger.removeHandler(kept)


@pytest.fixture
def no_warning() -> Callable[[object], None]:
    """Asserts that no warning of ours is among those recorded."""

    def check(record: object) -> None:
        ours = [w for w in record if "detected may be inaccurate" in str(w.message)]  # type: ignore[attr-defined]
        assert ours == []

    return check
