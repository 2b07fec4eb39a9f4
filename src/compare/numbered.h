// Paths that differ in numbers alone: "layers.0.fc" and "layers.1.fc".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weigh {

// "layers.0.fc" as "layers.#.fc" and {0}. A number with leading zeros, or of more than nine digits, is a name.
struct NumberedPath {
  std::string pattern;
  std::vector<std::uint32_t> numbers;
};
NumberedPath numbered(std::string_view path);

}  // namespace weigh
