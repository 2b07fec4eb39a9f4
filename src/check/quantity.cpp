#include "check/quantity.h"

#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "bytes/digits.h"

namespace weigh {
namespace {

struct Unit {
  std::string_view name;  // in small letters
  double factor;
};

constexpr std::array kCounts = {Unit{"", 1},    Unit{"k", 1e3}, Unit{"m", 1e6},
                                Unit{"b", 1e9}, Unit{"g", 1e9}, Unit{"t", 1e12}};
constexpr std::array kBytes = {Unit{"", 1},         Unit{"b", 1},       Unit{"kb", 1e3},     Unit{"mb", 1e6},
                               Unit{"gb", 1e9},     Unit{"tb", 1e12},   Unit{"kib", 0x1p10}, Unit{"mib", 0x1p20},
                               Unit{"gib", 0x1p30}, Unit{"tib", 0x1p40}};

// A number and what is behind it, in small letters.
std::pair<std::string, std::string> split(std::string_view text) {
  std::pair<std::string, std::string> parts;
  bool is_number = true;
  for (const char c : text) {
    is_number = is_number && (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_');
    if (c == ' ' || (c == '_' && is_number)) continue;
    (is_number ? parts.first : parts.second) += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return parts;
}

std::optional<std::uint64_t> quantity(std::string_view text, const auto& units) {
  const auto [number, unit] = split(text);
  for (const auto& [name, factor] : units) {
    if (name != unit) continue;
    if (factor == 1) return number_of(number);
    const std::optional<double> value = real_number_of(number);
    if (!value || !(*value * factor < 0x1p63)) return std::nullopt;
    return static_cast<std::uint64_t>(*value * factor + 0.5);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> count_of(std::string_view text) { return quantity(text, kCounts); }
std::optional<std::uint64_t> bytes_of(std::string_view text) { return quantity(text, kBytes); }

}  // namespace weigh
