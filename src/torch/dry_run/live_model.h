// A live module tree as a Model, and the way back: which module and tensor of the process each entry is. A tree of
// torch::nn::Module, or of TorchScript.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include <torch/script.h>
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
  explicit LiveModel(const torch::jit::Module& root);

  Model model;
  std::vector<const torch::nn::Module*> modules;  // by index in the model; also of aliases. Empty for TorchScript
  std::vector<at::Tensor> tensors;                // by index in the model

  // Its first entry in the model; kNone for a module that is not in it.
  Index find(const torch::nn::Module& module) const { return find(static_cast<const void*>(&module)); }
  Index find(const torch::jit::Module& module) const { return find(module._ivalue().get()); }
  // "conv1 (Conv2d)"; for the root its type.
  std::string place(Index module) const;

 private:
  Index find(const void* identity) const;
  // Every module below a root, as a handle of either kind; an alias is the last to be told of its module.
  template <class Handle>
  std::vector<Handle> add_tree(ModelBuilder& builder, Handle root);
  void add_tensors(ModelBuilder& builder, KnownExtents& known, Index module);
  void add_tensors(ModelBuilder& builder, Index index, const torch::jit::Module& module);
  Tensor describe(const std::string& name, Index module, const at::Tensor& tensor, Role role);
  void add_uninitialized(ModelBuilder& builder, KnownExtents& known, Tensor entry, const at::Tensor& tensor);
  void add_initialized(ModelBuilder& builder, Tensor entry, const at::Tensor& tensor);
  Index same_memory(const at::Tensor& tensor);

  std::unordered_map<const void*, Index> first_;
  std::unordered_map<const void*, std::vector<Index>> by_memory_;
};

// PyTorch's name for a type is ours.
DType dtype_of(at::ScalarType type);

}  // namespace weigh::dry_run
