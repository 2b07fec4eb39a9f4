// Shape-only kernels that libtorch lacks in C++ (Python has some of its own). They serve the dry run alone: nothing is
// registered with the dispatcher, where it would change what other code of the process sees.
#pragma once

#include <map>
#include <string>
#include <utility>

#include <ATen/core/boxing/KernelFunction.h>
#include <torch/torch.h>

namespace weigh::dry_run {

class ShapeKernels {
 public:
  static const ShapeKernels& all();

  // Null where there is none.
  const c10::KernelFunction* find(const std::string& name, const std::string& overload) const;

  // `kernel` is TORCH_FN(function); its signature is that of the operator's schema.
  template <class Kernel>
  void add(const char* name, Kernel kernel, const char* overload = "") {
    kernels_.emplace(std::pair(std::string("aten::") + name, std::string(overload)),
                     c10::KernelFunction::makeFromUnboxedFunction(kernel));
  }

 private:
  std::map<std::pair<std::string, std::string>, c10::KernelFunction> kernels_;
};

// One function for each theme.
void add_elementwise(ShapeKernels& kernels);
void add_convolutions(ShapeKernels& kernels);
void add_normalizations(ShapeKernels& kernels);
void add_indexing(ShapeKernels& kernels);

}  // namespace weigh::dry_run
