#include "weigh/torch/graph/sage_conv.h"

#include <string>

#include "nn/graph/attention.h"
#include "nn/graph/neighbours.h"

#include "weigh/error.h"

namespace weigh::nn {
namespace {

const std::string kName = "weigh::nn::SAGEConv";

}  // namespace

SAGEConvImpl::SAGEConvImpl(const SAGEConvOptions& options) : options(options) {
  if (options.project() && options.in_channels().first <= 0)
    throw Error(ErrorKind::usage, kName,
                "project needs in_channels, which are not known before the first forward; give a number instead of " +
                    std::to_string(options.in_channels().first));
  reset();  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): as every layer of torch::nn
  reset_parameters();
}

void SAGEConvImpl::reset() {
  const Channels& in = options.in_channels();
  const std::int64_t out = options.out_channels();
  if (options.project()) lin = register_module("lin", Linear(in.first, in.first));
  lin_l =
      register_module("lin_l", Linear(LinearOptions(in.first, out).bias(options.bias()).shared_input(in.first_name())));
  if (options.root_weight())
    lin_r = register_module("lin_r", Linear(LinearOptions(in.second, out).bias(false).shared_input(in.second_name())));
}

void SAGEConvImpl::reset_parameters() {
  if (lin) lin->reset_parameters();
  lin_l->reset_parameters();
  if (lin_r) lin_r->reset_parameters();
}

torch::Tensor SAGEConvImpl::forward(const NodeFeatures& x, const torch::Tensor& edge_index, const GraphSize& size) {
  ForwardScope scope(*this, graph::value_of(x), graph::value_of(edge_index));
  return scope.returns(convolve(x, edge_index, size));
}

torch::Tensor SAGEConvImpl::convolve(const NodeFeatures& x, const torch::Tensor& edge_index, const GraphSize& size) {
  const torch::Tensor first = lin ? lin->forward(x.first).relu() : x.first;
  const NodeFeatures sides(first, x.second);
  torch::Tensor output =
      lin_l->forward(graph::reduce_neighbours(kName, sides, edge_index, size, options.flow(), options.aggr()));
  if (lin_r && x.second.defined()) output = output + lin_r->forward(x.second);
  if (!options.normalize()) return output;
  namespace functional = torch::nn::functional;
  return functional::normalize(output, functional::NormalizeFuncOptions().p(2).dim(-1));
}

void SAGEConvImpl::pretty_print(std::ostream& stream) const {
  stream << kName << "(" << options.in_channels() << ", " << options.out_channels()
         << ", aggr=" << to_string(options.aggr()) << ")";
}

}  // namespace weigh::nn
