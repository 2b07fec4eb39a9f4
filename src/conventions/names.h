// Lists of names that modules, tensors and files commonly have.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weigh {

// Shorter than 64 bytes each, none empty. A name that is none of them is mostly told by its length and first letter.
template <std::size_t N>
class Names {
 public:
  template <class... Name>
  constexpr explicit Names(const Name&... names) : Names(std::array<std::string_view, N>{names...}) {}

  constexpr explicit Names(const std::array<std::string_view, N>& names) : names_(names) {
    for (std::string_view name : names_) {
      lengths_ |= std::uint64_t{1} << name.size();
      letters_ |= std::uint64_t{1} << (name.front() & 63);
    }
  }

  bool contains(std::string_view name) const {
    return name.size() < 64 && (lengths_ >> name.size() & 1) != 0 && (letters_ >> (name.front() & 63) & 1) != 0 &&
           std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  constexpr auto begin() const { return names_.begin(); }
  constexpr auto end() const { return names_.end(); }

 private:
  std::array<std::string_view, N> names_;
  std::uint64_t lengths_ = 0;  // a bit for each
  std::uint64_t letters_ = 0;  // a bit for each first letter
};

template <class... Name>
Names(const Name&...) -> Names<sizeof...(Name)>;

namespace conventions {

// Those of a table's rows of which kIsWanted is true. A program that asks for names alone holds no other text of the
// table.
template <const auto& kRows, auto kIsWanted>
consteval auto names_of() {
  constexpr auto kCount = static_cast<std::size_t>(std::count_if(kRows.begin(), kRows.end(), kIsWanted));
  std::array<std::string_view, kCount> names;
  std::size_t i = 0;
  for (const auto& row : kRows)
    if (kIsWanted(row)) names[i++] = row.name;
  return Names<kCount>(names);
}

}  // namespace conventions
}  // namespace weigh
