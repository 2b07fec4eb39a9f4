// What many runs of one program took.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "child.h"

namespace weigh::bench {

class Samples {
 public:
  void add(const Usage& usage) {
    seconds_.push_back(usage.seconds);
    most_bytes_ = std::max(most_bytes_, usage.peak_bytes);
  }

  double seconds() const {  // the median
    std::vector<double> sorted = seconds_;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
  std::uint64_t most_bytes() const { return most_bytes_; }

 private:
  std::vector<double> seconds_;
  std::uint64_t most_bytes_ = 0;
};

// One of each, again and again, so that a machine that is busy for a while slows all of them.
inline std::vector<Samples> alternate(unsigned rounds, const std::vector<std::function<Usage()>>& runs) {
  std::vector<Samples> samples(runs.size());
  for (unsigned round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < runs.size(); ++i) samples[i].add(runs[i]());
  return samples;
}

}  // namespace weigh::bench
