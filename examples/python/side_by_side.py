"""Lightning's summary beside ours, of models that each have one thing about them.

    python side_by_side.py         # all of them
    python side_by_side.py LSTM    # one
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.model_summary import ModelSummary
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence
from torch_geometric.data import Data
from torch_geometric.nn import GATv2Conv

from weighbridge.lightning import summarize


class GAT(LightningModule):
    """A graph attention network: how many features a node has, the first input tells."""

    def __init__(self, example: Any = None) -> None:
        super().__init__()
        self.conv1 = GATv2Conv(-1, 8)
        self.fc = nn.Linear(8, 2)
        self.example_input_array = example

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        return self.fc(self.conv1(x, edge_index).relu())


class Chain(LightningModule):
    """One layer after the other."""

    def __init__(self, example: Any, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.example_input_array = example

    def forward(self, x: Any) -> Any:
        for layer in self.children():
            x = layer(x)
        return x


class Tied(LightningModule):
    """The head's weight is the embedding's; a parameter that is in no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embedding.weight
        self.scale = nn.Parameter(torch.ones(5))
        self.example_input_array = torch.tensor([[1, 2, 3]])

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.embedding(ids))


class TwoDtypes(LightningModule):
    """A million weights of two bytes each, a million of four."""

    def __init__(self) -> None:
        super().__init__()
        self.half = nn.Linear(1000, 1000, bias=False).bfloat16()
        self.full = nn.Linear(1000, 1000, bias=False)


class LanguageModel(LightningModule):
    """GPT-2 of transformers, with two small blocks."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import GPT2Config, GPT2LMHeadModel

        sizes = {"vocab_size": 96, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
        self.gpt = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=None, eos_token_id=None))
        self.example_input_array = torch.zeros(2, 11, dtype=torch.long)

    def forward(self, ids: Tensor) -> Tensor:
        return self.gpt(ids).logits


class Sequences(LightningModule):
    """An LSTM of sequences of their own lengths."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 4)
        self.head = nn.Linear(4, 2)
        self.example_input_array = pack_padded_sequence(torch.zeros(5, 3, 3), torch.tensor([5, 3, 2]))

    def forward(self, packed: PackedSequence) -> Tensor:
        return self.head(self.rnn(packed)[0].data)


class Energy(LightningModule):
    """Forces: forward takes the gradient of an energy by the places."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 8)
        self.last = nn.Linear(8, 1)
        self.example_input_array = torch.zeros(5, 3)

    def forward(self, places: Tensor) -> Tensor:
        with torch.enable_grad():
            places = places.detach().requires_grad_()
            return torch.autograd.grad(self.last(self.first(places).tanh()).sum(), places)[0]


class Graphs(LightningModule):
    """Forward takes a whole graph of torch_geometric."""

    def __init__(self) -> None:
        super().__init__()
        self.gat = OfGraph()
        self.example_input_array = Data(x=torch.zeros(4, 16), edge_index=torch.tensor([[0, 1, 2], [1, 2, 3]]))

    def forward(self, data: Data) -> Tensor:
        return self.gat(data)


class OfGraph(nn.Module):
    """Takes the graph apart itself."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = GATv2Conv(-1, 8)

    def forward(self, data: Data) -> Tensor:
        return self.conv(data.x, data.edge_index)


def encoder() -> LightningModule:
    """An encoder of two layers, 50 tokens of two sentences."""
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    return Chain(torch.zeros(2, 25, 32), encoder=nn.TransformerEncoder(layer, 2))


def convolutions() -> LightningModule:
    """What both tell alike."""
    return Chain(torch.zeros(1, 3, 8, 8), conv=nn.Conv2d(3, 8, 3), norm=nn.BatchNorm2d(8), act=nn.ReLU())


X, EDGES = torch.zeros(4, 16), torch.tensor([[0, 1, 2], [1, 2, 3]])
MODELS: dict[str, Callable[[], LightningModule]] = {
    "GAT without an example": GAT,
    "GAT with an example": lambda: GAT((X, EDGES)),
    "convolutions": convolutions,
    "encoder": encoder,
    "LSTM": lambda: Chain(torch.zeros(5, 2, 3), rnn=nn.LSTM(3, 4)),
    "ties": Tied,
    "dtypes": TwoDtypes,
    "GPT-2": LanguageModel,
    "packed sequences": Sequences,
    "energy": Energy,
    "graph": Graphs,
}


def of_lightning(name: str, depth: int = 1) -> str:
    """The text of Lightning's summary, or the error that it ends with."""
    try:
        return text_of(ModelSummary(MODELS[name](), depth))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def of_weighbridge(name: str, depth: int = 1) -> str:
    """The text of ours."""
    return text_of(summarize(MODELS[name](), depth))


def text_of(summary: object) -> str:
    """Without the blanks at the ends of lines; what is warned of is in docs/python.md."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return "\n".join(line.rstrip() for line in str(summary).splitlines())


if __name__ == "__main__":
    for name in sys.argv[1:] or MODELS:
        print(f"{name}: {MODELS[name].__doc__ or ''}\n\nLightning\n\n{of_lightning(name)}\n")
        print(f"Weighbridge\n\n{of_weighbridge(name)}\n")
