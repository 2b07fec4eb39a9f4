// Runs operators. In a dry run on shapes: what has known values (known_values.h) is computed, all else is replaced by
// its twin, and what is made is made without memory. In a real run only tensors that have no shape yet are replaced, by
// those that the run lends them.
#pragma once

#include <utility>
#include <vector>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include "dry_run/known_values.h"
#include "dry_run/operator.h"
#include "dry_run/twins.h"

namespace weigh::dry_run {

class Machine {
 public:
  struct Options {
    bool is_dry = true;
    bool computes_integers = false;
    bool with_autograd = false;  // a dry run whose operators autograd records
  };
  explicit Machine(const Options& options)
      : is_dry_(options.is_dry),
        computes_(options.is_dry && options.computes_integers),
        with_autograd_(options.is_dry && options.with_autograd) {}

  Twins& twins() { return twins_; }
  const Twins& twins() const { return twins_; }
  KnownValues& known() { return known_; }
  const KnownValues& known() const { return known_; }
  // The tensor that stands for this one where there are no values.
  at::Tensor seen(const at::Tensor& tensor);
  // What an argument stands for that was prepared last; itself where that is to be met no more.
  const at::Tensor& original_of(const at::Tensor& argument) const;

  // Whether the operator is to be computed: all that it takes is known, and what it gives is not too much.
  bool has_values(const c10::OperatorHandle& handle, const Operator& op, const torch::jit::Stack& stack);
  // Of prepared arguments: gives the operator what it needs to know of values. Whether the result is on the stack
  // already.
  bool apply_values(const Operator& op, std::size_t arguments, torch::jit::Stack& stack);
  // Replaces the operator's arguments on the stack; not what is known, where its parts or apply_values() want that.
  void prepare(const Operator& op, std::size_t arguments, torch::jit::Stack& stack, bool has_values);
  // Does what the operator would. Throws c10::NotImplementedError where nobody knows how.
  void call(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack, bool has_values);
  // Of an operator that autograd has recorded: whether we are the ones who shape it, and did.
  static bool shape(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack);

 private:
  bool makes_integers(const Operator& op, at::ArrayRef<c10::IValue> arguments) const;
  bool is_affordable(const c10::OperatorHandle& handle, const Operator& op, const torch::jit::Stack& stack);
  c10::IValue replaced(const c10::IValue& value, bool keep_known);
  void compute(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack);

  bool is_dry_;
  bool computes_;
  bool with_autograd_;
  Twins twins_;
  KnownValues known_;
  std::vector<std::pair<at::Tensor, at::Tensor>> once_;  // arguments prepared last, and the known values that they were
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
