#include "weigh/torch/graph/gatv2_conv.h"

#include <string>

#include "nn/graph/attention.h"
#include "nn/graph/edges.h"
#include "nn/graph/initial.h"
#include "nn/graph/scatter.h"
#include "nn/graph/scores.h"
#include "nn/graph/weighted_sum.h"

#include "weigh/error.h"

namespace weigh::nn {
namespace {

const std::string kName = "weigh::nn::GATv2Conv";

}  // namespace

GATv2ConvImpl::GATv2ConvImpl(const GATv2ConvOptions& options) : options(options) {
  reset();  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): as every layer of torch::nn
  reset_parameters();
}

void GATv2ConvImpl::reset() {
  const std::int64_t all = options.heads() * options.out_channels();
  const std::int64_t total = options.concat() ? all : options.out_channels();
  const Channels& in = options.in_channels();
  lin_l = register_module("lin_l", graph::glorot_linear(in.first, all, options.bias(), in.first_name()));
  lin_r = options.share_weights()
              ? lin_l
              : register_module("lin_r", graph::glorot_linear(in.second, all, options.bias(), in.second_name()));
  att = register_parameter("att", torch::empty({1, options.heads(), options.out_channels()}));
  if (options.edge_dim())
    lin_edge = register_module("lin_edge", graph::glorot_linear(*options.edge_dim(), all, false, "edge_dim"));
  if (options.residual()) res = register_module("res", graph::glorot_linear(in.second, total, false, in.second_name()));
  if (options.bias()) bias = register_parameter("bias", torch::empty({total}));
}

void GATv2ConvImpl::reset_parameters() {
  lin_l->reset_parameters();
  lin_r->reset_parameters();
  if (lin_edge) lin_edge->reset_parameters();
  if (res) res->reset_parameters();
  graph::glorot(att);
  if (bias.defined()) torch::nn::init::zeros_(bias);
}

torch::Tensor GATv2ConvImpl::forward(const NodeFeatures& x, const torch::Tensor& edge_index,
                                     const torch::Tensor& edge_attr) {
  ForwardScope scope(*this, graph::value_of(x), graph::value_of(edge_index), graph::value_of(edge_attr));
  return scope.returns(attend(x, edge_index, edge_attr).output);
}

AttentionOutput GATv2ConvImpl::forward_with_attention(const NodeFeatures& x, const torch::Tensor& edge_index,
                                                      const torch::Tensor& edge_attr) {
  ForwardScope scope(*this, graph::value_of(x), graph::value_of(edge_index), graph::value_of(edge_attr));
  AttentionOutput result = attend(x, edge_index, edge_attr);
  scope.returns(graph::value_of(result));
  return result;
}

void GATv2ConvImpl::check(const NodeFeatures& x, const torch::Tensor& edge_index,
                          const torch::Tensor& edge_attr) const {
  graph::check_features(kName, x);
  graph::check_edge_index(kName, edge_index);
  if (!x.second.defined())
    throw Error(ErrorKind::usage, kName, "x[1] is undefined, but scores depend on both ends of an edge; give x[1]");
  if (edge_attr.defined() && !lin_edge)
    throw Error(ErrorKind::usage, kName, "edge_attr was given, but the layer was made without edge_dim");
}

AttentionOutput GATv2ConvImpl::attend(const NodeFeatures& x, const torch::Tensor& edge_index,
                                      const torch::Tensor& edge_attr) {
  check(x, edge_index, edge_attr);
  const auto through = [&](Linear& linear, const torch::Tensor& rows) {
    return graph::by_head(linear->forward(rows), options.heads(), options.out_channels());
  };
  const torch::Tensor skip = res ? res->forward(x.second) : torch::Tensor();
  const torch::Tensor senders = through(lin_l, x.first);
  const torch::Tensor receivers = options.share_weights() && !x.is_pair ? senders : through(lin_r, x.second);
  const graph::Nodes nodes = graph::nodes_of(x, std::nullopt, options.flow());
  AttentionOutput result = graph::with_range_check(kName, edge_index, nodes, [&] {
    const graph::EdgeList list = graph::attended_edges(kName, {edge_index, edge_attr}, nodes, options);
    const torch::Tensor edge_term = list.attr.defined() ? through(lin_edge, list.attr) : list.attr;
    const graph::Edges edges = graph::edges_of(list.index, nodes);
    const torch::Tensor scores =
        graph::additive_scores(senders, receivers, edge_term, att, edges, options.negative_slope());
    const torch::Tensor alpha =
        torch::dropout(graph::softmax(scores, edges.target, edges.targets), options.dropout(), is_training());
    return AttentionOutput{graph::aggregate(senders, {}, alpha, edges, options.aggr()), list.index, alpha};
  });
  result.output = graph::finished(result.output, options.concat(), skip, bias);
  return result;
}

void GATv2ConvImpl::pretty_print(std::ostream& stream) const {
  stream << kName << "(" << options.in_channels() << ", " << options.out_channels() << ", heads=" << options.heads()
         << ")";
}

}  // namespace weigh::nn
