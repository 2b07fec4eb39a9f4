"""Where the fixtures and the program are."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"


class Ran(NamedTuple):
    """What the program wrote, its line ends as they are."""

    stdout: str
    stderr: str


Program = Callable[..., Ran]


@pytest.fixture(scope="session")
def program() -> Program:
    """Runs `weigh` with arguments, in the folder of the fixtures; skips where it is not built."""
    built = ROOT / "build" / "release" / "weigh"
    path = str(built) if built.exists() else shutil.which("weigh")
    if path is None:
        pytest.skip("the program is neither built nor installed")

    def run(*arguments: str) -> Ran:
        ran = subprocess.run([path, *arguments], cwd=DATA, capture_output=True, check=False)
        return Ran(ran.stdout.decode(), ran.stderr.decode())

    return run


@pytest.fixture(autouse=True)
def in_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in screens and messages are relative to the fixtures."""
    monkeypatch.chdir(DATA)
