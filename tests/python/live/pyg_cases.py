"""Graph networks of PyG on one small graph: how each is made, and what it is called with."""

from __future__ import annotations

from typing import Any, Callable

import torch
import torch_geometric.nn as g
from torch import nn

NODES, FEATURES, EDGES = 12, 7, 40
Case = tuple[Callable[[], nn.Module], tuple[Any, ...]]

_draw = torch.Generator().manual_seed(0)
x = torch.randn(NODES, FEATURES, generator=_draw)
edges = torch.randint(0, NODES, (2, EDGES), generator=_draw)
edge_features = torch.rand(EDGES, 3, generator=_draw)
edge_weight = torch.rand(EDGES, generator=_draw)
positions = torch.rand(NODES, 3, generator=_draw)
edge_types = torch.randint(0, 3, (EDGES,), generator=_draw)
node_types = torch.randint(0, 2, (NODES,), generator=_draw)
batch = torch.tensor([0] * 5 + [1] * 7)
dense = torch.ones(1, NODES, NODES)
by_target = edges[:, edges[1].sort()[1]]

A_TO_B, B_TO_A = ("a", "to", "b"), ("b", "to", "a")
METADATA = (["a", "b"], [A_TO_B, B_TO_A])
hetero: tuple[Any, ...] = ({"a": x, "b": x}, {A_TO_B: edges, B_TO_A: edges})


def mlp(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(g.Linear(inputs, outputs), nn.ReLU())


def to_hetero(make: Callable[[], nn.Module]) -> nn.Module:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.lin = make(), g.Linear(-1, 4)

        def forward(self, x: Any, edge_index: Any) -> Any:
            return self.lin(self.conv1(x, edge_index).relu())

    return g.to_hetero(Net(), METADATA)


def hetero_conv() -> nn.Module:
    return g.HeteroConv({
        A_TO_B: g.SAGEConv((-1, -1), 8),
        B_TO_A: g.GATv2Conv((-1, -1), 8, add_self_loops=False),
    })


PLAIN: dict[str, Callable[[], nn.Module]] = {
    "SAGE": lambda: g.SAGEConv(-1, 8),
    "SAGE normalised": lambda: g.SAGEConv(-1, 8, normalize=True),
    "SAGE max": lambda: g.SAGEConv(-1, 8, aggr="max"),
    "GCN": lambda: g.GCNConv(-1, 8),
    "GAT": lambda: g.GATConv(-1, 8, heads=2),
    "GATv2": lambda: g.GATv2Conv(-1, 8, heads=2),
    "Graph": lambda: g.GraphConv(-1, 8),
    "Transformer": lambda: g.TransformerConv(-1, 8, heads=2, beta=True),
    "GIN": lambda: g.GINConv(mlp(-1, 8)),
    "ResGated": lambda: g.ResGatedGraphConv(-1, 8),
    "GEN": lambda: g.GENConv(-1, 8),
    "LE": lambda: g.LEConv(-1, 8),
    "Edge": lambda: g.EdgeConv(mlp(-1, 8)),
    "ARMA": lambda: g.ARMAConv(-1, 8, num_stacks=2, num_layers=2),
    "SG": lambda: g.SGConv(-1, 8, K=2),
    "SSG": lambda: g.SSGConv(-1, 8, alpha=0.1),
    "FiLM": lambda: g.FiLMConv(-1, 8),
    "MF": lambda: g.MFConv(-1, 8),
    "ClusterGCN": lambda: g.ClusterGCNConv(-1, 8),
    "FeaSt": lambda: g.FeaStConv(-1, 8, heads=2),
    "EG": lambda: g.EGConv(FEATURES, 8),
    "SuperGAT": lambda: g.SuperGATConv(-1, 8, heads=2),
    "Hypergraph": lambda: g.HypergraphConv(-1, 8),
    "TAG": lambda: g.TAGConv(FEATURES, 8),
    "Cheb": lambda: g.ChebConv(-1, 8, 2),
    "Cheb of 1": lambda: g.ChebConv(-1, 8, 1),
    "AGNN": lambda: g.AGNNConv(),
    "APPNP": lambda: g.APPNP(2, 0.1),
    "Gated": lambda: g.GatedGraphConv(8, 2),
    "LINKX": lambda: g.LINKX(NODES, -1, 8, 4, 2),
    "GCN model": lambda: g.GCN(-1, 8, 2),
    "GraphSAGE with an LSTM": lambda: g.GraphSAGE(-1, 8, 2, 4, jk="lstm"),
    "GIN model": lambda: g.GIN(-1, 8, 2),
    "GAT model": lambda: g.GAT(-1, 8, 2, v2=True, heads=2),
    "EdgeCNN": lambda: g.EdgeCNN(FEATURES, 8, 2),
}
CASES: dict[str, Case] = {name: (make, (x, edges)) for name, make in PLAIN.items()}
CASES |= {
    "SAGE bipartite": (lambda: g.SAGEConv((-1, -1), 8), ((x, x), edges)),
    "GCN weighted": (lambda: g.GCNConv(-1, 8), (x, edges, edge_weight)),
    "GCN2": (lambda: g.GCN2Conv(FEATURES, 0.1), (x, x, edges)),
    "GAT bipartite": (
        lambda: g.GATConv((-1, -1), 8, heads=2, add_self_loops=False), ((x, x), edges)),
    "GAT with edges": (lambda: g.GATConv(-1, 8, edge_dim=3), (x, edges, edge_features)),
    "GATv2 with edges": (
        lambda: g.GATv2Conv(-1, 8, heads=2, edge_dim=3, residual=True), (x, edges, edge_features)),
    "GATv2 bipartite": (lambda: g.GATv2Conv((-1, -1), 8, add_self_loops=False), ((x, x), edges)),
    "Transformer with edges": (
        lambda: g.TransformerConv((-1, -1), 8, edge_dim=3), ((x, x), edges, edge_features)),
    "GINE": (lambda: g.GINEConv(nn.Sequential(nn.Linear(FEATURES, 8)), edge_dim=3),
             (x, edges, edge_features)),
    "GEN softmax": (lambda: g.GENConv(-1, 8, aggr="softmax", learn_t=True, edge_dim=3),
                    (x, edges, edge_features)),
    "NN": (lambda: g.NNConv(FEATURES, 8, mlp(-1, FEATURES * 8)), (x, edges, edge_features)),
    "GMM": (lambda: g.GMMConv(-1, 8, dim=3, kernel_size=2), (x, edges, edge_features)),
    "PointTransformer": (lambda: g.PointTransformerConv(-1, 8), (x, positions, edges)),
    "PointNet": (lambda: g.PointNetConv(mlp(-1, 8)), (x, positions, edges)),
    "RGCN": (lambda: g.RGCNConv(FEATURES, 8, 3), (x, edges, edge_types)),
    "RGCN with bases": (lambda: g.RGCNConv(FEATURES, 8, 3, num_bases=2), (x, edges, edge_types)),
    "FastRGCN": (lambda: g.FastRGCNConv(FEATURES, 8, 3), (x, edges, edge_types)),
    "RGAT": (lambda: g.RGATConv(FEATURES, 8, 3), (x, edges, edge_types)),
    "HEAT": (lambda: g.HEATConv(FEATURES, 8, 2, 3, 4, 3, 5),
             (x, edges, node_types, edge_types, edge_features)),
    "CG": (lambda: g.CGConv(FEATURES, 3), (x, edges, edge_features)),
    "DNA": (lambda: g.DNAConv(8), (torch.ones(NODES, 3, 8), edges)),
    "Signed": (lambda: g.SignedConv(FEATURES, 8, first_aggr=True), (x, edges, edges)),
    "GPS": (lambda: g.GPSConv(FEATURES, g.GINConv(mlp(-1, FEATURES)), heads=1), (x, edges, batch)),
    "HeteroLinear": (lambda: g.HeteroLinear(-1, 8, 2), (x, node_types)),
    "HeteroDictLinear": (
        lambda: g.HeteroDictLinear(-1, 8, types=["a", "b"]), ({"a": x, "b": x},)),
    "HGT": (lambda: g.HGTConv(-1, 8, METADATA, heads=2), hetero),
    "HAN": (lambda: g.HANConv(-1, 8, METADATA, heads=2), hetero),
    "HeteroConv": (hetero_conv, hetero),
    "to_hetero of SAGE": (lambda: to_hetero(lambda: g.SAGEConv((-1, -1), 8)), hetero),
    "to_hetero of GATv2": (
        lambda: to_hetero(lambda: g.GATv2Conv((-1, -1), 8, add_self_loops=False)), hetero),
    "SAGE lstm": (lambda: g.SAGEConv(FEATURES, 8, aggr="lstm"), (x, by_target)),
    "Set2Set": (lambda: g.Set2Set(FEATURES, 2), (x, batch)),
    "GraphNorm": (lambda: g.GraphNorm(FEATURES), (x, batch)),
    "Attention": (lambda: g.aggr.AttentionalAggregation(g.Linear(-1, 1)), (x, batch)),
    "DMoN": (lambda: g.DMoNPooling(FEATURES, 3), (x[None], dense)),
    "DenseSAGE": (lambda: g.DenseSAGEConv(FEATURES, 8), (x[None], dense)),
    "DenseGCN": (lambda: g.DenseGCNConv(FEATURES, 8), (x[None], dense)),
}
# What floats select: these must be told in words.
STOPPED: dict[str, Case] = {
    "TopK": (lambda: g.TopKPooling(FEATURES), (x, edges)),
    "SAG": (lambda: g.SAGPooling(FEATURES), (x, edges)),
}
