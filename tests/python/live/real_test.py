"""A forward that is run for real, on a copy: what it shows is what a dry one shows, and it changes as little."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from bits import bits_of
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import weighbridge
from weighbridge.live import real
from weighbridge.live.observe import observe

x = torch.zeros(5, 8)


class Branch(nn.Module):
    """The values decide which of two lazy layers runs."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.positive, self.negative = nn.LazyLinear(4), nn.LazyLinear(3), nn.LazyLinear(2)

    def forward(self, x: torch.Tensor) -> Any:
        h = self.first(x).abs()
        h = h[h[:, 0] >= 0]
        return self.positive(h) if h.sum() >= 0 else self.negative(h)


def test_values_decide() -> None:
    """What stops a dry run does not stop this one; the layer that did not run is not known, the others are."""
    module = Branch().train()
    before = bits_of(module)
    with pytest.warns(UserWarning, match="^the forward stopped in the module itself: aten.nonzero: "):
        dry = weighbridge.summarize(module, x)
    assert str(dry.totals.flops) == "≥ 320"
    summary = weighbridge.summarize(module, x, forward="real")
    assert bits_of(module) == before
    assert str(summary) == """\
Branch · PyTorch, live module · 6 tensors · not all initialised

  Name       Type           Params    Size   Mode    In       Out      FLOPs
  first      LazyLinear         36   144 B   train   [5, 8]   [5, 4]     320   lazy
  positive   LazyLinear         15    60 B   train   [5, 4]   [5, 3]     120   lazy
  negative   LazyLinear   2·in + 2   ≥ 8 B   train   ?        ?            0   lazy

  ≥ 53 parameters · all trainable · ≥ 212 B · 440 FLOPs forward

  6 tensors are not initialised yet; what is known of them:
    first.weight      [4, 8]
    first.bias        [4]
    positive.weight   [3, 4]
    positive.bias     [3]
    negative.weight   [2, in]
    negative.bias     [2]
  This forward did not reach all of them.
"""


CASES: dict[str, tuple[Any, Any]] = {
    "linear": (lambda: nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2)), x),
    "lazy": (lambda: nn.Sequential(nn.LazyBatchNorm1d(), nn.LazyLinear(4)), x),
    "convolution": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)), torch.zeros(1, 3, 9, 9)),
    "grouped": (lambda: nn.ConvTranspose2d(4, 8, 3, groups=2), torch.zeros(1, 4, 9, 9)),
    "lstm": (lambda: nn.LSTM(8, 4, num_layers=2), torch.zeros(5, 2, 8)),
    "packed": (lambda: nn.LSTM(8, 4), pack_padded_sequence(torch.zeros(5, 2, 8), [5, 3])),
    "gru": (lambda: nn.GRU(8, 4, bidirectional=True), torch.zeros(5, 2, 8)),
    "encoder": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), torch.zeros(2, 5, 8)),
    "embedding": (lambda: nn.Embedding(9, 4), torch.arange(5)),
    "tied": (lambda: tied(), torch.arange(5)),
}


def tied() -> nn.Module:
    module = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 9, bias=False))
    module[1].weight = module[0].weight  # type: ignore[assignment]
    return module


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("backward", [False, True])
def test_the_same_as_a_dry_run(name: str, backward: bool) -> None:
    """Shapes, calls, FLOPs of forward and backward, sizes of lazy layers; and no bit changes."""
    make, given = CASES[name]
    module = make()
    before = bits_of(module)
    dry = observe(module, (given,), train=True, backward=backward)
    seen = observe(module, (given,), train=True, backward=backward, real=True)
    assert bits_of(module) == before
    assert seen.stopped is None

    def told(observation: Any) -> Any:
        return {
            path: (run.inputs, run.outputs, run.flops, run.flops_exact, run.backward_flops, run.calls)
            for path, run in observation.runs.items()
        }

    assert told(seen) == told(dry)
    assert seen.shapes == dry.shapes


def test_inputs_are_not_written_to() -> None:
    """In-place work, gradients, dropout and counters stay on the copy."""

    class Writes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(8, 8)
            self.register_buffer("seen", torch.zeros(()))

        def forward(self, x: torch.Tensor, ids: torch.Tensor) -> Any:
            self.seen += 1
            self.note = float(x.detach().sum())
            ids += 1
            return nn.functional.dropout(self.fc(x), 0.5) * torch.rand(()) + ids.sum()

    module, given, ids = Writes(), torch.ones(2, 8, requires_grad=True), torch.arange(3)
    before = bits_of(module)
    weighbridge.summarize(module, given, ids, forward="real", train=True, backward=True)
    assert bits_of(module) == before
    assert given.grad is None
    assert ids.tolist() == [0, 1, 2]
    assert module.fc.weight.grad is None


def test_what_forward_raises_is_told() -> None:
    """As in a dry run, and nothing is left behind."""
    module = nn.Sequential(nn.Linear(8, 4), nn.Linear(5, 2))
    before = bits_of(module)
    with pytest.warns(UserWarning) as warned:
        weighbridge.summarize(module, x, forward="real")
    assert bits_of(module) == before
    assert [str(one.message) for one in warned] == [
        "the forward stopped in 1: forward raised RuntimeError in aten.addmm of [2], [5, 4] and [5, 2]: mat1 and mat2 shapes cannot be multiplied"
        " (5x4 and 5x2)."
    ]


def test_too_little_memory_is_told_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """31·8 weights and 5·8 inputs of 4 bytes: 1,152. Nothing ran; what is known without a forward is."""
    module = nn.Linear(8, 31, bias=False)
    monkeypatch.setattr(real, "free_memory", lambda device: 1_152)
    assert weighbridge.summarize(module, x, forward="real").totals.flops == 2 * 5 * 8 * 31
    monkeypatch.setattr(real, "free_memory", lambda device: 1_151)
    with pytest.warns(UserWarning) as warned:
        summary = weighbridge.summarize(module, x, forward="real")
    assert [str(one.message) for one in warned] == [
        "the forward stopped in the module itself: a copy of the module and its inputs takes 1,152 bytes on cpu, and 1,151"
        " are free: forward was not run for real."
    ]
    assert summary.totals.parameters == 31 * 8


def test_the_free_memory_of_this_machine() -> None:
    """Not more than it has."""
    import os

    free = real.free_memory(torch.device("cpu"))
    assert free is not None
    assert 0 < free <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_a_group_that_allows_less(tmp_path: Any) -> None:
    """What a container may still use: its limit, less what it holds, and the file cache counts as free."""
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    assert real._left_in_group(tmp_path) == 1000 - 700 + 150
    (tmp_path / "memory.max").write_text("max\n")
    assert real._left_in_group(tmp_path) is None


def test_no_values_to_compute_with() -> None:
    """A module on the meta device."""
    with pytest.warns(UserWarning, match="^the forward stopped in the module itself: a tensor on the meta device has no"):
        weighbridge.summarize(nn.Linear(8, 4, device="meta"), x, forward="real")


def test_only_these_two_ways() -> None:
    """Anything else is a mistake."""
    with pytest.raises(ValueError, match="^forward can be 'dry' or 'real', got 'reel'$"):
        weighbridge.summarize(nn.Linear(8, 4), x, forward="reel")


def test_a_forward_without_inputs() -> None:
    """Asked for by name it runs, and not otherwise."""

    class Alone(nn.Module):
        def forward(self) -> Any:
            return torch.ones(3)

    assert weighbridge.summarize(Alone()).totals.flops is None
    assert weighbridge.live.describe(Alone(), (), {}, forward="real").modules[0].out_shape == (3,)
