#include "dry_run/intercept.h"

#include <torch/library.h>

namespace weigh::dry_run {
namespace {

constexpr auto kKey = c10::DispatchKey::TESTING_ONLY_GenericMode;

thread_local Interceptor* current_interceptor = nullptr;
thread_local bool let_the_next_through = false;

void intercept(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  if (let_the_next_through || current_interceptor == nullptr) {
    let_the_next_through = false;
    op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, kKey), stack);
    return;
  }
  current_interceptor->operate(op, *stack);
}

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&intercept>());
}

}  // namespace

Interceptor* Interceptor::current() { return current_interceptor; }

InterceptGuard::InterceptGuard(Interceptor& interceptor) : before_(current_interceptor), include_(kKey) {
  current_interceptor = &interceptor;
}
InterceptGuard::~InterceptGuard() { current_interceptor = before_; }

Uninterrupted::Uninterrupted() : exclude_(kKey) {}

// The dispatcher is asked a second time, because the arguments may be others than those it was first asked with: it
// finds the keys for these, and comes back here with them.
void call_with_parts_intercepted(const c10::OperatorHandle& op, torch::jit::Stack& stack) {
  struct Reset {
    ~Reset() { let_the_next_through = false; }
  } reset;
  let_the_next_through = true;
  op.callBoxed(stack);
}

}  // namespace weigh::dry_run
