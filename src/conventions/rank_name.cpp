#include "conventions/rank_name.h"

#include <charconv>

#include <fmt/format.h>

namespace weigh {
namespace {

constexpr std::size_t kMostNamed = 8;

// Takes the number at the front of a text.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::optional<std::vector<std::uint64_t>> numbers_in(std::string_view name, std::string_view pattern) {
  std::vector<std::uint64_t> numbers;
  for (char c : pattern) {
    if (c == '#') {
      const std::optional<std::uint64_t> number = take_number(name);
      if (!number) return std::nullopt;
      numbers.push_back(*number);
    } else {
      if (!name.starts_with(c)) return std::nullopt;
      name.remove_prefix(1);
    }
  }
  if (!name.empty()) return std::nullopt;
  return numbers;
}

std::string ranks_text(const std::vector<std::uint64_t>& there, std::uint64_t all) {
  std::string text = there.size() == 1 ? "rank " : "ranks ";
  const bool is_run = there.size() > 2 && there.back() - there.front() == there.size() - 1;
  if (is_run) {
    text += fmt::format("{} to {}", there.front(), there.back());
  } else {
    for (std::size_t i = 0; i < there.size() && i < kMostNamed; ++i) {
      const bool is_last = i + 1 == there.size();
      text += fmt::format("{}{}", i == 0 ? "" : is_last ? " and " : ", ", there[i]);
    }
    if (there.size() > kMostNamed) text += fmt::format(" and {} more", there.size() - kMostNamed);
  }
  return text + fmt::format(" of {}", all);
}

}  // namespace weigh
