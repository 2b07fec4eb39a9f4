// Graph attention: "Graph Attention Networks", Veličković et al., arXiv:1710.10903. Definition, options, names of
// parameters and initial values follow PyTorch Geometric 2.9 (torch_geometric/nn/conv/gat_conv.py).
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"
#include "weigh/torch/graph/layer.h"
#include "weigh/torch/graph/linear.h"

namespace weigh::nn {

namespace graph {
struct Edges;
}

struct GATConvOptions {
  GATConvOptions(Channels in_channels, std::int64_t out_channels)
      : in_channels_(in_channels), out_channels_(out_channels) {}
  TORCH_ARG(Channels, in_channels);       // one number: lin; a pair: lin_src and lin_dst
  TORCH_ARG(std::int64_t, out_channels);  // of each head
  TORCH_ARG(std::int64_t, heads) = 1;
  TORCH_ARG(bool, concat) = true;  // heads side by side; else their mean
  TORCH_ARG(double, negative_slope) = 0.2;
  TORCH_ARG(double, dropout) = 0;  // of attention weights, in training
  TORCH_ARG(bool, add_self_loops) = true;
  TORCH_ARG(std::optional<std::int64_t>, edge_dim);  // -1: that of the first edge_attr
  TORCH_ARG(FillValue, fill_value) = Reduce::mean;   // edge_attr of the self-loops
  TORCH_ARG(bool, bias) = true;
  TORCH_ARG(bool, residual) = false;
  TORCH_ARG(Flow, flow) = Flow::source_to_target;
  TORCH_ARG(Reduce, aggr) = Reduce::add;
};

class GATConvImpl : public torch::nn::Cloneable<GATConvImpl> {
 public:
  GATConvImpl(Channels in_channels, std::int64_t out_channels)
      : GATConvImpl(GATConvOptions(in_channels, out_channels)) {}
  explicit GATConvImpl(const GATConvOptions& options);

  void reset() override;
  void reset_parameters();
  void pretty_print(std::ostream& stream) const override;

  // x [nodes, in_channels], or one tensor for each kind, the second undefined where targets have no features;
  // edge_index int64 [2, edges]; edge_attr [edges, edge_dim], or [edges] for one channel; it is ignored without
  // edge_dim, as in PyTorch Geometric. Gives [nodes that receive, heads * out_channels], without concat […,
  // out_channels]. Throws weigh::Error(usage) for shapes that do not fit, and for an index that is out of range.
  torch::Tensor forward(const NodeFeatures& x, const torch::Tensor& edge_index, const torch::Tensor& edge_attr = {},
                        const GraphSize& size = std::nullopt);
  // The same, with the attention weights, after dropout, and the edges that they belong to.
  AttentionOutput forward_with_attention(const NodeFeatures& x, const torch::Tensor& edge_index,
                                         const torch::Tensor& edge_attr = {}, const GraphSize& size = std::nullopt);

  GATConvOptions options;
  torch::Tensor att_src, att_dst;  // [1, heads, out_channels]
  torch::Tensor att_edge;          // the same; undefined without edge_dim
  torch::Tensor bias;              // [heads * out_channels], or [out_channels]; undefined without bias
  Linear lin{nullptr};
  Linear lin_src{nullptr}, lin_dst{nullptr};
  Linear lin_edge{nullptr};
  Linear res{nullptr};

 private:
  struct Sides {
    torch::Tensor senders, receivers;  // [nodes, heads, out_channels]
  };
  Sides project(const NodeFeatures& x);
  torch::Tensor scores(const Sides& sides, const graph::Edges& edges, const torch::Tensor& edge_attr);
  AttentionOutput attend(const NodeFeatures& x, const torch::Tensor& edge_index, const torch::Tensor& edge_attr,
                         const GraphSize& size);
};

WEIGH_GRAPH_LAYER(GATConv);

}  // namespace weigh::nn
