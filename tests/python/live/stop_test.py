"""What a user reads of a forward that stopped: the operator, the module, the line, and what can be done."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import nn

import weighbridge
from weighbridge.live.stop import ADVICE, short_path

x = torch.zeros(5, 8)


def notes_of(module: nn.Module, *args: Any) -> list[tuple[str, str, str]]:
    """Code, place and message of each note of a dry run."""
    notes = weighbridge.live.describe(module, args, {}).notes
    return [(note.code, note.place, note.message) for note in notes]


class Decides(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> Any:
        if self.fc(x).sum() > 0:
            return x
        return -x


def line_of(function: Any, code: str) -> int:
    """The number of the line of `function` that holds `code`."""
    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, line in enumerate(lines) if code in line)


def test_the_note_has_the_operator_the_module_and_the_line() -> None:
    """`if x.sum() > 0` in a child: the note is all that a user sees."""
    number = line_of(Decides.forward, "if self.fc")
    assert notes_of(nn.Sequential(nn.ReLU(), Decides()), x) == [(
        "forward-stopped", "1",
        "aten._local_scalar_dense: the value of a float decides what happens next (an `if`, `.item()`, `int()` or"
        f" `float()` of a tensor). The line is stop_test.py:{number}: `if self.fc(x).sum() > 0:`." + ADVICE,
    )]


def test_summarize_warns_with_the_note() -> None:
    """A summary alone does not say why a number is a lower bound: the warning does, once."""
    with pytest.warns(UserWarning) as warned:
        summary = weighbridge.summarize(nn.Sequential(Decides()), x, depth=2)
    number = line_of(Decides.forward, "if self.fc")
    assert [str(one.message) for one in warned] == [
        "the forward stopped in 0: aten._local_scalar_dense: the value of a float decides what happens next (an `if`,"
        " `.item()`, `int()` or `float()` of a tensor)."
        f" The line is stop_test.py:{number}: `if self.fc(x).sum() > 0:`." + ADVICE
    ]
    assert warned[0].filename == __file__
    assert str(summary.totals.flops) == "≥ 320"


def test_what_forward_raises_has_its_line() -> None:
    """An exception of the user's own."""

    class Raises(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            raise ValueError("x must be square")

    number = line_of(Raises.forward, "raise")
    assert notes_of(Raises(), x) == [(
        "forward-stopped", "",
        "forward raised ValueError: x must be square. The line is"
        f' stop_test.py:{number}: `raise ValueError("x must be square")`.',
    )]


@pytest.mark.parametrize(("path", "told"), [
    ("", ""),
    ("layers.3.mlp", "layers.3.mlp"),
    (".".join(["0"] * 60), ".".join(["0"] * 60)),
    (".".join(["0"] * 10_000), ".".join(["0"] * 30) + " … " + ".".join(["0"] * 30) + " (10,000 levels)"),
    ("a" * 300 + "." + "b" * 300, "a" * 60 + " … " + "b" * 60 + " (2 levels)"),
])
def test_a_deep_path_is_shortened_in_the_middle(path: str, told: str) -> None:
    """No sentence is 20,000 characters long."""
    assert short_path(path) == told
