"""What `example_input_array` and a batch may be, in whole fits that initialise from it."""

from __future__ import annotations

from typing import Any, NamedTuple

import lightning.pytorch as lp
import pytest
import torch
from models import fit
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader as GraphLoader
from torch_geometric.nn import GATv2Conv

from weighbridge.lightning import ModelSummary, summarize
from weighbridge.live.materialize import MaterializeError


class Pair(NamedTuple):
    """An example that has names."""

    x: Tensor
    y: Tensor


class _Base(lp.LightningModule):
    def __init__(self, layer: nn.Module, example: Any = None) -> None:
        super().__init__()
        self.layer = layer
        self.example_input_array = example

    def training_step(self, batch: Any, _: int) -> Tensor:
        given = batch if self.example_input_array is None else self.example_input_array
        return (self(*given) if isinstance(given, list) else self(given)).mean()

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Whole(_Base):
    """Forward takes both at once."""

    def forward(self, both: Any) -> Tensor:
        x, y = (both.x, both.y) if isinstance(both, Pair) else both.values()
        return self.layer(x + y)


class Apart(_Base):
    """Forward takes one, or two."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layer(x if y is None else x + y)

    def training_step(self, batch: Any, _: int) -> Tensor:
        return self(torch.zeros(2, 3)).mean()


class Sequences(_Base):
    """An LSTM of sequences of their own lengths, and a lazy layer over every step."""

    def __init__(self, example: PackedSequence) -> None:
        super().__init__(nn.LSTM(3, 4, batch_first=True), example)
        self.head = nn.LazyLinear(2)

    def forward(self, packed: PackedSequence) -> Tensor:
        return self.head(self.layer(packed)[0].data)


class Graphs(_Base):
    """Forward takes a whole graph."""

    def forward(self, data: Any) -> Tensor:
        return self.layer(data.x, data.edge_index)


class Features(_Base):
    """Forward takes parts of a graph by their names."""

    def forward(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor | None = None) -> Tensor:
        return self.layer(x, edge_index)

    def training_step(self, batch: Any, _: int) -> Tensor:
        return self(batch.x, batch.edge_index).mean()


def graph() -> Any:
    """Three nodes of 16 features in a line."""
    return Data(x=torch.zeros(3, 16), edge_index=torch.tensor([[0, 1], [1, 2]]))


X, Y = torch.zeros(2, 3), torch.zeros(2, 3)
NOTHING = [0]  # a loader of one batch that is not looked at


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (Whole, Pair(X, Y)),
        (Whole, {"x": X, "y": Y}),
        (Apart, X),
        (Apart, (X,)),
        (Apart, (X, Y)),
        (Apart, [X, Y]),
        (Apart, Pair(X, Y)),
        (Apart, {"x": X}),
        (Apart, {"x": X, "y": Y}),
    ],
)
def test_examples_as_forward_takes_them(model: Any, example: Any, tables: list[str]) -> None:
    """Lightning takes every list, tuple and dictionary apart, whatever forward takes."""
    fit(model(nn.LazyLinear(4), example), ModelSummary(initialize=True), NOTHING)
    assert tables[0].splitlines()[3:4] == [
        "0 | layer | Linear | 16     | train | 48    | [2, 3]   | [2, 4]   "
    ]


def test_a_packed_sequence(tables: list[str]) -> None:
    """Lightning takes it apart. 5 + 3 + 2 steps: 4 gates of 3 + 4 inputs and 4 outputs, then 4 · 2, each 2 FLOPs."""
    lengths = torch.tensor([5, 3, 2])
    example = pack_padded_sequence(torch.zeros(3, 5, 3), lengths, batch_first=True)
    fit(Sequences(example), ModelSummary(initialize=True), NOTHING)
    assert tables[0].splitlines()[3:5] == [
        "0 | layer | LSTM   | 144    | train | 2.2 K | [10, 3]  | [[10, 4], [[1, 3, 4], [1, 3, 4]]]",
        "1 | head  | Linear | 10     | train | 160   | [10, 4]  | [10, 2]                          ",
    ]
    assert summarize(Sequences(example)).total_flops == 10 * 2 * 4 * (3 + 4) * 4 + 10 * 2 * 4 * 2


def test_a_graph(tables: list[str]) -> None:
    """Its sizes are told by their keys; Lightning writes "?"."""
    fit(HandsOn(Graphs(GATv2Conv(-1, 8)), graph()), ModelSummary(initialize=True), NOTHING)
    assert tables[0].splitlines()[3] == (
        "0 | layer | Graphs | 288    | train | 1.5 K | {x: [3, 16], edge_index: [2, 2]} | [3, 8]   "
    )


class HandsOn(_Base):
    """Hands on what it is given."""

    def forward(self, given: Any) -> Tensor:
        return self.layer(given)


@pytest.mark.parametrize("model", [Graphs, Features])
def test_a_batch_of_graphs(model: Any) -> None:
    """Taken whole, or by the names that forward has."""
    net = model(GATv2Conv(-1, 8))
    fit(net, ModelSummary(initialize="batch"), GraphLoader([graph(), graph()], batch_size=2))
    assert net.layer.lin_l.weight.shape == (8, 16)


@pytest.mark.parametrize("given", ["loader", "datamodule", "module"])
def test_a_batch_with_its_target(given: str) -> None:
    """Forward gets the first value of the two; the loader is where Lightning would find it."""
    data = torch.utils.data.TensorDataset(torch.zeros(4, 3), torch.zeros(4))
    batches = torch.utils.data.DataLoader(data, batch_size=2, shuffle=True)

    class Module(lp.LightningDataModule):
        def train_dataloader(self) -> Any:
            return batches

    class Own(Apart):
        def train_dataloader(self) -> Any:
            return batches

    net = Own(nn.LazyLinear(4)) if given == "module" else Apart(nn.LazyLinear(4))
    source = {"loader": batches, "datamodule": Module(), "module": None}[given]
    fit(net, ModelSummary(initialize="batch"), source)
    assert net.layer.weight.shape == (4, 3)


def test_a_batch_that_forward_cannot_take() -> None:
    """Two loaders make a dictionary of batches: which of them forward gets, its training_step alone knows."""
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(4, 3)), batch_size=2)
    with pytest.raises(MaterializeError) as error:
        fit(Apart(nn.LazyLinear(4)), ModelSummary(initialize="batch"), {"one": data, "other": data})
    assert str(error.value) == (
        "initialize='batch': layer: forward raised AttributeError: 'str' object has no attribute 'shape'. The line is"
        " examples_test.py:54: `return self.layer(x if y is None else x + y)`. If forward is given another part of the"
        " batch, set `example_input_array` and give initialize=True."
    )
