// GraphSAGE: "Inductive Representation Learning on Large Graphs", Hamilton, Ying, Leskovec, arXiv:1706.02216.
// Definition, options, names of parameters and initial values follow PyTorch Geometric 2.9
// (torch_geometric/nn/conv/sage_conv.py), without its lists of aggregations and its LSTM.
#pragma once

#include <cstdint>
#include <ostream>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"
#include "weigh/torch/graph/layer.h"
#include "weigh/torch/graph/linear.h"

namespace weigh::nn {

struct SAGEConvOptions {
  SAGEConvOptions(Channels in_channels, std::int64_t out_channels)
      : in_channels_(in_channels), out_channels_(out_channels) {}
  TORCH_ARG(Channels, in_channels);
  TORCH_ARG(std::int64_t, out_channels);
  TORCH_ARG(Reduce, aggr) = Reduce::mean;
  TORCH_ARG(bool, normalize) = false;   // rows of the output to length 1
  TORCH_ARG(bool, root_weight) = true;  // the node itself, through lin_r
  TORCH_ARG(bool, project) = false;     // neighbours through lin and ReLU first
  TORCH_ARG(bool, bias) = true;
  TORCH_ARG(Flow, flow) = Flow::source_to_target;
};

class SAGEConvImpl : public torch::nn::Cloneable<SAGEConvImpl> {
 public:
  SAGEConvImpl(Channels in_channels, std::int64_t out_channels)
      : SAGEConvImpl(SAGEConvOptions(in_channels, out_channels)) {}
  // Throws weigh::Error(usage) for project with channels that are not known yet.
  explicit SAGEConvImpl(const SAGEConvOptions& options);

  void reset() override;
  void reset_parameters();
  void pretty_print(std::ostream& stream) const override;

  // x [nodes, in_channels], or one tensor for each kind, the second undefined where targets have no features (`size`
  // tells how many there are); edge_index int64 [2, edges]. Gives [nodes that receive, out_channels].
  // Throws weigh::Error(usage) for shapes that do not fit, and for an index that is out of range.
  torch::Tensor forward(const NodeFeatures& x, const torch::Tensor& edge_index, const GraphSize& size = std::nullopt);

  SAGEConvOptions options;
  Linear lin{nullptr};  // null without project
  Linear lin_l{nullptr};
  Linear lin_r{nullptr};  // null without root_weight

 private:
  torch::Tensor convolve(const NodeFeatures& x, const torch::Tensor& edge_index, const GraphSize& size);
};

WEIGH_GRAPH_LAYER(SAGEConv);

}  // namespace weigh::nn
