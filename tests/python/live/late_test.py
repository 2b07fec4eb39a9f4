"""Parameters that are made when a forward asks for them are those that a copy made at once would have."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.overrides import TorchFunctionMode

from weighbridge.live.copy_of import Twins
from weighbridge.live.fakes import Fakes
from weighbridge.live.late import Late
from weighbridge.live.observe import observe


class Asks(nn.Module):
    """Its forward asks for the parameters of its Linear in a way of its own."""

    def __init__(self, how: Callable[[nn.Linear, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.how = how
        self.last = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.how(self.fc, x))


def by_vmap(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    return torch.vmap(lambda row: fc.weight @ row)(x)


def by_gradient(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    out = torch.func.grad(lambda y: (y @ fc.weight.t()).sum())(x) @ fc.weight.t()
    assert not torch._C._functorch.is_functorch_wrapped_tensor(fc.weight)
    return out


def in_inference_mode(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        weight = fc.weight
    assert not weight.is_inference()
    return x @ weight.t()


class Doubles(TorchFunctionMode):
    """What is made within it has twice the elements."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        return torch.cat([out, out]) if func in (torch.empty, torch.empty_strided) else out


def in_a_function_mode(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    with Doubles():
        return x @ fc.weight.t()


def by_functional_call(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    parameters = {name: torch.cat([p, p]) for name, p in fc.named_parameters()}
    return torch.func.functional_call(fc, parameters, (x,))


def by_a_copy(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    again = copy.deepcopy(fc)
    again.weight.data = torch.zeros(5, 4)
    again.bias = None
    return again(x)


def by_the_dictionary(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    held, merged = dict(fc._parameters), {**fc._parameters}
    assert list(held) == ["weight", "bias"] and len(fc._parameters) == 2
    assert held["weight"] is merged["weight"] is fc.weight is fc._parameters.copy()["weight"]
    return x @ held["weight"].t()


def by_another_weight(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    fc.weight = nn.Parameter(torch.zeros(6, 4))
    fc.bias = None
    return fc(x)


def without_bias(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    bias = fc._parameters.pop("bias")
    assert bias is not None
    fc.register_parameter("bias", None)
    return fc(x)


@pytest.mark.parametrize(
    "how",
    [by_vmap, by_gradient, in_inference_mode, in_a_function_mode, by_functional_call, by_a_copy, by_the_dictionary,
     by_another_weight, without_bias],
)
def test_whatever_way_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, how: Callable[[nn.Linear, torch.Tensor], torch.Tensor]
) -> None:
    x, model = torch.randn(2, 4), Asks(how)
    seen = observe(model, (x,))
    assert seen.stopped is None
    monkeypatch.setattr("weighbridge.live.copy_of.may_wait", lambda held: False)
    assert observe(model, (x,)).runs == seen.runs
    with torch.no_grad():
        assert seen.runs["last"].outputs == tuple(model(x).shape)


def test_writing_reaches_no_original() -> None:
    def zeroed(fc: nn.Linear, x: torch.Tensor) -> torch.Tensor:
        nn.init.zeros_(fc.weight)
        fc.bias.zero_()
        return fc(x)

    model = Asks(zeroed)
    weight, bias = model.fc.weight.detach().clone(), model.fc.bias.detach().clone()
    assert observe(model, (torch.randn(2, 4),)).stopped is None
    assert torch.equal(model.fc.weight, weight) and torch.equal(model.fc.bias, bias)


class Tied(nn.Module):
    """Two layers of one weight, of which one is asked for it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.embedding = nn.Embedding(9, 4)
        self.head = nn.Linear(4, 9, bias=False)
        self.second.weight, self.head.weight = self.first.weight, self.embedding.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert self.second.weight is self.first.weight and self.head.weight is self.embedding.weight
        assert [name for name, _ in self.named_parameters()] == [
            "first.weight", "first.bias", "second.bias", "embedding.weight",
        ]
        return self.head(self.second(x))


def test_ties_are_kept() -> None:
    seen = observe(Tied(), (torch.randn(2, 4),))
    assert seen.stopped is None and seen.runs["head"].outputs == (2, 9)


def test_which_parameters_wait() -> None:
    """Those of PyTorch's own Linear, while nothing was added to them; names alone do not make them."""
    plain, marked = nn.Linear(4, 3), nn.Linear(4, 3)
    marked.weight.mark = "of another"  # type: ignore[attr-defined]
    twins = Twins(Fakes(), late=True)
    held = twins.module(plain)._parameters
    assert isinstance(held, Late) and held.waits
    assert "weight" in held and list(held.keys()) == ["weight", "bias"] and held.waits
    assert type(held["bias"]) is FakeTensor and held["bias"].requires_grad and not held.waits
    for module in (marked, nn.Conv2d(1, 1, 1)):
        assert type(twins.module(module)._parameters) is dict
    assert type(Twins(Fakes()).module(nn.Linear(4, 3))._parameters) is dict
