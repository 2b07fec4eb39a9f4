// Messages summed at the nodes they reach.
#pragma once

#include <torch/torch.h>

#include "nn/graph/edges.h"

namespace weigh::nn::graph {

// sum over the edges of a target: (features[source] + edge_term) * alpha -> [targets, heads, channels].
// features [sources, heads, channels]; edge_term [edges, heads, channels] and alpha [edges, heads] may be undefined: 0
// and 1. No message is kept in memory. Differentiable, twice too.
torch::Tensor weighted_sum(const torch::Tensor& features, const torch::Tensor& edge_term, const torch::Tensor& alpha,
                           const Edges& edges);

// The same with any reduction. All but `add` and `mean` keep the messages.
torch::Tensor aggregate(const torch::Tensor& features, const torch::Tensor& edge_term, const torch::Tensor& alpha,
                        const Edges& edges, Reduce reduce);

}  // namespace weigh::nn::graph
