// A live torch::nn::Module as a Model, and what a forward of it would do, found without doing it.
//
//   weigh::Model model = weigh::describe(net, torch::rand({1, 3, 224, 224}));
//
// The forward is run dry: its operators see shapes without data, so that nothing is computed, allocated or changed. The
// module and its inputs are as before, whatever happens. Layers that own parameters are recognised by them; the
// children of torch::nn::Sequential, and layers of this library, tell themselves (Run::witness).
//
// Floats are shapes; integers and booleans, and what is computed of them alone, have their values (docs/lazy.md). A
// forward that keeps a tensor in a member of its own keeps one without data. One that reads values of floats (item(), a
// mask of floats as an index) stops there: a note "data-dependent" tells the layer, the operator and what to do, and
// every number that may be larger is a lower bound. Data pointers must not be asked for. One dry run at a time on each
// thread.
#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "weigh/model.h"
#include "weigh/torch/modules.h"
#include "weigh/torch/stand_in.h"
#include "weigh/torch/values.h"

namespace weigh {

enum class Forward : std::uint8_t {
  none,  // shapes and FLOPs are left out
  dry,   // on shapes alone
  real,  // the real one, in eval mode, without gradients but where it asks for them; everything it changed is put back
};

struct DescribeOptions {
  Forward forward = Forward::dry;
  bool with_backward = false;  // Run::backward_flops, too; for a dry forward
  // An exception of the forward becomes a note, and what ran before it is told, as where a dry forward stops.
  bool keeps_what_ran = false;
};

// Without a forward: names, shapes, types, states.
Model describe(const torch::nn::Module& module);

// With one, which `forward` does: it calls the module and returns its outputs. `inputs` are what it will be called
// with, for Run::in of the root. It is called a second time where it turns out to ask for gradients. Whatever `forward`
// throws becomes a weigh::Error (usage, or its own kind) that names the layer and the operator, with the original
// nested.
Model describe(torch::nn::Module& module, const std::vector<c10::IValue>& inputs,
               const std::function<c10::IValue()>& forward, const DescribeOptions& options);

namespace detail {

template <class Module, class... Inputs>
c10::IValue call_forward(Module& module, std::tuple<Inputs...> inputs) {
  return std::apply(
      [&](auto&... values) {
        auto call = [&](auto&&... arguments) {
          if constexpr (std::is_void_v<decltype(module.forward(std::forward<decltype(arguments)>(arguments)...))>) {
            module.forward(std::forward<decltype(arguments)>(arguments)...);
            return c10::IValue();
          } else {
            return to_ivalue(module.forward(std::forward<decltype(arguments)>(arguments)...));
          }
        };
        if constexpr (requires { module.forward(values...); }) {
          return call(values...);
        } else {
          static_assert(!std::is_const_v<Module>,
                        "a forward may change its module, and this one is const: give one that is not");
          static_assert(
              std::is_const_v<Module> || requires { module.forward(std::move(values)...); },
              "module.forward(inputs...) does not compile: the number or the types of the inputs are not those of "
              "forward's parameters, or forward is not public");
          return call(std::move(values)...);
        }
      },
      inputs);
}

}  // namespace detail

// With module.forward(inputs…), whatever its signature. `module` is a module, its holder or a std::shared_ptr to it.
template <detail::NativeModule Module, class... Inputs>
Model describe_with(const DescribeOptions& options, Module&& module, const Inputs&... inputs) {
  auto& inner = detail::module_in(module);
  return describe(
      inner, {to_ivalue(inputs)...},
      [&] { return detail::call_forward(inner, std::tuple<std::decay_t<Inputs>...>(stand_in(inputs)...)); }, options);
}

template <detail::NativeModule Module, class... Inputs>
requires(sizeof...(Inputs) > 0 &&
         !std::is_same_v<std::tuple_element_t<0, std::tuple<Inputs...>>, std::vector<c10::IValue>>) Model
    describe(Module&& module, const Inputs&... inputs) {
  return describe_with({}, module, inputs...);
}

template <class Given>
requires(detail::ModuleHolder<Given> || detail::SharedModule<Given>) Model describe(const Given& given) {
  return describe(static_cast<const torch::nn::Module&>(detail::module_in(given)));
}

}  // namespace weigh
