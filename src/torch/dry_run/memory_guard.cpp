#include "dry_run/memory_guard.h"

#include <csignal>
#include <cstdint>
#include <mutex>

#include <unistd.h>

namespace weigh::dry_run {
namespace {

// No program has memory as low as that: whoever reads there had a null pointer, and went on from it.
constexpr std::uintptr_t kFarthest = std::uintptr_t{1} << 22;

thread_local const MemoryGuard::Runner* current_runner = nullptr;
std::mutex mutex;
int guards = 0;
struct sigaction before;

void tell(const std::string& text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

// The fault is the thread's own, and not within malloc(): what it asks for here it may have.
void on_fault(int signal, siginfo_t* info, void* /*context*/) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);  // NOLINT: a number is what it is
  if (current_runner != nullptr && address < kFarthest) {
    const MemoryGuard::Runner& runner = *current_runner;
    current_runner = nullptr;
    tell("weigh: a null pointer is read while a forward is run dry, in " + runner.place_of_failure() +
         ". Tensors have no memory there: their data_ptr() must not be used. Forward::real runs the real forward.\n");
  }
  ::sigaction(signal, &before, nullptr);  // and again, for whoever was here first
}

}  // namespace

MemoryGuard::MemoryGuard(const Runner& runner) {
  current_runner = &runner;
  const std::lock_guard lock(mutex);
  if (guards++ > 0) return;
  struct sigaction action = {};
  action.sa_sigaction = &on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGSEGV, &action, &before);
}

MemoryGuard::~MemoryGuard() {
  current_runner = nullptr;
  const std::lock_guard lock(mutex);
  if (--guards == 0) ::sigaction(SIGSEGV, &before, nullptr);
}

}  // namespace weigh::dry_run
