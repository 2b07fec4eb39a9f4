// A tensor that may be left out, as torch::autograd::Function takes it: an undefined one it does not take.
#pragma once

#include <torch/torch.h>

namespace weigh::nn::graph {

using OptionalTensor = c10::optional<torch::Tensor>;

inline OptionalTensor if_defined(const torch::Tensor& tensor) {
  return tensor.defined() ? OptionalTensor(tensor) : OptionalTensor();
}
inline torch::Tensor or_undefined(const OptionalTensor& tensor) { return tensor ? *tensor : torch::Tensor(); }

}  // namespace weigh::nn::graph
