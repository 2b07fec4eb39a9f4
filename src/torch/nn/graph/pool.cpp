#include "weigh/torch/graph/pool.h"

#include <string>

#include "nn/graph/edges.h"
#include "nn/graph/scatter.h"

#include "weigh/error.h"

namespace weigh::nn {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::usage, "global pooling", message); }

void check_batch(const torch::Tensor& x, std::int64_t dimension, const torch::Tensor& batch) {
  if (batch.scalar_type() != torch::kInt64)
    refuse("batch is of " + std::string(c10::toString(batch.scalar_type())) +
           ", but indices are int64 (Long); convert it with .to(torch::kLong)");
  if (batch.dim() != 1 || batch.size(0) != x.size(dimension))
    refuse("batch has shape " + c10::str(batch.sizes()) + ", but there are " + std::to_string(x.size(dimension)) +
           " nodes; give one number each, [nodes]");
}

void check_range(const torch::Tensor& batch, std::int64_t graphs) {
  if (graph::is_dry(batch) || batch.numel() == 0) return;
  const auto lowest = batch.min().item<std::int64_t>();
  const auto highest = batch.max().item<std::int64_t>();
  if (lowest >= 0 && highest < graphs) return;
  refuse("batch names graph " + std::to_string(lowest < 0 ? lowest : highest) + ", but there are " +
         std::to_string(graphs) + " graphs, counted from 0");
}

std::int64_t dimension_of(const torch::Tensor& x) {
  if (!x.defined() || x.dim() == 0) refuse("x has no nodes; give features [nodes, channels]");
  return x.dim() == 1 ? -1 : -2;
}

torch::Tensor pool(const torch::Tensor& x, const torch::Tensor& batch, std::optional<std::int64_t> size,
                   Reduce reduce) {
  const std::int64_t dimension = dimension_of(x);
  check_batch(x, dimension, batch);
  std::int64_t graphs = size.value_or(0);
  if (!size && batch.numel() > 0) graphs = batch.max().item<std::int64_t>() + 1;
  try {
    return graph::scatter(x.transpose(0, dimension), batch, graphs, reduce).transpose(0, dimension);
  } catch (const c10::Error&) {
    check_range(batch, graphs);
    throw;
  }
}

}  // namespace

torch::Tensor global_add_pool(const torch::Tensor& x, const torch::Tensor& batch, std::optional<std::int64_t> size) {
  return batch.defined() ? pool(x, batch, size, Reduce::add) : x.sum(dimension_of(x), x.dim() <= 2);
}

torch::Tensor global_mean_pool(const torch::Tensor& x, const torch::Tensor& batch, std::optional<std::int64_t> size) {
  return batch.defined() ? pool(x, batch, size, Reduce::mean) : x.mean(dimension_of(x), x.dim() <= 2);
}

torch::Tensor global_max_pool(const torch::Tensor& x, const torch::Tensor& batch, std::optional<std::int64_t> size) {
  if (batch.defined()) return pool(x, batch, size, Reduce::max);
  return std::get<0>(x.max(dimension_of(x), x.dim() <= 2));
}

}  // namespace weigh::nn
