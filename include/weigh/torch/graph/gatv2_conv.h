// Graph attention whose scores depend on both ends of an edge: "How Attentive are Graph Attention Networks?",
// Brody, Alon, Yahav, arXiv:2105.14491. Definition, options, names of parameters and initial values follow PyTorch
// Geometric 2.9 (torch_geometric/nn/conv/gatv2_conv.py).
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"
#include "weigh/torch/graph/layer.h"
#include "weigh/torch/graph/linear.h"

namespace weigh::nn {

struct GATv2ConvOptions {
  GATv2ConvOptions(Channels in_channels, std::int64_t out_channels)
      : in_channels_(in_channels), out_channels_(out_channels) {}
  TORCH_ARG(Channels, in_channels);
  TORCH_ARG(std::int64_t, out_channels);  // of each head
  TORCH_ARG(std::int64_t, heads) = 1;
  TORCH_ARG(bool, concat) = true;  // heads side by side; else their mean
  TORCH_ARG(double, negative_slope) = 0.2;
  TORCH_ARG(double, dropout) = 0;  // of attention weights, in training
  TORCH_ARG(bool, add_self_loops) = true;
  TORCH_ARG(std::optional<std::int64_t>, edge_dim);  // -1: that of the first edge_attr
  TORCH_ARG(FillValue, fill_value) = Reduce::mean;   // edge_attr of the self-loops
  TORCH_ARG(bool, bias) = true;
  TORCH_ARG(bool, share_weights) = false;  // lin_r is lin_l
  TORCH_ARG(bool, residual) = false;
  TORCH_ARG(Flow, flow) = Flow::source_to_target;
  TORCH_ARG(Reduce, aggr) = Reduce::add;
};

class GATv2ConvImpl : public torch::nn::Cloneable<GATv2ConvImpl> {
 public:
  GATv2ConvImpl(Channels in_channels, std::int64_t out_channels)
      : GATv2ConvImpl(GATv2ConvOptions(in_channels, out_channels)) {}
  explicit GATv2ConvImpl(const GATv2ConvOptions& options);

  void reset() override;
  void reset_parameters();
  void pretty_print(std::ostream& stream) const override;

  // x [nodes, in_channels], or one tensor for each kind; edge_index int64 [2, edges]; edge_attr [edges, edge_dim], or
  // [edges] for one channel. Gives [nodes that receive, heads * out_channels], without concat […, out_channels].
  // Throws weigh::Error(usage) for shapes that do not fit, for an index that is out of range, and for edge_attr
  // without edge_dim.
  torch::Tensor forward(const NodeFeatures& x, const torch::Tensor& edge_index, const torch::Tensor& edge_attr = {});
  // The same, with the attention weights, after dropout, and the edges that they belong to.
  AttentionOutput forward_with_attention(const NodeFeatures& x, const torch::Tensor& edge_index,
                                         const torch::Tensor& edge_attr = {});

  GATv2ConvOptions options;
  torch::Tensor att;   // [1, heads, out_channels]
  torch::Tensor bias;  // [heads * out_channels], or [out_channels]; undefined without bias
  Linear lin_l{nullptr};
  Linear lin_r{nullptr};  // with share_weights lin_l, under whose name alone it is registered: optimizers of libtorch
                          // would take a step for each name
  Linear lin_edge{nullptr};  // null without edge_dim
  Linear res{nullptr};       // null without residual

 private:
  void check(const NodeFeatures& x, const torch::Tensor& edge_index, const torch::Tensor& edge_attr) const;
  AttentionOutput attend(const NodeFeatures& x, const torch::Tensor& edge_index, const torch::Tensor& edge_attr);
};

WEIGH_GRAPH_LAYER(GATv2Conv);

}  // namespace weigh::nn
