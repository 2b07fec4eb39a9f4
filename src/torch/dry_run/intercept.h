// Every operator of this thread passes through a hand of ours before libtorch sees it, autograd included; and those of
// other threads that take a tensor which is marked. The one place that knows by which dispatch keys: a spare one above
// all others, and one below autograd.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

namespace weigh::dry_run {

class Interceptor {
 public:
  virtual ~Interceptor() = default;
  // Does what the operator would: takes its arguments from the stack and leaves its results there.
  virtual void operate(const c10::OperatorHandle& op, torch::jit::Stack& stack) = 0;
  // The same for another thread, which is given no other interceptor; false: it did nothing.
  virtual bool operate_elsewhere(const c10::OperatorHandle& /*op*/, torch::jit::Stack& /*stack*/) { return false; }
  // The same below autograd, in a scope of BelowAutograd.
  virtual bool operate_below_autograd(const c10::OperatorHandle& /*op*/, torch::jit::Stack& /*stack*/) { return false; }

  // Of this thread; null where nobody intercepts.
  static Interceptor* current();
};

// Makes an interceptor the one of this thread for a scope.
class InterceptGuard {
 public:
  // `is_home`: the thread is the one whose operators are wanted, others are seen by marks.
  explicit InterceptGuard(Interceptor& interceptor, bool is_home = true);
  ~InterceptGuard();
  InterceptGuard(const InterceptGuard&) = delete;
  InterceptGuard& operator=(const InterceptGuard&) = delete;

 private:
  Interceptor* before_;
  bool is_home_;
  c10::impl::IncludeDispatchKeyGuard include_;
};

// For a scope, operators go straight to libtorch.
class Uninterrupted {
 public:
  Uninterrupted();

 private:
  c10::impl::ExcludeDispatchKeyGuard exclude_;
};

// For a scope, operators that autograd has recorded come back.
class BelowAutograd {
 public:
  BelowAutograd();

 private:
  c10::impl::IncludeDispatchKeyGuard include_;
};

// Has operators of any thread that take this tensor intercepted. Views of it are marked, too.
void mark(const at::Tensor& tensor);
void unmark(const at::Tensor& tensor);

// The operator itself; operators that it is made of are intercepted again.
void call_with_parts_intercepted(const c10::OperatorHandle& op, torch::jit::Stack& stack);

}  // namespace weigh::dry_run
