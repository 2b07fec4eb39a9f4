// What a program measures of itself.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include <sys/resource.h>

namespace weigh::bench {

inline double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// In ascending order.
inline std::vector<double> seconds_of_runs(int times, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < times; ++i) seconds.push_back(seconds_of(work));
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

inline double median_of(int times, const std::function<void()>& work) {
  return seconds_of_runs(times, work)[static_cast<std::size_t>(times) / 2];
}
inline double best_of(int times, const std::function<void()>& work) { return seconds_of_runs(times, work).front(); }

inline long peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

}  // namespace weigh::bench
