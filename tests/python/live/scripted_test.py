"""Scripted modules: what Python sees of them, and what it says of the rest."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import nn

import weighbridge

x = torch.zeros(5, 8)


def scripted(module: nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated
        return torch.jit.script(module)


@pytest.mark.parametrize("forward", ["dry", "real"])
def test_a_scripted_child(forward: str) -> None:
    """Its own call is seen: 2·5·(4·3 + 3·2) = 180. Calls within are not, so nothing is claimed of them."""
    inner = scripted(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)))
    module = nn.Sequential(nn.Linear(8, 4), inner, nn.Linear(2, 2))
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    assert str(weighbridge.summarize(module, x, depth=2, forward=forward)) == """\
Sequential · PyTorch, live module · 8 tensors

  Name   Type                    Params    Size   Mode    In       Out      FLOPs
  0      Linear                      36   144 B   train   [5, 8]   [5, 4]     320
  1      Sequential (scripted)       23    92 B   train   [5, 4]   [5, 2]     180
  ├ 0    Linear (scripted)           15    60 B   train   ?        ?            ?
  ├ 1    ReLU (scripted)              0     0 B   train   ?        ?            ?
  └ 2    Linear (scripted)            8    32 B   train   ?        ?            ?
  2      Linear                       6    24 B   train   [5, 2]   [5, 2]      40

  65 parameters · all trainable · 260 B · 540 FLOPs forward
"""
    assert all(torch.equal(tensor, state[name]) for name, tensor in module.state_dict().items())
    assert module.training
    assert "_compiled_call_impl" not in inner.__dict__


def test_a_scripted_root() -> None:
    """The whole is known, its parts by their sizes."""
    model = weighbridge.live.describe(scripted(nn.Sequential(nn.Linear(8, 3))), (x,))
    assert (model.architecture, model.modules[0].out_shape, model.modules[0].flops) == ("Sequential (scripted)", (5, 3), 240)
    assert (model.modules[1].type, model.modules[1].flops.exact) == ("Linear (scripted)", False)
