// The edges of one forward, as a layer sees them: from where messages come, whom they reach, and how many nodes there
// are on either side.
#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"

namespace weigh::nn::graph {

struct Edges {
  torch::Tensor source;  // int64 [edges]: messages come from these nodes
  torch::Tensor target;  // int64 [edges]: and reach these
  std::int64_t sources;  // how many nodes there are that may send
  std::int64_t targets;  // and that may receive
};

// Throws weigh::Error(usage) unless `edge_index` is an int64 tensor [2, edges]. `layer` is named in the message.
void check_edge_index(const std::string& layer, const torch::Tensor& edge_index);
// The same for features of nodes that are not [nodes, channels]; `name` as the caller knows them: x, x[0].
void check_features(const std::string& layer, const std::string& name, const torch::Tensor& x);
void check_features(const std::string& layer, const NodeFeatures& x);

// `first` and `second` are the numbers of nodes that rows 0 and 1 of `edge_index` count.
Edges edges_of(const torch::Tensor& edge_index, Flow flow, std::int64_t first, std::int64_t second);

// Throws weigh::Error(usage) where `edge_index` names a node that does not exist.
void check_range(const std::string& layer, const torch::Tensor& edge_index, std::int64_t first, std::int64_t second);

// Whether shapes are all that is wanted, so that what depends on data cannot be asked.
bool is_dry(const torch::Tensor& tensor);

// What `work` gives. libtorch's operators refuse an index that is out of range on their own, without a word about what
// it counts; so the indices are looked through only once something went wrong.
template <class Work>
auto with_range_check(const std::string& layer, const torch::Tensor& edge_index, std::int64_t first,
                      std::int64_t second, const Work& work) {
  try {
    return work();
  } catch (const c10::Error&) {
    check_range(layer, edge_index, first, second);
    throw;
  }
}

}  // namespace weigh::nn::graph
