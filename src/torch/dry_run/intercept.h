// Every operator of this thread passes through a hand of ours before libtorch sees it, autograd included. The one place
// that knows by which dispatch key: a spare one above all others.
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

  // Of this thread; null where nobody intercepts.
  static Interceptor* current();
};

// Makes an interceptor the one of this thread for a scope.
class InterceptGuard {
 public:
  explicit InterceptGuard(Interceptor& interceptor);
  ~InterceptGuard();
  InterceptGuard(const InterceptGuard&) = delete;
  InterceptGuard& operator=(const InterceptGuard&) = delete;

 private:
  Interceptor* before_;
  c10::impl::IncludeDispatchKeyGuard include_;
};

// For a scope, operators go straight to libtorch.
class Uninterrupted {
 public:
  Uninterrupted();

 private:
  c10::impl::ExcludeDispatchKeyGuard exclude_;
};

// The operator itself; operators that it is made of are intercepted again.
void call_with_parts_intercepted(const c10::OperatorHandle& op, torch::jit::Stack& stack);

}  // namespace weigh::dry_run
