// Tells whoever watches (a dry run) that the forward of a layer begins and ends. For layers of your own that want their
// shapes and FLOPs to be known as one row though they own no parameter, or call others:
//   torch::Tensor forward(const torch::Tensor& x) {
//     weigh::nn::ForwardScope scope(*this, x);
//     return scope.returns(torch::relu(x));
//   }
// Costs nothing where nobody watches.
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace weigh::nn {

class Observer;

class ForwardScope {
 public:
  template <class... Inputs>
  explicit ForwardScope(torch::nn::Module& module, const Inputs&... inputs) : module_(module) {
    if (is_watched()) enter({value_of(inputs)...});
  }
  // Ends without outputs where returns() was not called, as when the forward throws.
  ~ForwardScope();
  ForwardScope(const ForwardScope&) = delete;
  ForwardScope& operator=(const ForwardScope&) = delete;

  template <class Output>
  Output returns(Output output) {
    if (observer_) outputs_ = {value_of(output)};
    return output;
  }

 private:
  static bool is_watched();
  void enter(const std::vector<c10::IValue>& inputs);

  // What libtorch has no value for (a struct of the user's) is passed as None.
  template <class Value>
  static c10::IValue value_of(const Value& value) {
    if constexpr (std::is_constructible_v<c10::IValue, Value>) {
      return c10::IValue(value);
    } else {
      return {};
    }
  }

  torch::nn::Module& module_;
  Observer* observer_ = nullptr;
  std::vector<c10::IValue> outputs_;
};

}  // namespace weigh::nn
