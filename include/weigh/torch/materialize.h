// Initialising lazy layers without a forward of the model:
//
//   weigh::materialize(net, torch::rand({32, 16}));
//
// A dry run finds the shapes; then each lazy layer is given memory, and its reset_parameters() is called, in the order
// in which a forward would have initialised them. Random numbers are drawn as a first forward in eval mode draws them;
// one in training draws for its dropouts, too, and any for its noise: layers behind those get other values of the same
// distribution.
#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <vector>

#include <torch/torch.h>

#include "weigh/torch/describe.h"

namespace weigh {

struct MaterializeOptions {
  Forward forward = Forward::dry;  // or real, for a forward that is known to need values
};

// `forward` calls the module. Where the dry run stops, the real forward is run once, on small random numbers for what
// has no shape yet, and with everything it changes put back; a note that is returned says so. Throws weigh::Error and
// changes nothing where the real one fails, too, or where the forward throws. Layers that it does not reach stay as
// they are.
std::vector<Note> materialize(torch::nn::Module& module, const std::vector<c10::IValue>& inputs,
                              const std::function<c10::IValue()>& forward, const MaterializeOptions& options = {});

template <detail::NativeModule Module, class... Inputs>
std::vector<Note> materialize_with(const MaterializeOptions& options, Module&& module, const Inputs&... inputs) {
  auto& inner = detail::module_in(module);
  const std::function<c10::IValue()> forward = [&] {
    return detail::call_forward(inner, std::tuple<std::decay_t<Inputs>...>(stand_in(inputs)...));
  };
  return materialize(static_cast<torch::nn::Module&>(inner), std::vector<c10::IValue>{to_ivalue(inputs)...}, forward,
                     options);
}

template <detail::NativeModule Module, class... Inputs>
requires(sizeof...(Inputs) > 0 &&
         !std::is_same_v<std::tuple_element_t<0, std::tuple<Inputs...>>, std::vector<c10::IValue>>)
    std::vector<Note> materialize(Module&& module, const Inputs&... inputs) {
  return materialize_with({}, module, inputs...);
}

}  // namespace weigh
