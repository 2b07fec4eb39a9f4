// Self-loops that layers add (torch_geometric/utils/loop.py).
#pragma once

#include <cstdint>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"

namespace weigh::nn::graph {

struct EdgeList {
  torch::Tensor index;  // int64 [2, edges]
  torch::Tensor attr;   // [edges, ...], or undefined
};

// Drops the self-loops that are there and appends one for each of `loops` nodes; its features are `fill` of those of
// the other edges that reach the node. `nodes`: how many row 1 of the edges counts. In a dry run the loops that are
// there are kept: how many there are cannot be known.
EdgeList replace_self_loops(const EdgeList& edges, std::int64_t nodes, std::int64_t loops, const FillValue& fill);

// Appends a self-loop to each of `nodes` nodes, and drops those that were there, but keeps the weight [edges] that the
// last of them had; a node that had none gets `fill`. In a dry run, as above.
EdgeList complete_self_loops(const EdgeList& edges, std::int64_t nodes, double fill);

}  // namespace weigh::nn::graph
