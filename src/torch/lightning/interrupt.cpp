#include "lightning/interrupt.h"

namespace weigh::lightning {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;
void (*g_before)(int) = SIG_DFL;

void remember(int) {
  g_interrupted = 1;
  std::signal(SIGINT, g_before);
}

}  // namespace

InterruptScope::InterruptScope() {
  g_interrupted = 0;
  g_before = std::signal(SIGINT, &remember);
  if (g_before == SIG_ERR) g_before = SIG_DFL;
}

InterruptScope::~InterruptScope() {
  std::signal(SIGINT, g_before);
  g_interrupted = 0;
}

bool is_interrupted() { return g_interrupted != 0; }

}  // namespace weigh::lightning
