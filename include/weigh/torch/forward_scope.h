// Tells whoever watches (a dry run) that the forward of a layer begins and ends. For layers of your own that want their
// shapes and FLOPs to be known as one row though they own no parameter, or call others:
//   torch::Tensor forward(const torch::Tensor& x) {
//     weigh::nn::ForwardScope scope(*this, x);
//     return scope.returns(torch::relu(x));
//   }
// Costs nothing where nobody watches.
#pragma once

#include <utility>
#include <vector>

#include <torch/torch.h>

#include "weigh/torch/values.h"

namespace weigh::nn {

class Observer;

class ForwardScope {
 public:
  template <class... Inputs>
  explicit ForwardScope(torch::nn::Module& module, const Inputs&... inputs) : module_(module) {
    if (is_watched()) enter({to_ivalue(inputs)...});
  }
  // Ends without outputs where returns() was not called, as when the forward throws.
  ~ForwardScope();
  ForwardScope(const ForwardScope&) = delete;
  ForwardScope& operator=(const ForwardScope&) = delete;

  template <class Output>
  Output returns(Output output) {
    if (observer_) outputs_ = {to_ivalue(output)};
    return output;
  }

 private:
  static bool is_watched();
  // Without what stands last and is not there: arguments that the caller left out.
  void enter(std::vector<c10::IValue> inputs);

  torch::nn::Module& module_;
  Observer* observer_ = nullptr;
  std::vector<c10::IValue> outputs_;
};

}  // namespace weigh::nn
