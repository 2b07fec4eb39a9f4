// Initialising lazy layers without a forward of the model:
//
//   weigh::materialize(net, torch::rand({32, 16}));
//
// A dry run finds the shapes; then each lazy layer is given memory, and its reset_parameters() is called, in the order
// in which a forward would have initialised them: random numbers are drawn as if it had been run.
#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <vector>

#include <torch/torch.h>

#include "weigh/torch/describe.h"

namespace weigh {

// `forward` calls the module. Throws weigh::Error and changes nothing where the dry run stops before the last lazy
// layer (unsupported; run one real forward instead), or where the forward throws. Layers that it does not reach stay as
// they are.
void materialize(torch::nn::Module& module, const std::vector<c10::IValue>& inputs,
                 const std::function<c10::IValue()>& forward);

template <class Module, class... Inputs>
requires(sizeof...(Inputs) > 0 && !std::is_same_v<std::tuple_element_t<0, std::tuple<Inputs...>>,
                                                  std::vector<c10::IValue>>) void materialize(Module& module,
                                                                                              const Inputs&... inputs) {
  auto& inner = detail::module_in(module);
  const std::function<c10::IValue()> forward = [&] {
    return detail::call_forward(inner, std::tuple<std::decay_t<Inputs>...>(stand_in(inputs)...));
  };
  materialize(static_cast<torch::nn::Module&>(inner), std::vector<c10::IValue>{to_ivalue(inputs)...}, forward);
}

}  // namespace weigh
