// The module tree in definition order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "weigh/model.h"

namespace weigh {

// Calls `visit(module, depth)` for the root (depth 0) and all below it down to depth `deepest` (-1: all), a module
// before its children.
template <class Visit>
void walk_modules(const Model& model, int deepest, Visit&& visit) {
  std::vector<std::pair<Index, std::uint32_t>> open = {{0, 0}};
  while (!open.empty()) {
    const auto [index, depth] = open.back();
    open.pop_back();
    visit(index, depth);
    if (deepest >= 0 && depth >= static_cast<std::uint32_t>(deepest)) continue;
    const std::size_t first = open.size();
    for (Index child = model.modules[index].first_child; child != kNone; child = model.modules[child].next)
      open.emplace_back(child, depth + 1);
    std::reverse(open.begin() + static_cast<std::ptrdiff_t>(first), open.end());
  }
}

}  // namespace weigh
