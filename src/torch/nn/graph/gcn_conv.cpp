#include "weigh/torch/graph/gcn_conv.h"

#include <string>

#include "nn/graph/attention.h"
#include "nn/graph/edges.h"
#include "nn/graph/scatter.h"
#include "nn/graph/self_loops.h"
#include "nn/graph/weighted_sum.h"

#include "weigh/error.h"

namespace weigh::nn {
namespace {

const std::string kName = "weigh::nn::GCNConv";

void check_weight(const torch::Tensor& edge_weight, const torch::Tensor& edge_index) {
  if (edge_weight.dim() != 1 || edge_weight.size(0) != edge_index.size(1))
    throw Error(ErrorKind::usage, kName,
                "edge_weight has shape " + c10::str(edge_weight.sizes()) + ", but edge_index has " +
                    std::to_string(edge_index.size(1)) + " edges; give one number each, [edges]");
}

}  // namespace

GCNConvImpl::GCNConvImpl(const GCNConvOptions& options) : options(options) {
  if (options.add_self_loops().value_or(false) && !options.normalize())
    throw Error(ErrorKind::usage, kName, "add_self_loops has no effect without normalize; leave one of them out");
  reset();  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): as every layer of torch::nn
  reset_parameters();
}

void GCNConvImpl::reset() {
  lin = register_module("lin", graph::glorot_linear(options.in_channels(), options.out_channels(), false, "in"));
  if (options.bias()) bias = register_parameter("bias", torch::empty({options.out_channels()}));
}

void GCNConvImpl::reset_parameters() {
  lin->reset_parameters();
  if (bias.defined()) torch::nn::init::zeros_(bias);
  cache_.reset();
}

torch::Tensor GCNConvImpl::forward(const torch::Tensor& x, const torch::Tensor& edge_index,
                                   const torch::Tensor& edge_weight) {
  ForwardScope scope(*this, graph::value_of(x), graph::value_of(edge_index), graph::value_of(edge_weight));
  graph::check_features(kName, "x", x);
  graph::check_edge_index(kName, edge_index);
  if (edge_weight.defined()) check_weight(edge_weight, edge_index);
  const graph::Nodes nodes{x.size(0), x.size(0), options.flow()};
  return scope.returns(
      graph::with_range_check(kName, edge_index, nodes, [&] { return convolve(x, edge_index, edge_weight); }));
}

torch::Tensor GCNConvImpl::convolve(const torch::Tensor& x, const torch::Tensor& edge_index,
                                    const torch::Tensor& edge_weight) {
  WeightedEdges list{edge_index, edge_weight};
  if (options.normalize()) {
    list = cache_ ? *cache_ : normalized(x, edge_index, edge_weight);
    if (options.cached() && !graph::is_dry(x)) cache_ = list;
  }
  const torch::Tensor rows = lin->forward(x).unsqueeze(1);
  const graph::Edges edges = graph::edges_of(list.index, {x.size(0), x.size(0), options.flow()});
  const torch::Tensor alpha = list.weight.defined() ? list.weight.unsqueeze(1) : list.weight;
  torch::Tensor output = graph::aggregate(rows, {}, alpha, edges, options.aggr()).squeeze(1);
  return bias.defined() ? output + bias : output;
}

GCNConvImpl::WeightedEdges GCNConvImpl::normalized(const torch::Tensor& x, const torch::Tensor& edge_index,
                                                   const torch::Tensor& edge_weight) {
  const std::int64_t nodes = x.size(0);
  graph::EdgeList list{edge_index, edge_weight};
  if (options.add_self_loops().value_or(true))
    list = graph::complete_self_loops(list, nodes, options.improved() ? 2 : 1);
  const torch::Tensor weight = list.attr.defined() ? list.attr : x.new_ones({list.index.size(1)});
  const graph::Edges edges = graph::edges_of(list.index, {nodes, nodes, options.flow()});
  const torch::Tensor degree = graph::scatter(weight, edges.target, nodes, Reduce::add);
  const torch::Tensor root = degree.pow(-0.5);
  const torch::Tensor factor = root.masked_fill(root.isinf(), 0);  // a node without edges
  return {list.index, factor.index_select(0, edges.source) * weight * factor.index_select(0, edges.target)};
}

void GCNConvImpl::pretty_print(std::ostream& stream) const {
  stream << kName << "(" << options.in_channels() << ", " << options.out_channels() << ")";
}

}  // namespace weigh::nn
