// Lists of names that modules, tensors and files commonly have.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weigh {

// Shorter than 64 bytes each. A name that is none of them is mostly told by its length.
template <std::size_t N>
class Names {
 public:
  template <class... Name>
  constexpr explicit Names(const Name&... names) : names_{names...} {
    for (std::string_view name : names_) lengths_ |= std::uint64_t{1} << name.size();
  }

  bool contains(std::string_view name) const {
    return name.size() < 64 && (lengths_ >> name.size() & 1) != 0 &&
           std::find(names_.begin(), names_.end(), name) != names_.end();
  }

 private:
  std::array<std::string_view, N> names_;
  std::uint64_t lengths_ = 0;  // a bit for each
};

template <class... Name>
Names(const Name&...) -> Names<sizeof...(Name)>;

}  // namespace weigh
