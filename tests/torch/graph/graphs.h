// A graph for tests: node 4 has no edges, 0 -> 1 stands twice, and so does the self-loop of 2.
#pragma once

#include <torch/torch.h>

namespace weigh::testing {

inline torch::Tensor some_edges() {
  return torch::tensor({0, 0, 1, 2, 2, 3, 0, 1, 1, 1, 2, 2, 2, 0, 2, 0}, torch::kInt64).view({2, 8});
}

// From five nodes to three; the last of these gets nothing.
inline torch::Tensor bipartite_edges() {
  return torch::tensor({0, 1, 1, 4, 3, 0, 0, 0, 1, 1, 1, 0}, torch::kInt64).view({2, 6});
}

inline torch::Tensor draw(torch::IntArrayRef shape) { return torch::randn(shape, torch::kFloat64); }

}  // namespace weigh::testing
