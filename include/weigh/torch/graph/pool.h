// Features of nodes reduced to one row for each graph (torch_geometric/nn/pool/glob.py).
#pragma once

#include <cstdint>
#include <optional>

#include <torch/torch.h>

namespace weigh::nn {

// x [nodes, channels], [nodes] or [..., nodes, channels]; batch int64 [nodes] tells to which graph a node belongs;
// undefined: all to one. Gives [graphs, channels], with as many graphs as `size` says, or as the highest number in
// `batch`, which a dry run cannot know: give `size` there. A graph without nodes gets 0.
// Throws weigh::Error(usage) where batch is not an int64 tensor of one number for each node, or is out of range.
torch::Tensor global_add_pool(const torch::Tensor& x, const torch::Tensor& batch = {},
                              std::optional<std::int64_t> size = std::nullopt);
torch::Tensor global_mean_pool(const torch::Tensor& x, const torch::Tensor& batch = {},
                               std::optional<std::int64_t> size = std::nullopt);
torch::Tensor global_max_pool(const torch::Tensor& x, const torch::Tensor& batch = {},
                              std::optional<std::int64_t> size = std::nullopt);

}  // namespace weigh::nn
