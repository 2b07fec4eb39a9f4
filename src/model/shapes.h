// Shapes of a model recur: one run of extents serves every tensor of a shape that was seen lately.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bytes/hash.h"

#include "weigh/model.h"

namespace weigh {

class Shapes {
 public:
  // The extents must outlive it. Others may add to them.
  explicit Shapes(std::vector<Extent>& extents) : extents_(extents) {}

  // Where the extents of this shape begin, added where they are not found.
  Index keep(std::span<const Extent> shape) {
    std::uint64_t hash = shape.size();
    for (Extent extent : shape) hash = mix(hash, extent.is_known() ? extent.size() : ~std::uint64_t{extent.symbol()});
    Run& recent = recent_[hash % recent_.size()];
    if (recent.rank == shape.size() && std::equal(shape.begin(), shape.end(), extents_.begin() + recent.first))
      return recent.first;
    recent = {add(shape), static_cast<Index>(shape.size())};
    return recent.first;
  }
  // The same, without a look for them.
  Index add(std::span<const Extent> shape) {
    const auto first = static_cast<Index>(extents_.size());
    for (Extent extent : shape) extents_.push_back(extent);
    return first;
  }

 private:
  struct Run {
    Index first = 0;
    Index rank = 0;
  };
  std::vector<Extent>& extents_;
  std::array<Run, 64> recent_ = {};  // by hash
};

}  // namespace weigh
