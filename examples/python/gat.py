"""A graph attention network alive in Python, from -1 channels to initialised."""

import torch
from torch_geometric.nn import GATv2Conv

import weighbridge


class GAT(torch.nn.Module):
    """Two layers; how many features a node has, the first input tells."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = GATv2Conv(-1, 8)
        self.fc = torch.nn.Linear(8, 2)

    def forward(self, x: torch.Tensor, edge_index: torch.Tensor) -> torch.Tensor:
        return self.fc(self.conv1(x, edge_index).relu())


model = GAT()
x = torch.randn(5, 16)
edge_index = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 4]])

print(weighbridge.summarize(model))  # 16·in + 32
print(weighbridge.summarize(model, x, edge_index))  # 288, shapes, FLOPs; nothing is computed

weighbridge.materialize(model, x, edge_index)  # initialised, without a forward
print(weighbridge.summarize(model))
