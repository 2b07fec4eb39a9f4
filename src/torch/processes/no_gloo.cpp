#include <fmt/format.h>

#include "processes/wire.h"

#include "weigh/error.h"

namespace weigh::processes {

void refuse_to_connect(const Member& member) {
  throw Error(ErrorKind::unsupported, fmt::format("rank {} of {}", member.rank, member.size),
              "training in several processes needs c10d with Gloo, which this build of weigh::torch found no header or "
              "library of: install libgloo-dev (Debian), or use a libtorch with USE_GLOO, and configure again; or run "
              "one process");
}

std::string seconds_text(std::chrono::milliseconds time) {
  return fmt::format("{} s", static_cast<double>(time.count()) / 1000);
}

#ifndef WEIGH_GLOO
bool can_connect() { return false; }
std::unique_ptr<Wire> connect(const Member& member, std::chrono::milliseconds, std::chrono::milliseconds) {
  refuse_to_connect(member);
}
#endif

}  // namespace weigh::processes
