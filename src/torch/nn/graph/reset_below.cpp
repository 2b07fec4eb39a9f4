#include "nn/graph/reset_below.h"

#include "weigh/torch/graph/gat_conv.h"
#include "weigh/torch/graph/gatv2_conv.h"
#include "weigh/torch/graph/gcn_conv.h"
#include "weigh/torch/graph/gin_conv.h"
#include "weigh/torch/graph/linear.h"
#include "weigh/torch/graph/sage_conv.h"
#include "weigh/torch/graph/transformer_conv.h"
#include "weigh/torch/uninitialized.h"

namespace weigh::nn::graph {
namespace {

template <class Layer>
bool reset_as(torch::nn::Module& module) {
  auto* layer = dynamic_cast<Layer*>(&module);
  if (layer == nullptr) return false;
  layer->reset_parameters();
  return true;
}

// reset_parameters is not virtual in libtorch.
template <class... Layers>
bool reset_as_one_of(torch::nn::Module& module) {
  return (reset_as<Layers>(module) || ...);
}

}  // namespace

void reset_parameters_below(torch::nn::Module& module) {
  using namespace torch::nn;  // NOLINT(google-build-using-namespace): a list of its layers
  // PyTorch's own lazy layers draw nothing before they have shapes; PyTorch Geometric's know it themselves.
  if (reset_as_one_of<weigh::nn::LinearImpl, GATv2ConvImpl, GATConvImpl, GCNConvImpl, SAGEConvImpl, GINConvImpl,
                      TransformerConvImpl>(module))
    return;
  const bool is_lazy = dynamic_cast<LazyLayer*>(&module) != nullptr && has_uninitialized(module);
  if (is_lazy || reset_as_one_of<LazyLayer, torch::nn::LinearImpl, BilinearImpl, EmbeddingImpl, EmbeddingBagImpl,
                                 BatchNorm1dImpl, InstanceNorm1dImpl, LayerNormImpl, GroupNormImpl>(module))
    return;
  for (const auto& child : module.children()) reset_parameters_below(*child);
}

}  // namespace weigh::nn::graph
