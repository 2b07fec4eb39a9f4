// What of packed weights is arithmetic.
#pragma once

#include <cstdint>
#include <string_view>

#include "weigh/config.h"

namespace weigh {

constexpr std::uint64_t kMostLogical = std::uint64_t{1} << 56;  // weights of one tensor; beyond it a file lies

struct PackedRow {
  unsigned bits = 0;          // of a weight; 0: not told
  std::uint64_t weights = 0;  // of a row
};

// A row of 32-bit words that has so many scales, as the configuration tells of the layer at `path`. Nothing is told
// where that does not fit, or where several things that it tells do.
PackedRow packed_row(const QuantizationConfig& config, std::string_view path, std::uint64_t words,
                     std::uint64_t scales);

}  // namespace weigh
