#include "weigh/torch/graph/transformer_conv.h"

#include <cmath>
#include <string>

#include "nn/graph/attention.h"
#include "nn/graph/edges.h"
#include "nn/graph/scatter.h"
#include "nn/graph/scores.h"
#include "nn/graph/weighted_sum.h"

#include "weigh/error.h"

namespace weigh::nn {
namespace {

const std::string kName = "weigh::nn::TransformerConv";

}  // namespace

TransformerConvImpl::TransformerConvImpl(const TransformerConvOptions& options) : options(options) {
  reset();  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): as every layer of torch::nn
  reset_parameters();
}

void TransformerConvImpl::reset() {
  const std::int64_t all = options.heads() * options.out_channels();
  const std::int64_t total = options.concat() ? all : options.out_channels();
  const Channels& in = options.in_channels();
  const auto linear = [](std::int64_t from, std::int64_t to, bool bias, const std::string& input) {
    return Linear(LinearOptions(from, to).bias(bias).shared_input(input));
  };
  lin_key = register_module("lin_key", linear(in.first, all, options.bias(), in.first_name()));
  lin_query = register_module("lin_query", linear(in.second, all, options.bias(), in.second_name()));
  lin_value = register_module("lin_value", linear(in.first, all, options.bias(), in.first_name()));
  if (options.edge_dim()) lin_edge = register_module("lin_edge", linear(*options.edge_dim(), all, false, "edge_dim"));
  lin_skip = register_module("lin_skip", linear(in.second, total, options.bias(), in.second_name()));
  if (options.beta() && options.root_weight())
    lin_beta = register_module("lin_beta", Linear(LinearOptions(3 * total, 1).bias(false)));
}

void TransformerConvImpl::reset_parameters() {
  for (const Linear& linear : {lin_key, lin_query, lin_value, lin_edge, lin_skip, lin_beta})
    if (linear) linear.ptr()->reset_parameters();
}

torch::Tensor TransformerConvImpl::forward(const NodeFeatures& x, const torch::Tensor& edge_index,
                                           const torch::Tensor& edge_attr) {
  ForwardScope scope(*this, graph::value_of(x), graph::value_of(edge_index), graph::value_of(edge_attr));
  return scope.returns(attend(x, edge_index, edge_attr).output);
}

AttentionOutput TransformerConvImpl::forward_with_attention(const NodeFeatures& x, const torch::Tensor& edge_index,
                                                            const torch::Tensor& edge_attr) {
  ForwardScope scope(*this, graph::value_of(x), graph::value_of(edge_index), graph::value_of(edge_attr));
  AttentionOutput result = attend(x, edge_index, edge_attr);
  scope.returns(graph::value_of(result));
  return result;
}

void TransformerConvImpl::check(const NodeFeatures& x, const torch::Tensor& edge_index,
                                const torch::Tensor& edge_attr) const {
  graph::check_features(kName, x);
  graph::check_edge_index(kName, edge_index);
  if (!x.second.defined())
    throw Error(ErrorKind::usage, kName, "x[1] is undefined, but queries are made from it; give x[1]");
  if (edge_attr.defined() && !lin_edge)
    throw Error(ErrorKind::usage, kName, "edge_attr was given, but the layer was made without edge_dim");
  if (!edge_attr.defined() && lin_edge)
    throw Error(ErrorKind::usage, kName, "the layer was made with edge_dim, but edge_attr was not given");
}

AttentionOutput TransformerConvImpl::attend(const NodeFeatures& x, const torch::Tensor& edge_index,
                                            const torch::Tensor& edge_attr) {
  check(x, edge_index, edge_attr);
  const auto through = [&](Linear& linear, const torch::Tensor& rows) {
    return graph::by_head(linear->forward(rows), options.heads(), options.out_channels());
  };
  const torch::Tensor query = through(lin_query, x.second);
  const torch::Tensor key = through(lin_key, x.first);
  const torch::Tensor value = through(lin_value, x.first);
  const graph::Nodes nodes = graph::nodes_of(x, std::nullopt, options.flow());
  AttentionOutput result = graph::with_range_check(kName, edge_index, nodes, [&] {
    const torch::Tensor edge_term =
        lin_edge ? through(lin_edge, graph::edge_rows(kName, edge_attr, edge_index)) : torch::Tensor();
    const graph::Edges edges = graph::edges_of(edge_index, nodes);
    const double scale = 1 / std::sqrt(static_cast<double>(options.out_channels()));
    const torch::Tensor scores = graph::product_scores(key, query, edge_term, edges, scale);
    const torch::Tensor weights = graph::softmax(scores, edges.target, edges.targets);
    const torch::Tensor alpha = torch::dropout(weights, options.dropout(), is_training());
    return AttentionOutput{graph::aggregate(value, edge_term, alpha, edges, options.aggr()), edge_index, weights};
  });
  result.output = graph::join_heads(result.output, options.concat());
  if (options.root_weight()) result.output = with_root(result.output, x.second);
  return result;
}

torch::Tensor TransformerConvImpl::with_root(const torch::Tensor& output, const torch::Tensor& x) {
  const torch::Tensor root = lin_skip->forward(x);
  if (!lin_beta) return output + root;
  const torch::Tensor share = lin_beta->forward(torch::cat({output, root, output - root}, -1)).sigmoid();
  return share * root + (1 - share) * output;
}

void TransformerConvImpl::pretty_print(std::ostream& stream) const {
  stream << kName << "(" << options.in_channels() << ", " << options.out_channels() << ", heads=" << options.heads()
         << ")";
}

}  // namespace weigh::nn
