// An opt-in for layers without parameters that a forward calls by hand: their shapes are known, too.
//
//   weigh::nn::Observed<torch::nn::MaxPool2d> pool = register_module("pool", torch::nn::MaxPool2d(2));
//   …
//   x = pool(x);
//
// It is the holder that it names, in everything but that its call is told to a run that watches. Costs nothing where
// nobody watches. Only calls with () are told, not pool->forward(x).
#pragma once

#include <type_traits>
#include <utility>

#include <torch/torch.h>

#include "weigh/torch/forward_scope.h"

namespace weigh::nn {

template <class Holder>
class Observed : public Holder {
 public:
  using Holder::Holder;
  Observed(const Holder& holder) : Holder(holder) {}  // NOLINT(google-explicit-constructor): it is one
  Observed() = default;

  template <class... Inputs>
  auto operator()(Inputs&&... inputs) {
    ForwardScope scope(*this->get(), std::as_const(inputs)...);
    return scope.returns(this->get()->forward(std::forward<Inputs>(inputs)...));
  }
};

}  // namespace weigh::nn
