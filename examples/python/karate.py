"""A graph attention network learns from four members of a karate club on whose side the others were.

Its layers are lazy; the callback gives them their sizes before the optimizer asks for them.

    python karate.py ../data/karate.txt
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from torch_geometric.nn import GATv2Conv

from weighbridge.lightning import ModelSummary


def read(path: str) -> tuple[Tensor, Tensor]:
    """Friendships in both directions [2, 156], and the side of each of the 34 members."""
    rows = [line.split() for line in Path(path).read_text().splitlines()]
    friends = torch.tensor([[int(a), int(b)] for kind, a, b, *_ in (r for r in rows if r[0] == "friends")]).t()
    sides = torch.tensor([int(row[2]) for row in rows if row[0] == "member"])
    return torch.cat([friends, friends.flip(0)], 1), sides


class Club(LightningModule):
    """Two layers of attention; a member's only feature is who it is."""

    def __init__(self, edges: Tensor, sides: Tensor) -> None:
        super().__init__()
        self.conv1 = GATv2Conv(-1, 8, heads=4)
        self.conv2 = GATv2Conv(-1, 2)
        self.edges, self.sides = edges, sides
        self.example_input_array = (torch.eye(len(sides)), edges)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        return self.conv2(self.conv1(x, edges).relu(), edges)

    def training_step(self, members: Tensor, _: int) -> Tensor:
        return cross_entropy(self(*self.example_input_array)[members], self.sides[members])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.01)


seed_everything(0, verbose=False)
edges, sides = read(sys.argv[1])
club = Club(edges, sides)
trainer = Trainer(
    accelerator="cpu",
    max_epochs=100,
    callbacks=[ModelSummary(initialize=True, strict=True)],
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
)
trainer.fit(club, DataLoader([torch.tensor([0, 1, 32, 33])], batch_size=None))

with torch.no_grad():
    right = club(*club.example_input_array).argmax(1) == sides
print(f"{int(right.sum())} of {len(sides)} members are placed where they went")
