// Scores of edges before the softmax over those of a target.
#pragma once

#include <torch/torch.h>

#include "nn/graph/edges.h"

namespace weigh::nn::graph {

// GATv2: sum over channels of leaky_relu(senders[source] + receivers[target] + edge_term) * weights -> [edges, heads].
// senders [sources, heads, channels], receivers [targets, heads, channels], weights [1, heads, channels]; edge_term
// [edges, heads, channels] may be undefined. Nothing of [edges, heads, channels] is kept. Differentiable, twice too.
torch::Tensor additive_scores(const torch::Tensor& senders, const torch::Tensor& receivers,
                              const torch::Tensor& edge_term, const torch::Tensor& weights, const Edges& edges,
                              double negative_slope);

// TransformerConv: sum over channels of receivers[target] * (senders[source] + edge_term) * scale -> [edges, heads].
torch::Tensor product_scores(const torch::Tensor& senders, const torch::Tensor& receivers,
                             const torch::Tensor& edge_term, const Edges& edges, double scale);

}  // namespace weigh::nn::graph
