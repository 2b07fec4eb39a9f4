// Ctrl-C as a wish that loops look at, instead of the end of the process.
#pragma once

#include <csignal>

namespace weigh::lightning {

// While it lives, the first SIGINT is remembered; the second does what it did before.
class InterruptScope {
 public:
  InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
  ~InterruptScope();
};

bool is_interrupted();

}  // namespace weigh::lightning
