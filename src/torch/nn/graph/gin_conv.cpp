#include "weigh/torch/graph/gin_conv.h"

#include <string>

#include "nn/graph/attention.h"
#include "nn/graph/neighbours.h"
#include "nn/graph/reset_below.h"

namespace weigh::nn {
namespace {

const std::string kName = "weigh::nn::GINConv";

}  // namespace

void GINConvImpl::reset() {
  nn = nn->clone();
  build();
}

void GINConvImpl::build() {
  eps = options.train_eps() ? register_parameter("eps", torch::empty({1})) : register_buffer("eps", torch::empty({1}));
  register_module("nn", nn);
}

void GINConvImpl::reset_parameters() {
  graph::reset_parameters_below(*nn);
  const torch::NoGradGuard no_grad;
  eps.fill_(options.eps());
}

torch::Tensor GINConvImpl::forward(const NodeFeatures& x, const torch::Tensor& edge_index, const GraphSize& size) {
  ForwardScope scope(*this, graph::value_of(x), graph::value_of(edge_index));
  torch::Tensor sum = graph::reduce_neighbours(kName, x, edge_index, size, options.flow(), options.aggr());
  if (x.second.defined()) sum = sum + (1 + eps) * x.second;
  return scope.returns(call_(*nn, sum));
}

void GINConvImpl::pretty_print(std::ostream& stream) const { stream << kName; }

}  // namespace weigh::nn
