"""One version, in CMakeLists.txt: the program, the package and the documents have it from there or agree with it."""

import re
from pathlib import Path

import weighbridge

ROOT = Path(__file__).parents[3]


def test_the_version_is_the_project_s() -> None:
    project = re.search(r"project\(weigh VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert project is not None
    assert weighbridge.__version__ == project[1]


def test_the_changes_begin_with_the_version() -> None:
    first = re.search(r"^## ([0-9.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first is not None
    assert first[1] == weighbridge.__version__
