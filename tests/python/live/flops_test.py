"""FLOPs are 2 a multiply-add whatever the kernel: each number here is written out by hand."""

from __future__ import annotations

from typing import Any, Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from weighbridge.live.observe import Observation, observe


class Apply(nn.Module):
    """A module that calls a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(*args)


def r(*shape: int) -> torch.Tensor:
    return torch.zeros(shape)


def whole(module: nn.Module, *args: Any, **ways: Any) -> Observation:
    seen = observe(module, args, **ways)
    assert seen.stopped is None
    return seen


HAND: dict[str, tuple[nn.Module, tuple[Any, ...], int]] = {
    "linear": (nn.Linear(8, 3), (r(5, 8),), 2 * 5 * 8 * 3),
    "mv": (Apply(torch.mv), (r(5, 8), r(8)), 2 * 5 * 8),
    "dot": (Apply(torch.dot), (r(8), r(8)), 2 * 8),
    "addmv": (Apply(torch.addmv), (r(5), r(5, 8), r(8)), 2 * 5 * 8),
    "addr": (Apply(torch.addr), (r(5, 8), r(5), r(8)), 2 * 5 * 8),
    "baddbmm": (Apply(torch.baddbmm), (r(2, 3, 5), r(2, 3, 4), r(2, 4, 5)), 2 * 2 * 3 * 4 * 5),
    # 3 rows: for each of 7 outputs 4·5 products with the second input, and 4 with the first.
    "bilinear": (nn.Bilinear(4, 5, 7), (r(3, 4), r(3, 5)), 2 * 3 * 7 * (4 * 5 + 4)),
    # 30·40 pairs of 6 components; more than 25 rows take another kernel.
    "cdist": (Apply(torch.cdist), (r(30, 6), r(40, 6)), 2 * 30 * 40 * 6),
    "small cdist": (Apply(torch.cdist), (r(3, 6), r(4, 6)), 2 * 3 * 4 * 6),
    "convolution": (nn.Conv2d(3, 8, 3), (r(1, 3, 32, 32),), 2 * 30 * 30 * 8 * 3 * 9),
    "grouped": (nn.Conv1d(8, 4, 3, groups=2), (r(2, 8, 10),), 2 * 2 * 8 * 4 * 4 * 3),
    "transposed": (nn.ConvTranspose1d(8, 4, 3, groups=2), (r(2, 8, 10),), 2 * 2 * 10 * 8 * 2 * 3),
    # 2 directions, 5·2 steps: 4·16 gates from 8 inputs and 16 states.
    "LSTM": (nn.LSTM(8, 16, bidirectional=True), (r(5, 2, 8),), 2 * 2 * 10 * 64 * (8 + 16)),
    "GRU": (nn.GRU(8, 16), (r(5, 2, 8),), 2 * 10 * 48 * (8 + 16)),
    # 4 projections of 32·32 for 20 tokens; each of 10 meets 10, over 32, twice, in 2 examples.
    "attention": (nn.MultiheadAttention(32, 4, batch_first=True), (r(2, 10, 32),) * 3,
                  2 * (4 * 20 * 32 * 32 + 2 * 2 * 10 * 10 * 32)),
    "norm": (nn.LayerNorm(8), (r(5, 8),), 0),
    "embedding": (nn.Embedding(10, 8), (torch.zeros(5, dtype=torch.long),), 0),
    # 3 entries of the sparse matrix, each times a row of 4.
    "sparse": (Apply(torch.sparse.mm), (torch.eye(3).to_sparse(), r(3, 4)), 2 * 3 * 4),
}


@pytest.mark.parametrize("name", HAND)
def test_by_hand(name: str) -> None:
    """One operator of each kind costs what is written out beside it, and that is exact."""
    module, args, flops = HAND[name]
    seen = whole(module, *args)
    assert (seen.runs[""].flops, seen.runs[""].flops_exact, seen.uncounted) == (flops, True, {})


def encoder() -> nn.Module:
    layer = nn.TransformerEncoderLayer(32, 4, 128, batch_first=True)
    return nn.TransformerEncoder(layer, 2)


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("train", [False, True])
def test_encoder_is_the_same_in_every_mode(grad: bool, train: bool) -> None:
    """An encoder costs the same with and without gradients, fast path, and train mode.

    20 tokens a layer: 4 projections of 32·32, 2 of 32·128, attention 2 · 2 · 10 · 10 · 32.
    """
    with torch.set_grad_enabled(grad):
        seen = whole(encoder(), r(2, 10, 32), train=train)
    layer = 2 * (20 * (4 * 32 * 32 + 2 * 32 * 128) + 2 * 2 * 10 * 10 * 32)
    assert seen.runs[""].flops == 2 * layer
    assert seen.runs["layers.0"].flops == layer
    assert seen.runs["layers.1.linear1"].flops == 2 * 20 * 32 * 128


@pytest.mark.parametrize("kernel", [SDPBackend.MATH, SDPBackend.FLASH_ATTENTION])
def test_attention_is_the_same_for_every_kernel(kernel: SDPBackend) -> None:
    """q (2, 4, 6, 8), k and v of 10: 2 · 4 · 6 · 10 · (8 + 8) multiply-adds."""
    args = (r(2, 4, 6, 8), r(2, 4, 10, 8), r(2, 4, 10, 8))
    with sdpa_kernel(kernel):
        seen = whole(Apply(F.scaled_dot_product_attention), *args)
    assert seen.runs[""].flops == 2 * 2 * 4 * 6 * 10 * 16


def test_backward_belongs_to_the_module_that_ran() -> None:
    """Two products for each one, less the gradient of an input that asks for none."""
    module = nn.Sequential(nn.Linear(8, 3), nn.ReLU(), nn.Linear(3, 2))
    runs = whole(module, r(5, 8), backward=True).runs
    first, second = 2 * 5 * 8 * 3, 2 * 5 * 3 * 2
    assert (runs["0"].flops, runs["0"].backward_flops) == (first, first)
    assert (runs["2"].flops, runs["2"].backward_flops) == (second, 2 * second)
    assert (runs[""].backward_flops, runs[""].backward_exact) == (first + 2 * second, True)


def test_backward_of_a_grouped_convolution() -> None:
    """Only the weight's gradient is asked for: as many multiply-adds as the forward, per group."""
    run = whole(nn.Conv1d(8, 8, 3, groups=8), r(2, 8, 10), backward=True).runs[""]
    assert (run.flops, run.backward_flops) == (2 * 2 * 8 * 8 * 3, 2 * 2 * 8 * 8 * 3)


def test_scripted_and_compiled() -> None:
    """A scripted layer is seen where Python calls it; a compiled one is told with what it wraps."""
    flops = 2 * 5 * 8 * 3
    scripted = whole(nn.Sequential(torch.jit.script(nn.Linear(8, 3))), r(5, 8)).runs
    assert {path: run.flops for path, run in scripted.items()} == {"": flops, "0": flops}
    root = whole(torch.jit.script(nn.Linear(8, 3)), r(5, 8)).runs[""]
    assert (root.flops, root.inputs, root.outputs) == (flops, (5, 8), (5, 3))
    compiled = whole(nn.Sequential(torch.compile(nn.Linear(8, 3))), r(5, 8)).runs
    assert {p: run.flops for p, run in compiled.items()} == dict.fromkeys(
        ["", "0", "0._orig_mod"], flops)


def test_what_has_no_formula_is_named() -> None:
    """An FFT multiplies, and nobody says how often: the number is a lower bound for whom it ran in."""
    module = nn.Sequential(nn.Linear(8, 4), Apply(torch.fft.fft))
    seen = whole(module, r(5, 8))
    assert seen.uncounted == {"aten._fft_r2c": 1}
    exact = {path: run.flops_exact for path, run in seen.runs.items()}
    assert exact == {"": False, "0": True, "1": False}
    assert seen.runs[""].flops == 2 * 5 * 8 * 4


def test_calls_and_bytes() -> None:
    """A module called three times: three times the FLOPs, and 4 bytes for each of 5·8 floats."""
    shared = nn.Linear(8, 8)
    run = whole(nn.Sequential(shared, shared, shared), r(5, 8)).runs["0"]
    assert (run.calls, run.flops, run.activation_bytes) == (3, 3 * 2 * 5 * 8 * 8, 3 * 5 * 8 * 4)
