"""Why a layer is not known: each reason, in the whole text of the warning."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from weighbridge.lightning import summarize

HEAD = (
    "The total number of parameters detected may be inaccurate: {} not initialised yet, and what is"
    " shown is a lower bound.\n"
)
EDGES = torch.tensor([[0, 1, 2], [1, 2, 3]])


def advice(module: nn.Module, example: Any = None) -> str:
    """The warning of a summary, without what is the same in all."""
    module.example_input_array = example  # type: ignore[assignment]
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        str(summarize(module))
    return "".join(str(w.message) for w in record if w.category is UserWarning)


class Unused(nn.Module):
    """Has a lazy layer that forward does not call."""

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.LazyLinear(4)
        self.unused = nn.LazyConv2d(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.used(x)


def test_not_reached() -> None:
    """A convolution of 4 channels, 3 by 3: 36 for each channel that goes in, and 4."""
    assert advice(Unused(), torch.zeros(2, 3)) == (
        HEAD.format("1 layer is")
        + "  unused (LazyConv2d): 36·in + 4 parameters; the forward of the example does not reach it"
    )


class Branches(nn.Module):
    """A branch on the value of a float, before the second layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.LazyLinear(4)
        self.second = nn.LazyLinear(2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        if x.sum() > 0:
            x = -x
        return self.second(x)


def test_stopped_before_it() -> None:
    """The first layer is known, the second is not, and the operator is named."""
    text = advice(Branches(), torch.zeros(2, 3))
    assert text.startswith(
        HEAD.format("1 layer is")
        + "  second (LazyLinear): 2·in + 2 parameters; the forward of the example stopped before it\n"
        "The forward of the example stopped in the module itself: aten._local_scalar_dense: "
    )


@pytest.mark.parametrize(
    ("name", "options", "layers"),
    [
        ("TAGConv", {"K": 2}, ["lins.1", "lins.2"]),
        ("MixHopConv", {"powers": [0, 1]}, ["lins.1"]),
        ("ChebConv", {"K": 3}, ["lins.2"]),
    ],
)
def test_never_initialised(name: str, options: dict[str, Any], layers: list[str]) -> None:
    """Seen with torch_geometric 2.8.1: forward raises for real, too."""
    conv = getattr(pytest.importorskip("torch_geometric.nn"), name)(-1, 2, **options)
    lines = [line for line in advice(conv).splitlines() if f"{name} never initialises it" in line]
    assert [line.split()[0] for line in lines] == layers


def test_laziness_lost() -> None:
    """`.to("meta")` makes an ordinary parameter of no element of what is lazy."""
    net = nn.Sequential(nn.LazyLinear(4)).to("meta")
    assert type(net[0].weight) is nn.Parameter and tuple(net[0].weight.shape) == (0,)
    assert "0 (LazyLinear): 0 parameters; is no longer lazy though it has no size" in advice(net)
