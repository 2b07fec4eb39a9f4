// Inputs with which a module's forward can be run dry, whatever its signature: LightningModule::example_input().
#pragma once

#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

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
  std::function<Model(torch::nn::Module& module, const Placement&)> describe;
  std::function<void(torch::nn::Module& module, const Placement&)> materialize;

  explicit operator bool() const { return static_cast<bool>(describe); }
};

// Of forward(inputs…) of the class `Self`.
template <class Self, class... Inputs>
ExampleInput make_example_input(const Inputs&... inputs) {
  using Values = std::tuple<std::decay_t<Inputs>...>;
  const auto placed = [values = Values(inputs...)](const Placement& placement) {
    Values copy = values;
    detail::visit_tensors(copy, [&](torch::Tensor& tensor) { placement.apply(tensor); });
    return copy;
  };
  ExampleInput made;
  made.describe = [placed](torch::nn::Module& module, const Placement& placement) {
    return std::apply([&](const auto&... values) { return weigh::describe(dynamic_cast<Self&>(module), values...); },
                      placed(placement));
  };
  made.materialize = [placed](torch::nn::Module& module, const Placement& placement) {
    std::apply([&](const auto&... values) { weigh::materialize(dynamic_cast<Self&>(module), values...); },
               placed(placement));
  };
  return made;
}

}  // namespace weigh::lightning
