// Graph transformer: "Masked Label Prediction: Unified Message Passing Model for Semi-Supervised Classification",
// Shi et al., arXiv:2009.03509. Definition, options, names of parameters and initial values follow PyTorch Geometric
// 2.9 (torch_geometric/nn/conv/transformer_conv.py).
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"
#include "weigh/torch/graph/layer.h"
#include "weigh/torch/graph/linear.h"

namespace weigh::nn {

struct TransformerConvOptions {
  TransformerConvOptions(Channels in_channels, std::int64_t out_channels)
      : in_channels_(in_channels), out_channels_(out_channels) {}
  TORCH_ARG(Channels, in_channels);
  TORCH_ARG(std::int64_t, out_channels);  // of each head
  TORCH_ARG(std::int64_t, heads) = 1;
  TORCH_ARG(bool, concat) = true;                    // heads side by side; else their mean
  TORCH_ARG(bool, beta) = false;                     // a learned share of the node itself; needs root_weight
  TORCH_ARG(double, dropout) = 0;                    // of attention weights, in training
  TORCH_ARG(std::optional<std::int64_t>, edge_dim);  // -1: that of the first edge_attr
  TORCH_ARG(bool, bias) = true;
  TORCH_ARG(bool, root_weight) = true;  // the node itself, through lin_skip
  TORCH_ARG(Flow, flow) = Flow::source_to_target;
  TORCH_ARG(Reduce, aggr) = Reduce::add;
};

class TransformerConvImpl : public torch::nn::Cloneable<TransformerConvImpl> {
 public:
  TransformerConvImpl(Channels in_channels, std::int64_t out_channels)
      : TransformerConvImpl(TransformerConvOptions(in_channels, out_channels)) {}
  explicit TransformerConvImpl(const TransformerConvOptions& options);

  void reset() override;
  void reset_parameters();
  void pretty_print(std::ostream& stream) const override;

  // x [nodes, in_channels], or one tensor for each kind; edge_index int64 [2, edges]; edge_attr [edges, edge_dim], or
  // [edges] for one channel. Gives [nodes that receive, heads * out_channels], without concat […, out_channels].
  // Throws weigh::Error(usage) for shapes that do not fit, for an index that is out of range, and unless edge_attr and
  // edge_dim are given both or neither.
  torch::Tensor forward(const NodeFeatures& x, const torch::Tensor& edge_index, const torch::Tensor& edge_attr = {});
  // The same, with the attention weights, before dropout, and the edges, which are those that were passed.
  AttentionOutput forward_with_attention(const NodeFeatures& x, const torch::Tensor& edge_index,
                                         const torch::Tensor& edge_attr = {});

  TransformerConvOptions options;
  Linear lin_key{nullptr}, lin_query{nullptr}, lin_value{nullptr};
  Linear lin_edge{nullptr};  // null without edge_dim
  Linear lin_skip{nullptr};  // without root_weight it is there but serves nothing, as in PyTorch Geometric
  Linear lin_beta{nullptr};  // null without beta

 private:
  void check(const NodeFeatures& x, const torch::Tensor& edge_index, const torch::Tensor& edge_attr) const;
  AttentionOutput attend(const NodeFeatures& x, const torch::Tensor& edge_index, const torch::Tensor& edge_attr);
  torch::Tensor with_root(const torch::Tensor& output, const torch::Tensor& x);
};

WEIGH_GRAPH_LAYER(TransformerConv);

}  // namespace weigh::nn
