"""What stops a dry run, what does not, and that neither changes the module."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from bits import bits_of
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from weighbridge.live.materialize import MaterializeError, materialize
from weighbridge.live.observe import observe

ADVICE = (" A dry run computes no floats. What ran before is known; for the rest, run the forward for"
          " real with forward=\"real\", or guard this line.")


class Net(nn.Module):
    """A lazy layer, and then what a test wants of its output."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.dead = nn.LazyLinear(4), nn.LazyLinear(3)

    def forward(self, x: torch.Tensor) -> Any:
        return self.then(self.first(x))

    def then(self, x: torch.Tensor) -> Any:
        return x


class Branch(Net):
    def then(self, x: torch.Tensor) -> Any:
        return x if x.sum() > 0 else -x  # decides


class Mask(Net):
    def then(self, x: torch.Tensor) -> Any:
        return x[x[:, 0] > 0]  # selects


class Numpy(Net):
    def then(self, x: torch.Tensor) -> Any:
        return x.numpy()  # leaves


class Wrong(Net):
    def then(self, x: torch.Tensor) -> Any:
        raise KeyError("edge_attr")


STOPS: dict[type[Net], tuple[str, str, str]] = {
    Branch: ("aten._local_scalar_dense", "return x if x.sum() > 0 else -x  # decides",
             "aten._local_scalar_dense: the value of a float decides what happens next (an `if`,"
             " `.item()`, `int()` or `float()` of a tensor)." + ADVICE),
    Mask: ("aten.nonzero", "return x[x[:, 0] > 0]  # selects",
           "aten.nonzero: the values of floats decide how many elements there are (a mask made of"
           " floats, `nonzero`, `where`)." + ADVICE),
    Numpy: ("Tensor.numpy", "return x.numpy()  # leaves",
            "Tensor.numpy: the values of a tensor are handed to numpy." + ADVICE),
    Wrong: ("", 'raise KeyError("edge_attr")', "forward raised KeyError: 'edge_attr'."),
}


@pytest.mark.parametrize("kind", STOPS)
def test_stop_tells_where_and_why(kind: type[Net]) -> None:
    """The operator, the line and why; what ran before is known, and the module is unchanged."""
    module = kind().train()
    before = bits_of(module)
    seen = observe(module, (torch.zeros(5, 8),))
    assert bits_of(module) == before
    operator, code, message = STOPS[kind]
    assert seen.stopped is not None
    assert (seen.stopped.operator, seen.stopped.module) == (operator, "")
    assert seen.stopped.line.startswith("observe_test.py:")
    assert seen.stopped.line.endswith(": " + code)
    assert seen.stopped.message == message
    assert seen.shapes == {"first.weight": ((4, 8), "float32"), "first.bias": ((4,), "float32")}
    assert (seen.runs["first"].flops, seen.runs["first"].flops_exact) == (2 * 5 * 8 * 4, True)
    assert not seen.runs[""].flops_exact


class Energy(nn.Module):
    """Forces: the gradient of the energy, taken within forward."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, positions: torch.Tensor) -> Any:
        with torch.enable_grad():
            positions = positions.detach().requires_grad_()
            energy = self.net(positions).sum()
            forces, = torch.autograd.grad(energy, positions)
        return energy, -forces


class LightningModule(nn.Module):
    """What is left of Lightning's without a trainer: a log that may not be called."""

    def log(self, *_: Any) -> None:
        raise RuntimeError("You can't self.log() here")

    def forward(self, x: torch.Tensor) -> Any:
        self.log("mean", x.mean())
        return x + 1


class Held(nn.Module):
    """Tensors that deepcopy refuses: no leaf, in an attribute and in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8))
        self.twice, self.all = self.weight * 2, [self.weight * 3]

    def forward(self, x: torch.Tensor) -> Any:
        return x * self.twice + self.all[0]


class Counts(nn.Module):
    """Writes to its integer buffer and to its input."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def forward(self, ids: torch.Tensor) -> Any:
        self.seen += 1
        ids[0] = 7
        return ids.float()


def norm_of_an_old_kind() -> nn.Module:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nn.utils.weight_norm(nn.Linear(8, 4))


x = torch.zeros(5, 8)
FINE: dict[str, tuple[Any, Any, Any]] = {
    "energy": (Energy, torch.zeros(6, 3), [(), (6, 3)]),
    "log": (LightningModule, x, (5, 8)),
    "no leaf": (Held, x, (5, 8)),
    "old weight_norm": (norm_of_an_old_kind, x, (5, 4)),
    "weight_norm": (
        lambda: torch.nn.utils.parametrizations.weight_norm(nn.Linear(8, 4)), x, (5, 4)),
    "spectral_norm": (
        lambda: torch.nn.utils.parametrizations.spectral_norm(nn.Linear(8, 4)), x, (5, 4)),
    "lazy norm": (lambda: nn.Sequential(nn.LazyBatchNorm1d(), nn.LazyLinear(4)), x, (5, 4)),
    "lstm": (lambda: nn.LSTM(8, 4), x, [(5, 4), [(1, 4), (1, 4)]]),
    "packed": (lambda: nn.LSTM(8, 4), pack_padded_sequence(torch.zeros(5, 2, 8), [5, 3]),
               [(8, 4), [(1, 2, 4), (1, 2, 4)]]),
    "meta": (lambda: nn.Linear(8, 4, device="meta"), x, (5, 4)),
    "counts": (Counts, torch.arange(5), (5,)),
    "large counts": (Counts, torch.arange(200_000), (200_000,)),
}


@pytest.mark.parametrize("name", FINE)
@pytest.mark.parametrize("train", [False, True])
def test_fine_and_unchanged(name: str, train: bool) -> None:
    """What other tools refuse runs through, in both modes, and changes no bit of module or input."""
    make, given, out = FINE[name]
    module = make()
    before, was = bits_of(module), str(given)
    seen = observe(module, (given,), train=train)
    assert seen.stopped is None
    assert seen.runs[""].outputs == out
    assert (bits_of(module), str(given)) == (before, was)


def test_a_module_that_cannot_be_copied() -> None:
    """A module's own __deepcopy__ that raises is told, and nothing runs."""

    class Stubborn(nn.Linear):
        def __deepcopy__(self, memo: Any) -> Any:
            raise TypeError("no copies")

    seen = observe(nn.Sequential(Stubborn(8, 4)), (x,))
    assert seen.stopped is not None and seen.runs == {}
    assert seen.stopped.message == (
        "the module cannot be copied (TypeError: no copies), and a dry run works on a copy so that it"
        " changes nothing. Without inputs it can be summarised.")


def test_ten_thousand_nested_modules() -> None:
    """Deeper than Python can call: words, no crash."""
    module: nn.Module = nn.Linear(8, 4)
    for _ in range(10_000):
        module = nn.Sequential(module)
    seen = observe(module, (x,))
    assert seen.stopped is not None
    assert seen.stopped.message == (
        "modules are nested deeper than Python can call (RecursionError); sys.setrecursionlimit()"
        " raises what it allows.")


def test_shapes_by_key() -> None:
    """Keywords and dictionaries keep their names; a layer that is not reached is absent."""

    class Keyed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Linear(8, 2), nn.Linear(8, 3)

        def forward(self, batch: Any, scale: Any = None) -> Any:
            return {"logits": self.used(batch["x"]) * scale}

    seen = observe(Keyed(), ({"x": x, "id": 3},), {"scale": torch.ones(2)})
    assert seen.runs[""].inputs == [{"x": (5, 8), "id": None}, {"scale": (2,)}]
    assert seen.runs[""].outputs == {"logits": (5, 2)}
    assert list(seen.runs) == ["", "used"]


def test_materialize_is_all_or_nothing() -> None:
    """A second layer that refuses leaves the first without a shape, with its hooks and its class."""
    refused = nn.Sequential(nn.LazyLinear(4), nn.Linear(5, 6))
    before = bits_of(refused)
    with pytest.raises(MaterializeError) as error:
        materialize(refused, (x,))
    assert str(error.value) == ("1: forward raised RuntimeError in aten.addmm of [6], [5, 4] and [5, 6]: a and b must have same"
                                " reduction dim, but got [5, 4] X [5, 6].")
    assert bits_of(refused) == before


def test_materialize_gives_back_what_a_hook_refuses() -> None:
    """A layer whose own initialisation fails on real tensors: those before it are lazy again."""

    class Refuses(nn.LazyLinear):
        def reset_parameters(self) -> None:
            super().reset_parameters()
            if self.in_features and type(self.weight.data) is torch.Tensor and not self.weight.is_meta:
                raise ValueError("not today")

    module = nn.Sequential(nn.LazyLinear(4), Refuses(3))
    torch.manual_seed(0)
    before = bits_of(module)[4:]
    with pytest.raises(MaterializeError, match=r"^1: ValueError: not today$"):
        materialize(module, (x,))
    assert bits_of(module)[4:] == before
