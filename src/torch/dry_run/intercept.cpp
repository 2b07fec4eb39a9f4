#include "dry_run/intercept.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include <torch/library.h>

#include "dry_run/private_member.h"

namespace weigh::dry_run {

struct Keys {
  using Type = c10::DispatchKeySet c10::TensorImpl::*;
  friend Type member_of(Keys tag);
};
template struct PrivateMember<Keys, &c10::TensorImpl::key_set_>;

namespace {

constexpr auto kKey = c10::DispatchKey::TESTING_ONLY_GenericMode;
// Kept by libtorch for fake tensors that are no part of it.
constexpr auto kKeyBelow = c10::DispatchKey::Fake;

thread_local Interceptor* current_interceptor = nullptr;
thread_local bool let_the_next_through = false;

// Those that have a thread. A thread without one holds the lock while it uses one of them.
std::shared_mutex homes_mutex;
std::vector<Interceptor*> homes;

// Which of several it would be, nobody knows.
bool operate_elsewhere(const c10::OperatorHandle& op, torch::jit::Stack& stack) {
  const std::shared_lock lock(homes_mutex);
  return homes.size() == 1 && homes.front()->operate_elsewhere(op, stack);
}

void intercept(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  if (!std::exchange(let_the_next_through, false)) {
    if (current_interceptor != nullptr) return current_interceptor->operate(op, *stack);
    if (operate_elsewhere(op, *stack)) return;
  }
  op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, kKey), stack);
}

void intercept_below(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  if (current_interceptor != nullptr && current_interceptor->operate_below_autograd(op, *stack)) return;
  op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, kKeyBelow), stack);
}

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&intercept>());
}
TORCH_LIBRARY_IMPL(_, Fake, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&intercept_below>());
}

}  // namespace

Interceptor* Interceptor::current() { return current_interceptor; }

InterceptGuard::InterceptGuard(Interceptor& interceptor, bool is_home)
    : before_(current_interceptor), is_home_(is_home), include_(kKey) {
  current_interceptor = &interceptor;
  if (!is_home_) return;
  const std::unique_lock lock(homes_mutex);
  homes.push_back(&interceptor);
}

InterceptGuard::~InterceptGuard() {
  if (is_home_) {
    const std::unique_lock lock(homes_mutex);
    homes.erase(std::find(homes.begin(), homes.end(), current_interceptor));
  }
  current_interceptor = before_;
}

Uninterrupted::Uninterrupted() : exclude_(kKey) {}

BelowAutograd::BelowAutograd() : include_(kKeyBelow) {}

void mark(const at::Tensor& tensor) {
  c10::DispatchKeySet& keys = tensor.unsafeGetTensorImpl()->*member_of(Keys());
  keys = keys.add(kKey);
}

void unmark(const at::Tensor& tensor) {
  c10::DispatchKeySet& keys = tensor.unsafeGetTensorImpl()->*member_of(Keys());
  keys = keys.remove(kKey);
}

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
