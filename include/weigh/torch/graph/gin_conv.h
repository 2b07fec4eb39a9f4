// Graph isomorphism network: "How Powerful are Graph Neural Networks?", Xu, Hu, Leskovec, Jegelka, arXiv:1810.00826.
// Definition, options, names of parameters and initial values follow PyTorch Geometric 2.9
// (torch_geometric/nn/conv/gin_conv.py).
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <utility>

#include <torch/torch.h>

#include "weigh/torch/forward_scope.h"
#include "weigh/torch/graph/inputs.h"
#include "weigh/torch/graph/layer.h"

namespace weigh::nn {

struct GINConvOptions {
  TORCH_ARG(double, eps) = 0;  // a node counts 1 + eps times in its own sum
  TORCH_ARG(bool, train_eps) = false;
  TORCH_ARG(Flow, flow) = Flow::source_to_target;
  TORCH_ARG(Reduce, aggr) = Reduce::add;
};

// output = network((1 + eps) * x + sum over neighbours).
//   GINConv conv(torch::nn::Sequential(Linear(-1, 64), torch::nn::ReLU(), Linear(64, 64)), GINConvOptions().eps(0.1));
class GINConvImpl : public torch::nn::Cloneable<GINConvImpl> {
 public:
  // `network`: a layer, as its shared_ptr or its holder, whose forward takes [nodes, channels] and gives one tensor. As
  // in PyTorch Geometric, it is drawn anew: see reset_parameters.
  template <class Network>
  explicit GINConvImpl(std::shared_ptr<Network> network, const GINConvOptions& options = {}) : options(options) {
    nn = std::move(network);
    call_ = [](torch::nn::Module& module, const torch::Tensor& x) -> torch::Tensor {
      return dynamic_cast<Network&>(module).forward(x);
    };
    build();
    reset_parameters();
  }
  template <class Network>
  explicit GINConvImpl(const torch::nn::ModuleHolder<Network>& network, const GINConvOptions& options = {})
      : GINConvImpl(network.ptr(), options) {}

  // For clone(): `nn` becomes a clone of its own.
  void reset() override;
  // Sets eps, and draws new values for layers of torch::nn and of this library below `nn` that draw any; others keep
  // theirs, as C++ knows no reset_parameters of modules it has never seen.
  void reset_parameters();
  void pretty_print(std::ostream& stream) const override;

  // x [nodes, channels], or one tensor for each kind, the second undefined where targets have no features (`size` tells
  // how many there are); edge_index int64 [2, edges]. Gives what `nn` makes of [nodes that receive, channels].
  // Throws weigh::Error(usage) for shapes that do not fit, and for an index that is out of range.
  torch::Tensor forward(const NodeFeatures& x, const torch::Tensor& edge_index, const GraphSize& size = std::nullopt);

  GINConvOptions options;
  torch::Tensor eps;  // [1]; a buffer unless it is trained
  std::shared_ptr<torch::nn::Module> nn;

 private:
  void build();

  std::function<torch::Tensor(torch::nn::Module&, const torch::Tensor&)> call_;
};

WEIGH_GRAPH_LAYER(GINConv);

}  // namespace weigh::nn
