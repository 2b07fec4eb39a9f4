"""Errors are the core's, each of a class that Python's own names would catch."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import weighbridge
from weighbridge import errors


def test_a_file_that_is_not_there(program) -> None:  # type: ignore[no-untyped-def]
    """The message is the program's, without its name before it."""
    with pytest.raises(FileNotFoundError) as caught:
        weighbridge.read("nope.pt")
    error = caught.value
    assert isinstance(error, errors.NotFound)
    assert "weigh: " + str(error) + "\n" == program("nope.pt").stderr
    assert (error.kind, error.source, error.offset) == ("not_found", "nope.pt", None)
    assert error.message == "cannot be opened: No such file or directory"


def test_a_file_that_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is told to be text."""
    (tmp_path / "notes.txt").write_text("to do\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.Unsupported, match="^notes.txt: is text, not a model$"):
        weighbridge.read("notes.txt")


def test_a_pickle_that_would_run_code(program) -> None:  # type: ignore[no-untyped-def]
    """It is refused with the program's words, and nothing runs."""
    with pytest.raises(weighbridge.WeighError) as caught:
        weighbridge.read("hostile/os_system.pt")
    assert "weigh: " + str(caught.value) + "\n" == program("hostile/os_system.pt").stderr


def test_what_does_not_exist_is_named() -> None:
    """A wrong depth, format, order or column is wrong usage, and a ValueError."""
    model = weighbridge.read("pytorch/gat_module_after.pt")
    with pytest.raises(errors.Usage, match=r"^the depth can be -1 \(all\), 0 \(totals only\) or more, got -5$"):
        model.summary(depth=-5)
    with pytest.raises(ValueError, match="^no order 'age'; there are 'definition', 'name', 'params', 'size'$"):
        model.summary(sort="age")
    with pytest.raises(errors.Usage, match="^no format 'xml'; there are 'csv', 'cyclonedx', 'html', 'html_table', "):
        model.summary().render("xml")


def test_an_error_goes_through_a_pickle() -> None:
    """It keeps its parts on the way from another process."""
    error = errors.error_of("corrupt", "a.pt", "is broken", 7, "a.pt: is broken (at byte 7)")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.source, again.offset) == (
        errors.Corrupt,
        "a.pt: is broken (at byte 7)",
        "a.pt",
        7,
    )
