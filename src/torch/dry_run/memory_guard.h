// A forward that reads the memory of a shape by an untyped pointer ends the process: data_ptr() of what has no memory
// is null, and nobody can refuse it. While a forward is run dry, whoever does that is told why and what to do before
// the process ends as it would anyway.
#pragma once

#include <string>

namespace weigh::dry_run {

class MemoryGuard {
 public:
  // Of whom to ask, in the thread that runs the forward, where that is.
  class Runner {
   public:
    virtual ~Runner() = default;
    virtual std::string place_of_failure() const = 0;
  };

  explicit MemoryGuard(const Runner& runner);
  ~MemoryGuard();
  MemoryGuard(const MemoryGuard&) = delete;
  MemoryGuard& operator=(const MemoryGuard&) = delete;
};

}  // namespace weigh::dry_run
