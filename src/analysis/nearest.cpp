#include "analysis/nearest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace weigh {
namespace {

constexpr std::size_t kLongest = 64;        // letters that are compared
constexpr std::size_t kMostNames = 10'000;  // that are compared; behind them the order tells nothing

std::size_t distance(std::string_view a, std::string_view b) {
  return edit_distance(a.substr(0, kLongest), b.substr(0, kLongest));
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t before = std::exchange(row[0], i + 1);
    for (std::size_t k = 0; k < b.size(); ++k) {
      const std::size_t replaced = before + (a[i] != b[k] ? 1 : 0);
      before = row[k + 1];
      row[k + 1] = std::min({row[k] + 1, row[k + 1] + 1, replaced});
    }
  }
  return row.back();
}

void nearest_first(std::vector<std::string>& names, std::string_view wanted) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  const std::size_t compared = std::min(names.size(), kMostNames);
  for (std::size_t i = 0; i < compared; ++i) {
    const std::string_view last = std::string_view(names[i]).substr(names[i].rfind('.') + 1);
    const std::size_t far = std::min(distance(names[i], wanted), distance(last, wanted));
    ranked.emplace_back(far, std::move(names[i]));
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < compared; ++i) names[i] = std::move(ranked[i].second);
}

}  // namespace weigh
