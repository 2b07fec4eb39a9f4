// Parameters and buffers without a shape, as torch.nn.parameter.UninitializedParameter and UninitializedBuffer
// (PyTorch, torch/nn/parameter.py): dtype, device and requires_grad are known, every question about shape or data is
// refused by name, and they become real in place, so that an optimizer built before still holds them.
#pragma once

#include <string>

#include <torch/torch.h>

namespace weigh::nn {

// A torch::Tensor whose shape is not known yet. It is registered like any other:
//   weight = register_parameter("weight", UninitializedParameter());
class UninitializedParameter : public torch::Tensor {
 public:
  explicit UninitializedParameter(torch::TensorOptions options = {}, bool requires_grad = true);
};

class UninitializedBuffer : public torch::Tensor {
 public:
  explicit UninitializedBuffer(torch::TensorOptions options = {});
};

bool is_uninitialized(const torch::Tensor& tensor);
// Whether the module, or one below it, owns a parameter or buffer without a shape.
bool has_uninitialized(const torch::nn::Module& module);

// Gives it memory of this shape; the values are arbitrary. The tensor stays the same object. dtype and device become
// those of `options` where they are set. During a dry run the shape is noted, and nothing is allocated or changed.
// Throws weigh::Error(usage) for a tensor that is initialised already, or whose shape the dry run knows already.
void materialize(torch::Tensor& tensor, torch::IntArrayRef shape, torch::TensorOptions options = {});

}  // namespace weigh::nn
