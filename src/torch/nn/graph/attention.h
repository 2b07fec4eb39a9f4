// What the attention layers have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"
#include "weigh/torch/graph/linear.h"

namespace weigh::nn::graph {

Linear glorot_linear(std::int64_t in_channels, std::int64_t out_channels, bool bias);

// [n, heads * channels] -> [n, heads, channels].
torch::Tensor by_head(const torch::Tensor& rows, std::int64_t heads, std::int64_t channels);
// [n, heads, channels] -> [n, heads * channels], or the mean over heads [n, channels].
torch::Tensor join_heads(const torch::Tensor& rows, bool concat);

// edge_attr as [edges, channels]. Throws weigh::Error(usage) unless it has a row for each edge.
torch::Tensor edge_rows(const std::string& layer, const torch::Tensor& edge_attr, const torch::Tensor& edge_index);

// For an observer: what was passed, None for what was not.
c10::IValue value_of(const torch::Tensor& tensor);
c10::IValue value_of(const NodeFeatures& x);
c10::IValue value_of(const AttentionOutput& result);

}  // namespace weigh::nn::graph
