// What the attention layers have in common.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <torch/torch.h>

#include "nn/graph/edges.h"
#include "nn/graph/self_loops.h"

#include "weigh/torch/graph/inputs.h"
#include "weigh/torch/graph/linear.h"

namespace weigh::nn::graph {

// `input`: how the layer calls the width of what this one takes.
Linear glorot_linear(std::int64_t in_channels, std::int64_t out_channels, bool bias, const std::string& input);

// [n, heads * channels] -> [n, heads, channels].
torch::Tensor by_head(const torch::Tensor& rows, std::int64_t heads, std::int64_t channels);
// [n, heads, channels] -> [n, heads * channels], or the mean over heads [n, channels].
torch::Tensor join_heads(const torch::Tensor& rows, bool concat);
// The same, plus what is defined of the others.
torch::Tensor finished(const torch::Tensor& rows, bool concat, const torch::Tensor& skip, const torch::Tensor& bias);

// edge_attr as [edges, channels]. Throws weigh::Error(usage) unless it has a row for each edge.
torch::Tensor edge_rows(const std::string& layer, const torch::Tensor& edge_attr, const torch::Tensor& edge_index);

// The edges that a layer attends to: those of the caller, with self-loops where the options ask for them.
template <class Options>
EdgeList attended_edges(const std::string& layer, EdgeList edges, const Nodes& nodes, const Options& options) {
  if (edges.attr.defined()) edges.attr = edge_rows(layer, edges.attr, edges.index);
  if (!options.add_self_loops()) return edges;
  const std::int64_t loops = std::min(nodes.senders, nodes.receivers);
  return replace_self_loops(edges, nodes.of_row(1), loops, options.fill_value());
}

// For an observer: what was passed, None for what was not.
c10::IValue value_of(const torch::Tensor& tensor);
c10::IValue value_of(const NodeFeatures& x);
c10::IValue value_of(const AttentionOutput& result);

}  // namespace weigh::nn::graph
