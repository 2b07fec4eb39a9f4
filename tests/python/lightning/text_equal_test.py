"""Where Lightning is right, our text is Lightning's to the letter, at every depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from lightning.pytorch.utilities.model_summary import summarize as lightning_summarize
from models import Recurrent, TwoInputs, WithDirectParameter, lit
from torch import nn

from weighbridge.lightning import summarize

MODELS: dict[str, Callable[[], Any]] = {
    "linear": lambda: lit(nn.Linear(3, 4), torch.zeros(2, 3)),
    "no example": lambda: lit(nn.Sequential(nn.Linear(3, 4), nn.ReLU())),
    "convolutions": lambda: lit(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=4)),
        torch.zeros(2, 3, 8, 8),
    ),
    "embedding": lambda: lit(
        nn.Sequential(nn.Embedding(1200, 64), nn.Linear(64, 64)), torch.zeros(2, 5, dtype=torch.long)
    ),
    "gru": lambda: lit(Recurrent(), torch.zeros(2, 5, 3)),
    "two inputs": lambda: lit(TwoInputs(), (torch.zeros(2, 3), torch.zeros(2, 4))),
    "frozen": lambda: lit(nn.Sequential(nn.Linear(30, 40).requires_grad_(False), nn.Linear(40, 2))),
    "evaluation": lambda: lit(nn.Sequential(nn.Linear(3, 4), nn.Dropout()).eval(), torch.zeros(2, 3)),
    "millions": lambda: lit(nn.Sequential(nn.Linear(2000, 3000), nn.LayerNorm(3000)), torch.zeros(1, 2000)),
    "own parameter": lambda: lit(WithDirectParameter(), torch.zeros(2, 3)),
    "nothing": lambda: lit(nn.Identity(), torch.zeros(2, 3)),
}


@pytest.mark.parametrize("depth", [-1, 0, 1, 2, 999])
@pytest.mark.parametrize("name", MODELS)
def test_text_is_lightnings(name: str, depth: int) -> None:
    """The whole text, of a model of which Lightning has every number right."""
    model = MODELS[name]()
    assert str(summarize(model, depth)) == str(lightning_summarize(model, depth))


@pytest.mark.parametrize("name", MODELS)
def test_numbers_are_lightnings(name: str) -> None:
    """The attributes of the object, at depth 1."""
    ours, theirs = summarize(MODELS[name](), 1), lightning_summarize(MODELS[name](), 1)
    for attribute in (
        "layer_names layer_types in_sizes out_sizes param_nums training_modes total_training_modes"
        " total_parameters trainable_parameters total_layer_params total_flops"
    ).split():
        assert getattr(ours, attribute) == getattr(theirs, attribute), attribute
    assert ours.model_size == pytest.approx(theirs.model_size)
    assert list(ours._get_summary_data()) == theirs._get_summary_data()
    theirs_by_layer = {name: sum(ops.values()) for name, ops in theirs.flop_counts.items()}
    assert {name: sum(ops.values()) for name, ops in ours.flop_counts.items()} == theirs_by_layer
