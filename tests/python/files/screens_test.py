"""What is shown is the program's, to the letter."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

import weighbridge

FILES = (
    "pytorch/gat_module_before.pt",
    "pytorch/gat_module_after.pt",
    "pytorch/checkpoints/lightning_32-true.ckpt",
    "pytorch/modules/gpt_tied_module.pt",
)


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("form", ["table", "lightning", "json", "csv", "markdown", "html", "svg", "cyclonedx", "spdx"])
def test_every_form_is_the_programs(program, path: str, form: str) -> None:  # type: ignore[no-untyped-def]
    """The text of a form, at one depth: without one, the program tells all of it in CSV."""
    shown = program(path, "--format", form, "--depth", "2").stdout
    assert shown
    assert weighbridge.read(path).summary(depth=2).render(form) == shown


@pytest.mark.parametrize("path", FILES)
def test_repr_is_the_table(program, path: str) -> None:  # type: ignore[no-untyped-def]
    """A model and its summary are shown as the table."""
    model = weighbridge.read(path)
    assert repr(model) == repr(model.summary()) == program(path).stdout


def test_html_escapes_what_a_file_says() -> None:
    """A notebook gets a table; a name cannot become markup."""
    model = weighbridge.read("pytorch/gat_module_after.pt")
    model.source = "<img src=x>&'"
    html = model._repr_html_()
    assert html.startswith(
        "<table>\n<caption>&lt;img src=x&gt;&amp;&#39; · PyTorch, pickled module</caption>\n<thead><tr>"
    )
    assert html.endswith("<p>306 parameters, 1.224 kB</p>\n")
    assert html.count("<tr>") == 3


def test_a_page_allows_its_own_style_and_script_alone() -> None:
    """The policy names them by their hashes; a browser runs nothing else."""
    page = weighbridge.read("pytorch/gat_module_after.pt").summary(depth=-1).render("html")
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        content = re.findall(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in page


def test_rich_takes_no_name_for_markup() -> None:
    """`[/user]` is a name; Rich would fail to close a tag of it."""
    console = pytest.importorskip("rich.console").Console(width=100, color_system=None)
    model = weighbridge.read("pytorch/gat_module_after.pt")
    model.source = "[/user]"
    with console.capture() as captured:
        console.print(model)
    assert captured.get().rstrip("\n") == repr(model).rstrip("\n")
    assert "[/user] · PyTorch" in captured.get()


def test_a_column_of_ones_own() -> None:
    """A title and a function of a row; it stands behind the others."""
    summary = weighbridge.read("pytorch/gat_module_after.pt").summary()
    text = summary.render(columns=["name"], own_columns={"Half": lambda row: int(row.parameters) // 2})
    lines = [line.split() for line in text.splitlines()[2:5]]
    assert lines == [["Name", "Half"], ["conv1", "144"], ["fc", "9"]]
