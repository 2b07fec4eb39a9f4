// Shape-only kernels that libtorch lacks in C++ (Python has some of its own). They serve the dry run alone: nothing is
// registered with the dispatcher, where it would change what other code of the process sees. One is used only where
// the dispatcher has none, or where the operator, being made of others, would ask for values or take long.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/boxing/KernelFunction.h>
#include <torch/torch.h>

namespace weigh::dry_run {

using Sizes = std::vector<std::int64_t>;
using OptionalTensor = c10::optional<at::Tensor>;

class ShapeKernels {
 public:
  static const ShapeKernels& all();

  // Null where there is none.
  const c10::KernelFunction* find(const std::string& name, const std::string& overload) const;

  // `kernel` is TORCH_FN(function); its signature is that of the operator's schema.
  template <class Kernel>
  void add(const char* name, Kernel kernel, const char* overload = "") {
    insert(name, overload, c10::KernelFunction::makeFromUnboxedFunction(kernel));
  }
  // For operators of any schema.
  template <c10::KernelFunction::BoxedKernelFunction* kKernel>
  void add_boxed(const char* name, const char* overload = "") {
    insert(name, overload, c10::KernelFunction::makeFromBoxedFunction<kKernel>());
  }

 private:
  void insert(const char* name, const char* overload, c10::KernelFunction kernel) {
    kernels_.emplace(std::pair(std::string("aten::") + name, std::string(overload)), std::move(kernel));
  }

  std::map<std::pair<std::string, std::string>, c10::KernelFunction> kernels_;
};

// Takes an operator's arguments from the stack and leaves one result.
template <class... Results>
void give(const c10::OperatorHandle& op, torch::jit::Stack* stack, Results... results) {
  torch::jit::drop(*stack, op.schema().arguments().size());
  (stack->emplace_back(std::move(results)), ...);
}
inline const c10::IValue& argument(const c10::OperatorHandle& op, const torch::jit::Stack* stack, std::size_t i) {
  return (*stack)[stack->size() - op.schema().arguments().size() + i];
}

// One function for each theme.
void add_elementwise(ShapeKernels& kernels);
void add_reductions(ShapeKernels& kernels);
void add_convolutions(ShapeKernels& kernels);
void add_normalizations(ShapeKernels& kernels);
void add_pooling(ShapeKernels& kernels);
void add_images(ShapeKernels& kernels);
void add_indexing(ShapeKernels& kernels);
void add_losses(ShapeKernels& kernels);
void add_distances(ShapeKernels& kernels);
void add_gradients(ShapeKernels& kernels);
void add_transforms(ShapeKernels& kernels);
void add_views(ShapeKernels& kernels);

}  // namespace weigh::dry_run
