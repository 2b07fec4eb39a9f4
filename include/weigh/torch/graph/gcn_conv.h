// Graph convolution: "Semi-Supervised Classification with Graph Convolutional Networks", Kipf, Welling,
// arXiv:1609.02907. Definition, options, names of parameters and initial values follow PyTorch Geometric 2.9
// (torch_geometric/nn/conv/gcn_conv.py).
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"
#include "weigh/torch/graph/linear.h"

namespace weigh::nn {

struct GCNConvOptions {
  GCNConvOptions(std::int64_t in_channels, std::int64_t out_channels)
      : in_channels_(in_channels), out_channels_(out_channels) {}
  TORCH_ARG(std::int64_t, in_channels);
  TORCH_ARG(std::int64_t, out_channels);
  TORCH_ARG(bool, improved) = false;               // self-loops of weight 2 instead of 1
  TORCH_ARG(bool, cached) = false;                 // the normalised edges of the first forward serve for all others
  TORCH_ARG(std::optional<bool>, add_self_loops);  // unless set: as normalize
  TORCH_ARG(bool, normalize) = true;               // weights divided by the roots of the degrees of both ends
  TORCH_ARG(bool, bias) = true;
  TORCH_ARG(Flow, flow) = Flow::source_to_target;
  TORCH_ARG(Reduce, aggr) = Reduce::add;
};

class GCNConvImpl : public torch::nn::Cloneable<GCNConvImpl> {
 public:
  GCNConvImpl(std::int64_t in_channels, std::int64_t out_channels)
      : GCNConvImpl(GCNConvOptions(in_channels, out_channels)) {}
  // Throws weigh::Error(usage) for add_self_loops without normalize.
  explicit GCNConvImpl(const GCNConvOptions& options);

  void reset() override;
  // Forgets the cached edges, too.
  void reset_parameters();
  void pretty_print(std::ostream& stream) const override;

  // x [nodes, in_channels], edge_index int64 [2, edges], edge_weight [edges] (1 where undefined) ->
  // [nodes, out_channels]. Throws weigh::Error(usage) for shapes that do not fit and an index that is out of range.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edge_index, const torch::Tensor& edge_weight = {});

  GCNConvOptions options;
  torch::Tensor bias;  // [out_channels]; undefined without bias
  Linear lin{nullptr};

 private:
  struct WeightedEdges {
    torch::Tensor index, weight;
  };
  WeightedEdges normalized(const torch::Tensor& x, const torch::Tensor& edge_index, const torch::Tensor& edge_weight);
  torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& edge_index, const torch::Tensor& edge_weight);

  std::optional<WeightedEdges> cache_;
};

TORCH_MODULE(GCNConv);

}  // namespace weigh::nn
