"""The screens of README.md and docs/python.md are what the package, and Lightning, print."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOADER = SourceFileLoader("python_screens", str(ROOT / "tools/python-screens"))
SPEC = spec_from_loader(LOADER.name, LOADER)
assert SPEC is not None
screens = module_from_spec(SPEC)
LOADER.exec_module(screens)

SHOWN = [
    (path, kind, name, text)
    for path in screens.PAGES
    for kind, name, text in screens.SCREEN.findall((ROOT / path).read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("path", "kind", "name", "text"), SHOWN, ids=lambda value: value.partition("\n")[0])
def test_a_screen_is_real(path: str, kind: str, name: str, text: str) -> None:
    """tools/python-screens writes them anew."""
    assert text == screens.SHOW[kind](name)


def test_every_model_is_shown_beside_lightnings() -> None:
    """Both texts of each."""
    for kind in ("lightning", "weighbridge"):
        assert {name for _, shown, name, _ in SHOWN if shown == kind} == set(screens.models.MODELS)


def test_the_readme_links_every_page() -> None:
    """Each of docs/, and each format by its folder."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [page.name for page in (ROOT / "docs").iterdir()]
    assert [page for page in pages if f"(docs/{page})" not in readme] == []
