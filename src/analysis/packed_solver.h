// Solving the equations of a packed layout: which rows, columns and bits make the extents that a layer's tensors have.
//
// Each extent bounds one of them from both sides, since last words and last groups may be filled up; what the bounds
// leave is taken as full as it goes. A solution in which nothing is filled up counts before others.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "conventions/packed_layouts.h"

#include "weigh/config.h"

namespace weigh {

constexpr std::uint64_t kMostLogical = std::uint64_t{1} << 56;  // weights of one tensor; beyond it a file lies

constexpr std::uint64_t kWholeRow = kMostLogical - 1;  // as the size of a group: a row has one scale

// A tensor of the layer, for a part of the layout. Extents in front of those of the part are of experts.
struct PackedPart {
  const conventions::PackedTensor* part = nullptr;
  std::span<const std::uint64_t> shape;
  unsigned word = 0;  // bits of an element
};

struct PackedSolution {
  unsigned bits = 0;
  std::uint64_t weights = 0;  // 0: the layout does not tell
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  bool is_told = false;  // the configuration had to say what extents leave open

  bool operator==(const PackedSolution& other) const { return bits == other.bits && weights == other.weights; }
};

// The only one, or nothing. `parts[0]` is the data. Of several packings each is tried; what extents alone tell counts
// against all of them.
std::optional<PackedSolution> solve(const conventions::PackedLayoutRow& row, std::span<const PackedPart> parts,
                                    std::span<const Packing> packings);

}  // namespace weigh
