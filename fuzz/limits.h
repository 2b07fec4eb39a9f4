// Bounds for fuzzing: an input of a few kilobytes must not keep a target busy, so that a slow input is a finding.
#pragma once

#include "weigh/limits.h"

namespace weigh::fuzz {

inline Limits small_limits() {
  Limits limits;
  limits.pickle_objects = 100'000;
  limits.pickle_memo = 100'000;
  limits.pickle_walk = 1'000'000;
  limits.inflated_bytes = std::uint64_t{4} << 20;
  limits.hdf5_bytes = std::uint64_t{4} << 20;
  return limits;
}

}  // namespace weigh::fuzz
