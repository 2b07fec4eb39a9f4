"""What Lightning's own tests ask of the object."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from weighbridge.lightning import summarize


@pytest.mark.parametrize("depth", ["temp", 1.5, -2, -99])
def test_a_depth_that_there_is_not(depth: Any) -> None:
    """The error has Lightning's words."""
    with pytest.raises(ValueError) as error:
        summarize(nn.Linear(3, 4), depth)
    assert str(error.value) == f"`max_depth` can be -1, 0 or > 0, got {depth}."


def test_a_module_without_children() -> None:
    """Nothing but totals."""
    summary = summarize(nn.Identity())
    assert (summary.in_sizes, summary.out_sizes, summary.param_nums) == ([], [], [])
    assert (summary.total_flops, summary.model_size) == (0, 0.0)


class _Anything(nn.Module):
    def __init__(self, example: Any) -> None:
        super().__init__()
        self.layer = nn.Identity()
        self.layer.forward = lambda *args, **kwargs: None  # type: ignore[method-assign]
        self.example_input_array = example

    def forward(self, *args: Any, **kwargs: Any) -> None:
        self.layer(*args, **kwargs)


@pytest.mark.parametrize(
    ("example", "size"),
    [
        ([], "?"),
        ((1, 2, 3), ["?", "?", "?"]),
        ([torch.zeros(2), [torch.zeros(3), 4]], [[2], [[3], "?"]]),
        (torch.tensor(0), "?"),
        ({"tensor": torch.zeros(1, 2, 3)}, [1, 2, 3]),
        ({"a": torch.zeros(1, 2), "b": torch.zeros(3)}, [[1, 2], [3]]),
        (torch.zeros(2, 3, 4), [2, 3, 4]),
        ([torch.zeros(2, 3), torch.zeros(4)], [[2, 3], [4]]),
        ((torch.zeros(2, 3), torch.zeros(4)), [[2, 3], [4]]),
    ],
)
def test_examples_of_every_kind(example: Any, size: Any) -> None:
    """Sizes as Lightning tells them."""
    assert summarize(_Anything(example)).in_sizes == [size]


class _TakesOne(nn.Module):
    """Forward takes one argument that is a dictionary, or a tuple: Lightning explodes either."""

    def __init__(self, example: Any) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)
        self.example_input_array = example

    def forward(self, both: Any) -> Tensor:
        one, other = both.values() if isinstance(both, dict) else both
        return self.layer(one + other)


@pytest.mark.parametrize("kind", [tuple, list, lambda pair: dict(zip("xy", pair))])
def test_an_example_that_forward_takes_whole(kind: Any) -> None:
    """The signature is asked before anything is exploded."""
    example = kind([torch.zeros(2, 3), torch.zeros(2, 3)])
    assert summarize(_TakesOne(example)).out_sizes == [[2, 4]]


def test_a_scripted_layer() -> None:
    """Has its class and its parameters."""
    net = nn.Sequential(torch.jit.script(nn.Linear(3, 4)), nn.Linear(4, 5))
    summary = summarize(net)
    assert summary.layer_types == ["RecursiveScriptModule", "Linear"]
    assert summary.param_nums == [16, 25]


def test_rows_by_name() -> None:
    """With Lightning's names for what is in them."""
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    net.example_input_array = torch.zeros(2, 3)
    net[1].eval()
    rows = summarize(net).summarize()
    assert {name: vars(row) for name, row in rows.items()} == {
        "0": {"in_size": [2, 3], "out_size": [2, 4], "layer_type": "Linear", "num_parameters": 16, "training": True},
        "1": {"in_size": [2, 4], "out_size": [2, 4], "layer_type": "ReLU", "num_parameters": 0, "training": False},
    }
