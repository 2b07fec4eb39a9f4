// A TorchScript module (torch::jit::load) as a Model: the same as of a module in C++, scripted or traced, with a dry
// run of its code. Every call of a submodule's forward is seen, whoever makes it.
//
//   torch::jit::Module net = torch::jit::load("net.pt");
//   std::cout << weigh::summarize(net, torch::rand({1, 3, 224, 224}));
#pragma once

#include <vector>

#include <torch/script.h>

#include "weigh/torch/describe.h"

namespace weigh {

// Without a forward.
Model describe(const torch::jit::Module& module);

// With one. Inputs that are left out have the defaults of the code. Throws weigh::Error(usage) for what libtorch
// refuses, naming the layer and the operator; passes on what else the code raises.
Model describe(const torch::jit::Module& module, const std::vector<c10::IValue>& inputs,
               const DescribeOptions& options);

// Inputs are what a c10::IValue can be made of.
template <class... Inputs>
Model describe_with(const DescribeOptions& options, const torch::jit::Module& module, const Inputs&... inputs) {
  return describe(module, {c10::IValue(inputs)...}, options);
}

template <class... Inputs>
requires(sizeof...(Inputs) > 0 &&
         !std::is_same_v<std::tuple_element_t<0, std::tuple<Inputs...>>, std::vector<c10::IValue>>) Model
    describe(const torch::jit::Module& module, const Inputs&... inputs) {
  return describe_with({}, module, inputs...);
}

}  // namespace weigh
