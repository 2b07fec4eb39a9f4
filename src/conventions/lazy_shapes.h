// What is known of an uninitialised parameter: the extents that its layer's class and attributes give away. The rest
// are unknown extents with a name: the LazyLinear "fc" has the weight [64, in of fc].
//
// Layers: PyTorch's thirteen lazy classes (torch/nn/modules/*.py); PyTorch Geometric's Linear, HeteroLinear and the
// convolutions that own lazy parameters (torch_geometric/nn/dense/linear.py, nn/conv/*.py).
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weigh/layer_facts.h"
#include "weigh/model.h"

namespace weigh::conventions {

// What is asked of a layer: nobody need tell more of it.
inline constexpr std::array<std::string_view, 14> kAskedAttributes = {
    "out_features", "out_channels",   "groups", "kernel_size", "num_types", "K",           "num_stacks",
    "num_layers",   "shared_weights", "dim",    "in_channels", "aggr",      "in_features", "separate_gaussians"};

using Shape = std::optional<std::vector<Extent>>;

// A layer and where it stands.
struct Layer {
  const LayerFacts* facts = nullptr;
  Index index = 0;
  const LayerFacts* parent = nullptr;  // none for the root
  Index parent_index = kNone;
  std::string_view name;  // under which the parent holds it
};

class LazyShapes {
 public:
  // Makes an unknown extent of the layer.
  using NewSymbol = std::function<SymbolId(std::string_view name, Index layer)>;

  explicit LazyShapes(NewSymbol new_symbol) : new_symbol_(std::move(new_symbol)) {}

  // Of the tensor called `name` in the layer; nothing where its class is not known.
  Shape of(const Layer& layer, std::string_view name);
  // The unknown that is called `name` in the layer: one and the same, however often it is asked for.
  Extent unknown(Index layer, std::string_view name);

 private:
  Shape torch_shape(const Layer& layer, std::string_view type, std::string_view name);
  Shape convolution_shape(const Layer& layer, std::string_view name, bool is_transposed);
  Shape geometric_shape(const Layer& layer, std::string_view type, std::string_view name);
  Shape own_parameter_shape(const Layer& layer, std::string_view type, std::string_view name, Extent out);
  Shape arma_shape(const Layer& layer, std::string_view name, Extent out);
  Shape mixture_shape(const Layer& layer, std::string_view name, Extent out);
  Extent input_of_linear(const Layer& layer);

  NewSymbol new_symbol_;
  std::map<std::pair<Index, std::string>, SymbolId> symbols_;  // by layer and name
};

}  // namespace weigh::conventions
