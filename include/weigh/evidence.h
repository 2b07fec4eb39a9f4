// How a fact is known. A number is exact only where all that it is made of is recorded, derived or told by a convention
// that is written down; what is assumed is said to be.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weigh {

enum class Evidence : std::uint8_t {
  recorded,       // the file says it
  derived,        // it follows from shapes, dtypes, offsets or attributes
  by_convention,  // libraries do so: a row of docs/conventions.md
  assumed,        // nothing says otherwise
  count_
};
inline constexpr std::size_t kEvidences = static_cast<std::size_t>(Evidence::count_);

constexpr std::string_view name(Evidence evidence) {
  constexpr std::array<std::string_view, kEvidences> kNames = {"recorded", "derived", "by convention", "assumed"};
  return kNames[static_cast<std::size_t>(evidence)];
}

}  // namespace weigh
