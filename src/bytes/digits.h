// Numbers in texts.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace weigh {

// Whether a text is digits alone, however many; "" is not.
inline bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The number that the whole text is; nothing where it is another text, or 64 bits do not count it.
inline std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// The same of a number as Python and JSON write it: "-1.5", "1e+300", "inf", "nan".
std::optional<double> real_number_of(std::string_view text);

}  // namespace weigh
