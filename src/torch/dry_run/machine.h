// Runs operators. In a dry run on shapes alone: real tensors are replaced by their twins, what is made is made without
// memory. In a real run only tensors that have no shape yet are replaced, by those that the run lends them.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include "dry_run/operator.h"
#include "dry_run/twins.h"

namespace weigh::dry_run {

class Machine {
 public:
  explicit Machine(bool is_dry) : is_dry_(is_dry) {}

  Twins& twins() { return twins_; }
  const Twins& twins() const { return twins_; }
  // The tensor that stands for this one.
  at::Tensor seen(const at::Tensor& tensor);

  // Replaces the operator's arguments on the stack.
  void prepare(const Operator& op, std::size_t arguments, torch::jit::Stack& stack);
  // Does what the operator would. Throws c10::NotImplementedError where nobody knows how.
  void call(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack) const;

 private:
  c10::IValue replaced(const c10::IValue& value);

  bool is_dry_;
  Twins twins_;
};

// Calls `visit(tensor)` for all defined tensors of a value, those in lists too.
template <class Visit>
void visit_tensors(const c10::IValue& value, Visit&& visit) {
  if (value.isTensor()) {
    if (value.toTensor().defined()) visit(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector())
      if (tensor.defined()) visit(tensor);
  } else if (value.isList()) {
    for (const c10::IValue& item : value.toListRef()) visit_tensors(item, visit);
  }
}

}  // namespace weigh::dry_run
