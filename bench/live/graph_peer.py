"""Forward and backward of torch_geometric's GATv2Conv on a random graph, as graph_attention.cpp does it: prints seconds,
the median of several runs after one that does not count, and peak memory in bytes above that before the first run."""
import resource
import statistics
import sys
import time

import torch
from torch_geometric.nn import GATv2Conv

NODES, EDGES, IN_CHANNELS, RUNS = 100_000, 2_000_000, 16, 5


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def seconds_of_run(layer, x, edge_index):
    begin = time.perf_counter()
    layer.zero_grad()
    layer(x, edge_index).sum().backward()
    return time.perf_counter() - begin


heads = int(sys.argv[1]) if len(sys.argv) > 1 else 8
channels = int(sys.argv[2]) if len(sys.argv) > 2 else 8
torch.manual_seed(0)
x = torch.randn(NODES, IN_CHANNELS)
edge_index = torch.randint(NODES, (2, EDGES))
layer = GATv2Conv(IN_CHANNELS, channels, heads=heads)
before = peak_bytes()
seconds_of_run(layer, x, edge_index)
seconds = statistics.median(seconds_of_run(layer, x, edge_index) for _ in range(RUNS))
print(f"{seconds:f} {peak_bytes() - before}")
