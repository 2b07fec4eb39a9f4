"""A Linear that is not run tells what one that is run tells: shapes, FLOPs, bytes, dtype."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from weighbridge.live import shortcuts
from weighbridge.live.observe import observe

CUBE = torch.randn(2, 5, 4)


class Around(nn.Module):
    """Gives the output's dtype away by its size."""

    def __init__(self, bias: bool = True) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)


def taken(monkeypatch: pytest.MonkeyPatch, module: nn.Module, *args: Any, **named: Any) -> tuple[Any, list[bool]]:
    """The run of `fc`, and for each of its calls whether the shortcut answered."""
    answers: list[bool] = []
    linear = shortcuts.linear

    def told(*given: Any) -> Any:
        known = linear(*given)
        answers.append(known is not None)
        return known

    monkeypatch.setattr("weighbridge.live.calls.linear", told)
    seen = observe(module, args, **named)
    assert seen.stopped is None
    return seen.runs["fc"], answers


@pytest.mark.parametrize("x", [torch.randn(4), torch.randn(6, 4), CUBE, torch.randn(0, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_tells_what_a_real_call_does(monkeypatch: pytest.MonkeyPatch, x: torch.Tensor, bias: bool) -> None:
    model = Around(bias)
    run, answers = taken(monkeypatch, model, x)
    with FlopCounterMode(display=False) as counter:
        out = model(x)
    assert answers == [True]
    assert (run.inputs, run.outputs, run.calls) == (tuple(x.shape), tuple(out.shape), 1)
    assert (run.flops, run.flops_exact) == (counter.get_total_flops(), True)
    assert run.activation_bytes == out.numel() * 4


class Autocast(Around):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return self.fc(x)


class Hooked(Around):
    """Its Linear gives twice the rows, by a hook."""

    def __init__(self) -> None:
        super().__init__()
        self.fc.register_forward_hook(lambda module, args, out: torch.cat([out, out]))


class Own(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x)[:1]


def test_leaves_all_else_to_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    run, answers = taken(monkeypatch, Autocast(), CUBE)
    assert (run.activation_bytes, answers) == (2 * (40 + 12 + 3 + 30), [False])  # input, weight, bias cast; output
    run, answers = taken(monkeypatch, Hooked(), CUBE)
    assert (run.outputs, answers) == ((4, 5, 3), [False])
    assert taken(monkeypatch, Around(), CUBE.transpose(0, 1))[1] == [False]
    assert taken(monkeypatch, Around(), CUBE, backward=True)[1] == [False]
    own = Around()
    own.fc = Own(4, 3)
    run, answers = taken(monkeypatch, own, CUBE)
    assert (run.outputs, answers) == ((1, 5, 3), [])


def test_wrong_input_is_told_by_the_layer() -> None:
    seen = observe(Around(), (torch.randn(2, 5),))
    assert seen.stopped is not None
    assert seen.stopped.message == (
        "forward raised RuntimeError in aten.addmm of [3], [2, 5] and [4, 3]: a and b must have same reduction dim, but got"
        " [2, 5] X [4, 3]."
    )
