// A tree of modules that a pickle holds, however deep, in the order in which it stands there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace weigh::pytorch {

// Calls add(open, children) for `root` and for each that it puts into `children`: a module before its children, and all
// below one of these before the next.
template <class Open, class Add>
void walk_depth_first(Open root, Add&& add) {
  std::vector<Open> open;
  open.push_back(std::move(root));
  while (!open.empty()) {
    const Open next = std::move(open.back());
    open.pop_back();
    const std::size_t first = open.size();
    add(next, open);
    std::reverse(open.begin() + static_cast<std::ptrdiff_t>(first), open.end());
  }
}

}  // namespace weigh::pytorch
