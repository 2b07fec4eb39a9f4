"""Where Lightning is wrong: its text would be another, and ours holds."""

from __future__ import annotations

import pytest
import torch
from models import Tied, TwoInputs, lit
from torch import nn

from weighbridge.lightning import summarize


def totals(text: str) -> list[str]:
    """The lines below the table."""
    return text.rpartition("-\n")[2].splitlines()


def test_a_lazy_layer_is_an_expression() -> None:
    """Lightning says 0 and 18: the weight of 8 for each input is not known, its bias of 8 is."""
    model = lit(nn.Sequential(nn.LazyLinear(8), nn.Linear(8, 2)))
    with pytest.warns(UserWarning, match="net.0 \\(LazyLinear\\): 8·in \\+ 8 parameters"):
        text = str(summarize(model, -1))
    assert text.splitlines()[3].split(" | ")[3].strip() == "8·in + 8"
    assert totals(text)[2] == "≥ 26      Total params"


def test_with_an_example_it_is_exact_and_the_model_stays_lazy() -> None:
    """3 · 8 + 8 and 8 · 2 + 2, from a dry run."""
    model = lit(nn.Sequential(nn.LazyLinear(8), nn.Linear(8, 2)), torch.zeros(4, 3))
    summary = summarize(model, -1)
    assert summary.param_nums == [50, 32, 18]
    assert summary.total_parameters == 50 and summary.is_exact
    assert summary.out_sizes == [[4, 2], [4, 8], [4, 2]]
    assert type(model.net[0]) is nn.LazyLinear


def test_ties_count_once_and_other_parameters_stay() -> None:
    """Rows of 40 and 40, a total of 40 and 5: Lightning leaves the row of the 5 out."""
    net = Tied()
    summary = summarize(net)
    assert summary.param_nums == [40, 40]
    assert summary.total_parameters == sum(p.numel() for p in net.parameters()) == 45
    assert [row[-1] for _, row in summary._get_summary_data()][:4] == [" ", "other params", "n/a", "5  "]


def test_each_dtype_has_its_own_bytes() -> None:
    """1,000 numbers of 2 bytes and 1,000 of 4: Lightning says 0.008."""
    net = nn.Sequential(
        nn.Linear(1000, 1, bias=False).to(torch.bfloat16), nn.Linear(1000, 1, bias=False)
    )
    summary = summarize(net)
    assert summary.model_size == pytest.approx(0.006)
    assert totals(str(summary))[3] == "0.006     Total estimated model params size (MB)"


def test_flops_do_not_depend_on_the_depth() -> None:
    """A transformer's encoder: four projections, two products of attention, two layers behind it."""
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    model = lit(nn.Sequential(layer, nn.Linear(32, 2)), torch.zeros(2, 5, 32))
    tokens, width, hidden = 2 * 5, 32, 64
    attention = 4 * tokens * width * width + 2 * tokens * 5 * width
    flops = 2 * (attention + 2 * tokens * width * hidden + tokens * width * 2)
    assert [summarize(model, depth).total_flops for depth in (-1, 0, 1, 2, 3)] == [flops] * 5


def test_looking_changes_nothing() -> None:
    """Modes, hooks, values and the random state are those from before."""
    model = lit(nn.Sequential(nn.Linear(3, 4), nn.Dropout()), torch.zeros(2, 3))
    model.net[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    str(summarize(model, -1))
    assert torch.equal(state, torch.get_rng_state())
    assert [module.training for module in model.modules()] == [True, True, True, False]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_the_summary_is_a_snapshot() -> None:
    """What is added afterwards is not in it: Lightning's totals follow, its rows do not."""
    net = nn.Sequential(nn.Linear(3, 4))
    summary = summarize(net)
    net.append(nn.Linear(4, 5))
    net.eval()
    assert summary.total_parameters == 16
    assert summary.total_training_modes == {"train": 1, "eval": 0}


def test_inputs_by_name_have_their_names() -> None:
    """Lightning shows them as a list."""
    example = {"x": torch.zeros(2, 3), "y": torch.zeros(2, 4)}
    summary = summarize(lit(TwoInputs(), example))
    assert summary.in_sizes == [[[2, 3], [2, 4]]]
    assert "| {x: [2, 3], y: [2, 4]} | [2, 1]" in str(summary)
