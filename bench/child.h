// Runs programs and tells what each run took.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weigh::bench {

struct Usage {
  double seconds = 0;  // from its start until it was waited for
  std::uint64_t peak_bytes = 0;
};

using Command = std::vector<std::string>;

// Its output goes into the file. Throws std::runtime_error where the program cannot be run or fails.
Usage run(const Command& command, const std::string& output = "/dev/null");

// Whether it ends with 0; its output and errors are not seen.
bool succeeds(const Command& command);

}  // namespace weigh::bench
