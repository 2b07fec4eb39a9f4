// Rows that share an index, reduced to one: what PyTorch Geometric calls scatter (torch_geometric/utils/_scatter.py)
// and softmax (utils/_softmax.py), along the first dimension.
#pragma once

#include <cstdint>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"

namespace weigh::nn::graph {

// rows [n, ...], index int64 [n] -> [count, ...]. Differentiable in `rows`.
torch::Tensor scatter(const torch::Tensor& rows, const torch::Tensor& index, std::int64_t count, Reduce reduce);

// How many rows have each index, at least 1: what a sum is divided by for a mean. Shape [count, 1, ...] of `dims`
// dimensions, in the dtype of `like`.
torch::Tensor counts(const torch::Tensor& like, const torch::Tensor& index, std::int64_t count, std::int64_t dims);

// sum[index[i]] += rows[i], in place, along the first dimension.
void add_rows(torch::Tensor& sum, const torch::Tensor& index, const torch::Tensor& rows);

// scores [n, heads] -> weights [n, heads] that add up to 1 over the rows that share an index:
// exp(score - max) / (sum + 1e-16). Differentiable, twice too.
torch::Tensor softmax(const torch::Tensor& scores, const torch::Tensor& index, std::int64_t count);

}  // namespace weigh::nn::graph
