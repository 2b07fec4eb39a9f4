#include "nn/graph/attention.h"

#include <tuple>

#include "weigh/error.h"

namespace weigh::nn::graph {

Linear glorot_linear(std::int64_t in_channels, std::int64_t out_channels, bool bias, const std::string& input) {
  auto options = LinearOptions(in_channels, out_channels).bias(bias).shared_input(input);
  return Linear(options.weight_initializer(WeightInitializer::glorot));
}

torch::Tensor by_head(const torch::Tensor& rows, std::int64_t heads, std::int64_t channels) {
  return rows.view({rows.size(0), heads, channels});
}

torch::Tensor join_heads(const torch::Tensor& rows, bool concat) { return concat ? rows.flatten(1) : rows.mean(1); }

torch::Tensor finished(const torch::Tensor& rows, bool concat, const torch::Tensor& skip, const torch::Tensor& bias) {
  torch::Tensor output = join_heads(rows, concat);
  if (skip.defined()) output = output + skip;
  return bias.defined() ? output + bias : output;
}

torch::Tensor edge_rows(const std::string& layer, const torch::Tensor& edge_attr, const torch::Tensor& edge_index) {
  const bool fits = edge_attr.dim() == 1 || edge_attr.dim() == 2;
  if (!fits || edge_attr.size(0) != edge_index.size(1))
    throw Error(ErrorKind::usage, layer,
                "edge_attr has shape " + c10::str(edge_attr.sizes()) + ", but edge_index has " +
                    std::to_string(edge_index.size(1)) + " edges; give one row each, [edges, channels] or [edges]");
  return edge_attr.dim() == 1 ? edge_attr.view({-1, 1}) : edge_attr;
}

c10::IValue value_of(const torch::Tensor& tensor) { return tensor.defined() ? c10::IValue(tensor) : c10::IValue(); }

c10::IValue value_of(const NodeFeatures& x) {
  if (!x.is_pair) return x.first;
  return c10::ivalue::Tuple::create({value_of(x.first), value_of(x.second)});
}

c10::IValue value_of(const AttentionOutput& result) {
  return std::make_tuple(result.output, std::make_tuple(result.edge_index, result.alpha));
}

}  // namespace weigh::nn::graph
