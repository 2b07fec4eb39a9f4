// A live module tree as a Model, and the way back: which module and tensor of the process each entry is.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include <torch/torch.h>

#include "weigh/model.h"

namespace weigh {
class ModelBuilder;
}

namespace weigh::dry_run {

class KnownExtents;

class LiveModel {
 public:
  // Children, parameters and buffers in the order in which they were registered; nothing is run or changed.
  explicit LiveModel(const torch::nn::Module& root);

  Model model;
  std::vector<const torch::nn::Module*> modules;  // by index in the model; also of aliases
  std::vector<at::Tensor> tensors;                // by index in the model

  // Its first entry in the model; kNone for a module that is not in it.
  Index find(const torch::nn::Module& module) const;
  // "conv1 (Conv2d)"; for the root its type.
  std::string place(Index module) const;

 private:
  void add_children(ModelBuilder& builder);
  void add_tensors(ModelBuilder& builder, KnownExtents& known, Index module);
  void add_tensor(ModelBuilder& builder, KnownExtents& known, Index module, const std::string& name,
                  const at::Tensor& tensor, Role role);
  Index same_memory(const at::Tensor& tensor);

  std::unordered_map<const torch::nn::Module*, Index> first_;
  std::unordered_map<const void*, std::vector<Index>> by_memory_;
};

// PyTorch's name for a type is ours.
DType dtype_of(at::ScalarType type);

}  // namespace weigh::dry_run
