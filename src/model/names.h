// Lists of names that modules commonly have.
#pragma once

#include <algorithm>
#include <string_view>

namespace weigh {

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace weigh
