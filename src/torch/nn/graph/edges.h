// The edges of one forward, as a layer sees them: from where messages come, whom they reach, and how many nodes there
// are on either side.
#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"

namespace weigh::nn::graph {

struct Nodes {
  std::int64_t senders;
  std::int64_t receivers;
  Flow flow = Flow::source_to_target;

  // Which row of edge_index counts which nodes.
  std::int64_t of_row(std::int64_t row) const {
    return (row == 0) == (flow == Flow::source_to_target) ? senders : receivers;
  }
};

struct Edges {
  torch::Tensor source;  // int64 [edges]: messages come from these nodes
  torch::Tensor target;  // int64 [edges]: and reach these
  std::int64_t targets;  // how many nodes there are that messages may reach
};

// Throws weigh::Error(usage) unless `edge_index` is an int64 tensor [2, edges]. `layer` is named in the message.
void check_edge_index(const std::string& layer, const torch::Tensor& edge_index);
// The same for features of nodes that are not [nodes, channels]; `name` as the caller knows them: x, x[0].
void check_features(const std::string& layer, const std::string& name, const torch::Tensor& x);
void check_features(const std::string& layer, const NodeFeatures& x);

// How many nodes send and receive; `size` tells it, by rows of edge_index, where receivers have no features.
Nodes nodes_of(const NodeFeatures& x, const GraphSize& size, Flow flow);

Edges edges_of(const torch::Tensor& edge_index, const Nodes& nodes);

// Throws weigh::Error(usage) where `edge_index` names a node that does not exist.
void check_range(const std::string& layer, const torch::Tensor& edge_index, const Nodes& nodes);

// Whether shapes are all that is wanted, so that what depends on data cannot be asked.
bool is_dry(const torch::Tensor& tensor);

// What `work` gives. libtorch's operators refuse an index that is out of range on their own, without a word about what
// it counts; so the indices are looked through only once something went wrong.
template <class Work>
auto with_range_check(const std::string& layer, const torch::Tensor& edge_index, const Nodes& nodes, const Work& work) {
  try {
    return work();
  } catch (const c10::Error&) {
    check_range(layer, edge_index, nodes);
    throw;
  }
}

}  // namespace weigh::nn::graph
