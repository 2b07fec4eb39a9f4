"""The same as main.cpp in Python, with torch_geometric: the accuracy of the checkpoint with the best validation loss, for
several seeds.

    python examples/gatv2/peer.py karate|digits [SEEDS]"""
import gzip
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch_geometric.nn import GATv2Conv

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"


def karate():
    rows = [line.split() for line in (DATA / "karate.txt").read_text().splitlines() if not line.startswith("#")]
    y = torch.tensor([int(row[2]) for row in rows if row[0] == "member"])
    there = torch.tensor([[int(row[1]), int(row[2])] for row in rows if row[0] == "friends"]).t()
    return torch.eye(len(y)), torch.cat([there, there.flip(0)], 1), y


def digits():
    with gzip.open(DATA / "digits.csv.gz", "rt") as file:
        table = torch.tensor([[float(cell) for cell in line.split(",")] for line in file])
    x, y = table[:, :64] / 16, table[:, 64].long()
    distances = torch.cdist(x, x).fill_diagonal_(float("inf"))
    nearest = distances.topk(8, largest=False).indices
    return x, torch.stack([nearest.flatten(), torch.arange(len(y)).repeat_interleave(8)]), y


def split(y, classes, per_class, seed):
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    train = torch.cat([order[y[order] == i][:per_class] for i in range(classes)])
    others = order[~torch.isin(order, train)]
    return train, others[:len(others) // 3], others[len(others) // 3:]


class GAT(nn.Module):
    def __init__(self, channels, classes, dropout):
        super().__init__()
        self.conv1 = GATv2Conv(-1, channels, heads=4, dropout=dropout)
        self.conv2 = GATv2Conv(-1, classes, dropout=dropout)
        self.dropout = dropout

    def forward(self, x, edge_index):
        x = F.elu(self.conv1(F.dropout(x, self.dropout, self.training), edge_index))
        return self.conv2(F.dropout(x, self.dropout, self.training), edge_index)


def accuracy(graph, nodes, model, epochs):
    (x, edge_index, y), (train, validation, test) = graph, nodes
    model(x, edge_index)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
    best, at_best = float("inf"), 0.0
    for _ in range(epochs):
        model.train()
        optimizer.zero_grad()
        F.cross_entropy(model(x, edge_index)[train], y[train]).backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            logits = model(x, edge_index)
        loss = F.cross_entropy(logits[validation], y[validation]).item()
        if loss < best:
            best, at_best = loss, (logits[test].argmax(1) == y[test]).float().mean().item()
    return at_best


which = sys.argv[1]
graph = {"karate": karate, "digits": digits}[which]()
nodes = split(graph[2], 2, 4, 3) if which == "karate" else split(graph[2], 10, 20, 0)
for seed in range(int(sys.argv[2]) if len(sys.argv) > 2 else 5):
    torch.manual_seed(seed)
    model = GAT(8, 2, 0.3) if which == "karate" else GAT(16, 10, 0.2)
    print(f"seed {seed}: {accuracy(graph, nodes, model, 100 if which == 'karate' else 60):.4f}")
