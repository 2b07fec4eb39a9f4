// One operator of a forward, as its layer called it.
#pragma once

#include <vector>

#include <torch/torch.h>

#include "dry_run/operator.h"

namespace weigh::dry_run {

struct Operation {
  const Operator& op;
  std::vector<at::Tensor> inputs;  // defined ones, in the order of arguments, those in lists too
  std::vector<bool> is_written;    // by input
  std::vector<at::Tensor> outputs;
};

// A tensor of which one wants to know whether it is met again, without keeping its memory.
class Recognised {
 public:
  explicit Recognised(const at::Tensor& tensor) : tensor_(tensor.getIntrusivePtr()) {}
  bool is(const at::Tensor& tensor) const { return tensor_._unsafe_get_target() == tensor.unsafeGetTensorImpl(); }

 private:
  // Keeps the address from being given to another.
  c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl> tensor_;
};

}  // namespace weigh::dry_run
