// Inputs with which a module's forward can be run dry, whatever its signature: LightningModule::example_input().
#pragma once

#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "weigh/error.h"
#include "weigh/lightning/batch.h"
#include "weigh/torch/describe.h"
#include "weigh/torch/materialize.h"

namespace weigh::lightning {

// Where tensors of a run are, and of which dtype the floating ones are; that of a tensor itself where not set.
struct Placement {
  torch::Device device = torch::kCPU;
  std::optional<torch::ScalarType> floating = {};

  void apply(torch::Tensor& tensor) const;
  bool is_plain() const { return device.is_cpu() && !floating; }
};

// What can be done with example inputs. The module is a parameter, and not captured, so that a copy of a module is
// described with its own layers.
struct ExampleInput {
  Forward forward = Forward::dry;  // which to run
  std::function<Model(torch::nn::Module& module, const Placement&, const DescribeOptions&)> describe;
  std::function<std::vector<Note>(torch::nn::Module& module, const Placement&, const MaterializeOptions&)> materialize;

  explicit operator bool() const { return static_cast<bool>(describe); }
};

namespace detail {

template <class Self, class... Inputs>
ExampleInput make_example(Forward forward, const Inputs&... inputs) {
  using Values = std::tuple<std::decay_t<Inputs>...>;
  const auto placed = [values = Values(inputs...)](const Placement& placement) {
    Values copy = values;
    visit_tensors(copy, [&](torch::Tensor& tensor) { placement.apply(tensor); });
    return copy;
  };
  auto describe = [placed](torch::nn::Module& module, const Placement& placement, const DescribeOptions& options) {
    return std::apply(
        [&](const auto&... values) { return describe_with(options, dynamic_cast<Self&>(module), values...); },
        placed(placement));
  };
  auto materialize = [placed](torch::nn::Module& module, const Placement& placement,
                              const MaterializeOptions& options) {
    return std::apply(
        [&](const auto&... values) { return materialize_with(options, dynamic_cast<Self&>(module), values...); },
        placed(placement));
  };
  return {forward, describe, materialize};
}

}  // namespace detail

// Of forward(inputs…) of the class `Self`. Forward::real may stand behind the inputs, for one that needs values.
template <class Self, class... Inputs>
ExampleInput make_example_input(const Inputs&... inputs) {
  constexpr std::size_t kCount = sizeof...(Inputs);
  using Last = std::decay_t<std::tuple_element_t<kCount, std::tuple<void*, Inputs...>>>;
  if constexpr (std::is_same_v<Last, Forward>) {
    const auto all = std::forward_as_tuple(inputs...);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return detail::make_example<Self>(std::get<kCount - 1>(all), std::get<I>(all)...);
    }
    (std::make_index_sequence<kCount - 1>());
  } else {
    return detail::make_example<Self>(Forward::dry, inputs...);
  }
}

}  // namespace weigh::lightning
