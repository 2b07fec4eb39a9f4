// Arithmetic on bytes that stops at a number which no machine has: what is asked for may be any number.
#pragma once

#include <algorithm>
#include <cstdint>

#include "bytes/checked.h"

namespace weigh {

inline constexpr std::uint64_t kBeyond = std::uint64_t{1} << 60;  // a sum of several still has room in 64 bits

inline constexpr std::uint64_t kMostDevices = 1'000'000;

inline std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  return std::min(checked_add(a, b).value_or(kBeyond), kBeyond);
}

inline std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  return std::min(checked_mul(a, b).value_or(kBeyond), kBeyond);
}

// Rounded up.
constexpr std::uint64_t divided(std::uint64_t number, std::uint64_t parts) {
  return number / parts + (number % parts != 0 ? 1 : 0);
}

}  // namespace weigh
