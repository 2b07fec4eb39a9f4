// Work that another thread may end. Whether it is still wanted is asked of the thread that does it, as with Java's
// interrupts: so nothing between whoever wants it and whoever loops has to hand anything on.
#pragma once

#include <stop_token>
#include <utility>

namespace weigh {

// What ends such work. It is no Error: nothing is wrong, and whoever forgives an Error and goes on must not catch it.
class Stopped {};

// While this lives, the work of this thread ends with the token, which must outlive it. Null: it is not stopped.
class StopScope {
 public:
  explicit StopScope(const std::stop_token* token) : before_(std::exchange(innermost, token)) {}
  ~StopScope() { innermost = before_; }
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;

  // For threads that this one starts.
  static const std::stop_token* current() { return innermost; }

 private:
  static inline constinit thread_local const std::stop_token* innermost = nullptr;
  const std::stop_token* before_;
};

// Throws Stopped where the work of this thread is no longer wanted. It costs a few nanoseconds: to be called in each
// turn of whatever a large file makes long.
inline void throw_if_stopped() {
  const std::stop_token* token = StopScope::current();
  if (token != nullptr && token->stop_requested()) throw Stopped();
}

}  // namespace weigh
