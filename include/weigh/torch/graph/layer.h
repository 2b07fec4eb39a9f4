// The holders of layers that take nodes of two kinds: as those of TORCH_MODULE, and braces stand for a pair.
//
//   SAGEConv conv({-1, -1}, 64);
//   conv({users, items}, edges);
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"

namespace weigh::nn {

template <class Impl>
class GraphLayer : public torch::nn::ModuleHolder<Impl> {
 public:
  using torch::nn::ModuleHolder<Impl>::ModuleHolder;

  // Braces have no type of their own, so that the templates of ModuleHolder find none for them.
  GraphLayer(Channels in_channels,
             std::int64_t out_channels) requires(std::is_constructible_v<Impl, Channels, std::int64_t>)
      : torch::nn::ModuleHolder<Impl>(std::make_shared<Impl>(in_channels, out_channels)) {}

  template <class... More>
  torch::Tensor operator()(const NodeFeatures& x, const torch::Tensor& edge_index, More&&... more) {
    return (*this)->forward(x, edge_index, std::forward<More>(more)...);
  }
};

}  // namespace weigh::nn

// As TORCH_MODULE(Name).
#define WEIGH_GRAPH_LAYER(Name)                           \
  class Name : public weigh::nn::GraphLayer<Name##Impl> { \
   public:                                                \
    using weigh::nn::GraphLayer<Name##Impl>::GraphLayer;  \
    using Impl = Name##Impl;                              \
  }
