#include "weigh/torch/graph/gat_conv.h"

#include <string>

#include "nn/graph/attention.h"
#include "nn/graph/edges.h"
#include "nn/graph/initial.h"
#include "nn/graph/scatter.h"
#include "nn/graph/weighted_sum.h"

namespace weigh::nn {
namespace {

const std::string kName = "weigh::nn::GATConv";

}  // namespace

GATConvImpl::GATConvImpl(const GATConvOptions& options) : options(options) {
  reset();  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): as every layer of torch::nn
  reset_parameters();
}

void GATConvImpl::reset() {
  const std::int64_t all = options.heads() * options.out_channels();
  const std::int64_t total = options.concat() ? all : options.out_channels();
  const Channels& in = options.in_channels();
  if (in.is_pair) {
    lin_src = register_module("lin_src", graph::glorot_linear(in.first, all, false, in.first_name()));
    lin_dst = register_module("lin_dst", graph::glorot_linear(in.second, all, false, in.second_name()));
  } else {
    lin = register_module("lin", graph::glorot_linear(in.first, all, false, in.first_name()));
  }
  const auto attention = [&] { return torch::empty({1, options.heads(), options.out_channels()}); };
  att_src = register_parameter("att_src", attention());
  att_dst = register_parameter("att_dst", attention());
  if (options.edge_dim()) {
    lin_edge = register_module("lin_edge", graph::glorot_linear(*options.edge_dim(), all, false, "edge_dim"));
    att_edge = register_parameter("att_edge", attention());
  }
  if (options.residual()) res = register_module("res", graph::glorot_linear(in.second, total, false, in.second_name()));
  if (options.bias()) bias = register_parameter("bias", torch::empty({total}));
}

void GATConvImpl::reset_parameters() {
  for (const Linear& linear : {lin, lin_src, lin_dst, lin_edge, res})
    if (linear) linear.ptr()->reset_parameters();
  graph::glorot(att_src);
  graph::glorot(att_dst);
  if (att_edge.defined()) graph::glorot(att_edge);
  if (bias.defined()) torch::nn::init::zeros_(bias);
}

torch::Tensor GATConvImpl::forward(const NodeFeatures& x, const torch::Tensor& edge_index,
                                   const torch::Tensor& edge_attr, const GraphSize& size) {
  ForwardScope scope(*this, graph::value_of(x), graph::value_of(edge_index), graph::value_of(edge_attr));
  return scope.returns(attend(x, edge_index, edge_attr, size).output);
}

AttentionOutput GATConvImpl::forward_with_attention(const NodeFeatures& x, const torch::Tensor& edge_index,
                                                    const torch::Tensor& edge_attr, const GraphSize& size) {
  ForwardScope scope(*this, graph::value_of(x), graph::value_of(edge_index), graph::value_of(edge_attr));
  AttentionOutput result = attend(x, edge_index, edge_attr, size);
  scope.returns(graph::value_of(result));
  return result;
}

GATConvImpl::Sides GATConvImpl::project(const NodeFeatures& x) {
  const auto through = [&](Linear& linear, const torch::Tensor& rows) {
    if (!rows.defined()) return torch::Tensor();
    return graph::by_head(linear->forward(rows), options.heads(), options.out_channels());
  };
  if (!lin) return {through(lin_src, x.first), through(lin_dst, x.second)};
  const torch::Tensor senders = through(lin, x.first);
  return {senders, x.is_pair ? through(lin, x.second) : senders};
}

// [edges, heads]. A score is a sum of one number for each end: those are reckoned for each node, not for each edge.
torch::Tensor GATConvImpl::scores(const Sides& sides, const graph::Edges& edges, const torch::Tensor& edge_attr) {
  torch::Tensor scores = (sides.senders * att_src).sum(-1).index_select(0, edges.source);
  if (sides.receivers.defined()) scores = scores + (sides.receivers * att_dst).sum(-1).index_select(0, edges.target);
  if (edge_attr.defined() && lin_edge) {
    const torch::Tensor rows = graph::by_head(lin_edge->forward(edge_attr), options.heads(), options.out_channels());
    scores = scores + (rows * att_edge).sum(-1);
  }
  return torch::leaky_relu(scores, options.negative_slope());
}

AttentionOutput GATConvImpl::attend(const NodeFeatures& x, const torch::Tensor& edge_index,
                                    const torch::Tensor& edge_attr, const GraphSize& size) {
  graph::check_features(kName, x);
  graph::check_edge_index(kName, edge_index);
  const torch::Tensor skip = res && x.second.defined() ? res->forward(x.second) : torch::Tensor();
  const Sides sides = project(x);
  const graph::Nodes nodes = graph::nodes_of(x, size, options.flow());
  AttentionOutput result = graph::with_range_check(kName, edge_index, nodes, [&] {
    const graph::EdgeList list = graph::attended_edges(kName, {edge_index, edge_attr}, nodes, options);
    const graph::Edges edges = graph::edges_of(list.index, nodes);
    const torch::Tensor weights = graph::softmax(scores(sides, edges, list.attr), edges.target, edges.targets);
    const torch::Tensor alpha = torch::dropout(weights, options.dropout(), is_training());
    return AttentionOutput{graph::aggregate(sides.senders, {}, alpha, edges, options.aggr()), list.index, alpha};
  });
  result.output = graph::finished(result.output, options.concat(), skip, bias);
  return result;
}

void GATConvImpl::pretty_print(std::ostream& stream) const {
  stream << kName << "(" << options.in_channels() << ", " << options.out_channels() << ", heads=" << options.heads()
         << ")";
}

}  // namespace weigh::nn
