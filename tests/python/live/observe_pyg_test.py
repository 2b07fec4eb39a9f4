"""Graph networks: a dry run tells what a real forward does, and leaves the network as it was."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from bits import bits_of
from pyg_cases import CASES, STOPPED
from torch import nn
from torch.nn.parameter import is_lazy

from weighbridge.live.materialize import materialize
from weighbridge.live.observe import observe
from weighbridge.live.shapes_of import shape_of, shape_of_call


def really(module: nn.Module, args: tuple[Any, ...]) -> dict[str, tuple[Any, Any]]:
    """In and out shapes of every module in a real forward, by hooks."""
    seen: dict[str, tuple[Any, Any]] = {}

    def hook(path: str) -> Any:
        def note(_: nn.Module, args: Any, kwargs: Any, out: Any) -> None:
            seen.setdefault(path, (shape_of_call(args, kwargs), shape_of(out)))

        return note

    for path, child in module.named_modules():
        child.register_forward_hook(hook(path), with_kwargs=True)
    with torch.no_grad():
        module(*args)
    return seen


def tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    return dict([*module.named_parameters(), *module.named_buffers()])


@pytest.mark.parametrize("name", CASES)
def test_dry_equals_real(name: str) -> None:
    """Shapes in and out of every module and of every lazy parameter are those of a real forward."""
    make, args = CASES[name]
    module, real = make(), make().eval()
    before = bits_of(module)
    seen = observe(module, args)
    assert seen.stopped is None
    assert bits_of(module) == before
    assert {p: (r.inputs, r.outputs) for p, r in seen.runs.items()} == really(real, args)
    lazy = [n for n, t in tensors(module).items() if is_lazy(t)]
    shaped = {n: tuple(t.shape) for n, t in tensors(real).items() if n in lazy and not is_lazy(t)}
    assert {n: shape for n, (shape, _) in seen.shapes.items()} == shaped


@pytest.mark.parametrize("name", STOPPED)
def test_selection_by_floats_is_told(name: str) -> None:
    """A pooling that floats decide stops with the operator and its module, the rest unharmed."""
    make, args = STOPPED[name]
    seen = observe(make(), args)
    assert seen.stopped is not None
    assert (seen.stopped.operator, seen.stopped.module) == ("aten.nonzero", "select")
    assert not seen.runs[""].flops_exact


@pytest.mark.parametrize("name", ["GATv2", "SAGE bipartite", "HeteroDictLinear", "GCN model", "NN",
                                  "to_hetero of SAGE", "PointTransformer"])
@pytest.mark.parametrize("train", [False, True])
def test_materialize_draws_as_a_first_forward(name: str, train: bool) -> None:
    """From one seed, materialize and a real forward give the same parameters, bit by bit."""
    make, args = CASES[name]
    made = []
    for materialise in (True, False):
        torch.manual_seed(3)
        module = make().train(train)
        torch.manual_seed(5)
        if materialise:
            materialize(module, args)
        else:
            with torch.no_grad():
                module(*args)
        made.append({n: t.detach().clone() for n, t in module.named_parameters()})
    assert made[0].keys() == made[1].keys()
    assert all(torch.equal(made[0][n], made[1][n]) for n in made[0])
