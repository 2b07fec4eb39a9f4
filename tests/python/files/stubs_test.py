"""The stub of the extension module is what nanobind makes of it today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def test_the_stub_is_up_to_date(tmp_path: Path) -> None:
    """Else run the command that this test runs, into python/weighbridge/_weigh.pyi."""
    pytest.importorskip("nanobind")
    made = tmp_path / "_weigh.pyi"
    command = ["-m", "nanobind.stubgen", "-q", "-m", "weighbridge._weigh"]
    subprocess.run([sys.executable, *command, "-p", str(ROOT / "tools" / "stubs.pattern"), "-o", str(made)], check=True)
    assert made.read_text() == (ROOT / "python" / "weighbridge" / "_weigh.pyi").read_text()
