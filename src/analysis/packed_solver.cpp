#include "analysis/packed_solver.h"

#include <algorithm>

namespace weigh {
namespace {

using conventions::PackedExtent;
using conventions::PackedLayoutRow;
using conventions::PackedMatrix;
using Of = PackedExtent::Of;

constexpr unsigned kMostBits = 8;
constexpr unsigned kMostCodeBits = 31;

struct Bounds {
  std::uint64_t low = 1;
  std::uint64_t high = kMostLogical;

  bool cut(const Bounds& by) {
    low = std::max(low, by.low);
    high = std::min(high, by.high);
    return low <= high;
  }
  bool is_bounded() const { return high < kMostLogical; }
  std::uint64_t value() const { return is_bounded() ? high : 0; }
};

std::uint64_t times(std::uint64_t a, std::uint64_t b) { return b != 0 && a > kMostLogical / b ? kMostLogical : a * b; }

// What makes so many parts: up to `number` of them, the last perhaps not full.
Bounds whole_of(const Bounds& parts, std::uint64_t number) {
  return {times(parts.low - 1, number) + 1, times(parts.high, number)};
}
Bounds part_of(const Bounds& product, std::uint64_t factor) {
  return {(product.low + factor - 1) / factor, product.high / factor};
}

class Equations {
 public:
  Equations(const PackedLayoutRow& row, std::span<const PackedPart> parts, unsigned bits, std::uint64_t group)
      : row_(row), parts_(parts), bits_(bits) {
    if (group != 0) of(Of::group) = {group, group};
  }

  // Twice, since a bound may take what a later one tells.
  std::optional<PackedSolution> solve() {
    if (!bound_all() || !bound_all()) return std::nullopt;
    if (row_.scheme == Scheme::none) return PackedSolution{bits_, elements(), 0, 0, false};
    if (does_not_tell()) return PackedSolution{bits_, 0, 0, 0, false};
    const std::uint64_t experts = leading(parts_[0]);
    const std::uint64_t rows = of(Of::rows).value();
    const std::uint64_t columns = of(Of::columns).value();
    std::uint64_t weights = of(Of::both).is_bounded() ? of(Of::both).high : times(rows, columns);
    weights = times(weights, experts);
    if (weights == 0 || weights >= kMostLogical || experts == 0) return std::nullopt;
    return PackedSolution{bits_, weights, rows, columns, false};
  }

  // Whether no word and no group is filled up.
  bool is_full() {
    for (const PackedPart& part : parts_)
      for (std::size_t i = 0; i < part.part->rank; ++i) {
        const PackedExtent& extent = part.part->shape[i];
        const std::uint64_t value = of(extent.of).value();
        if (value == 0 || extent.of == Of::any) continue;
        std::uint64_t above = times(value, extent.times);
        if (extent.over_group && group() != 0 && group() != kWholeRow) {
          if (above % group() != 0) return false;
          above /= group();
        }
        if (extent.times_bits) above = times(above, bits_);
        if (extent.over_word && above % (std::uint64_t{part.word} * extent.over) != 0) return false;
      }
    return true;
  }

 private:
  Bounds& of(Of what) { return bounds_[static_cast<std::size_t>(what)]; }
  std::uint64_t group() { return of(Of::group).value(); }

  std::uint64_t elements() const {
    std::uint64_t product = 1;
    for (const std::uint64_t size : parts_[0].shape) product = times(product, size);
    return product;
  }
  bool does_not_tell() const {
    const auto& data = *parts_[0].part;
    return std::all_of(data.shape.begin(), data.shape.begin() + data.rank,
                       [](const PackedExtent& extent) { return extent.of == Of::any; });
  }

  static std::uint64_t leading(const PackedPart& part) {
    std::uint64_t product = 1;
    for (std::size_t i = 0; i + part.part->rank < part.shape.size(); ++i) product = times(product, part.shape[i]);
    return product;
  }

  bool bound_all() {
    return std::all_of(parts_.begin(), parts_.end(), [&](const PackedPart& part) { return bound(part); });
  }

  bool bound(const PackedPart& part) {
    const std::size_t rank = part.part->rank;
    if (rank == 0) return true;
    // A vector of scales may stand for a matrix of one group.
    const bool is_vector = part.part->role != conventions::PackedRole::data && rank == 2 && part.shape.size() == 1;
    if (part.shape.size() < rank && !is_vector) return false;
    const std::size_t left_out = part.part->shape[0].over_group ? 0 : 1;
    const std::size_t from = part.shape.size() - std::min(rank, part.shape.size());
    for (std::size_t i = 0; i < rank; ++i) {
      const std::uint64_t size = !is_vector ? part.shape[from + i] : i == left_out ? 1 : part.shape[0];
      if (!bound(part.part->shape[i], size, part.word)) return false;
    }
    return true;
  }

  // From the extent back to what it is made of: the steps of conventions::evaluate(), the last first.
  bool bound(const PackedExtent& extent, std::uint64_t size, unsigned word) {
    if (extent.of == Of::any) return true;
    if (size == 0 || size >= kMostLogical || size % extent.fills != 0) return false;
    Bounds bounds = {size - extent.fills + 1, size};
    bounds = whole_of(bounds, std::uint64_t{extent.over} * (extent.over_word ? word : 1));
    if (extent.times_bits) bounds = part_of(bounds, bits_);
    if (extent.times_codes) bounds = part_of(bounds, std::uint64_t{1} << bits_);
    if (extent.over_vector) {
      const std::uint64_t vector = of(extent.of == Of::rows ? Of::vector_rows : Of::vector_columns).value();
      bounds = vector == 0 ? Bounds{bounds.low, kMostLogical} : whole_of(bounds, vector);
    }
    if (extent.over_group) bounds = group() == 0 ? Bounds{bounds.low, kMostLogical} : whole_of(bounds, group());
    bounds = part_of(bounds, extent.times);
    if (bounds.low > bounds.high) return false;
    if (extent.of == Of::one) return bounds.low <= 1 && bounds.high >= 1;
    return of(extent.of).cut(bounds);
  }

  const PackedLayoutRow& row_;
  std::span<const PackedPart> parts_;
  unsigned bits_;
  std::array<Bounds, static_cast<std::size_t>(Of::any) + 1> bounds_;
};

// Of what all pairs of bits and group sizes make, the full ones before the others: one solution, or none.
class Choice {
 public:
  Choice(const PackedLayoutRow& row, std::span<const PackedPart> parts) : row_(row), parts_(parts) {}

  void add(unsigned bits, std::uint64_t group) {
    if (row_.bits != 0) bits = row_.bits;
    if (row_.group != 0) group = row_.group;
    const unsigned most = row_.is_coded ? kMostCodeBits : kMostBits;
    if (bits > most) return;
    for (unsigned each = bits != 0 ? bits : 1; each <= (bits != 0 ? bits : most); ++each) {
      if (row_.bits == 0 && parts_[0].word == 8 && !row_.is_coded && 8 % each != 0) continue;
      Equations equations(row_, parts_, each, group);
      if (const std::optional<PackedSolution> found = equations.solve()) add(*found, equations.is_full());
    }
  }

  std::optional<PackedSolution> the_one() const {
    const Candidate& candidate = full_.found ? full_ : filled_;
    return candidate.is_one ? candidate.found : std::nullopt;
  }

 private:
  struct Candidate {
    std::optional<PackedSolution> found;
    bool is_one = true;
  };

  void add(const PackedSolution& solution, bool is_full) {
    Candidate& candidate = is_full ? full_ : filled_;
    const bool is_same = candidate.found &&
                         (row_.is_coded ? candidate.found->weights == solution.weights : *candidate.found == solution);
    if (candidate.found && !is_same) candidate.is_one = false;
    if (!candidate.found) candidate.found = solution;
  }

  const PackedLayoutRow& row_;
  std::span<const PackedPart> parts_;
  Candidate full_;
  Candidate filled_;
};

}  // namespace

std::optional<PackedSolution> solve(const PackedLayoutRow& row, std::span<const PackedPart> parts,
                                    std::span<const Packing> packings) {
  Choice by_extents(row, parts);
  by_extents.add(0, 0);
  const std::optional<PackedSolution> derived = by_extents.the_one();
  Choice by_config(row, parts);
  for (const Packing& packing : packings)
    if (packing.bits != 0 || packing.group_size != 0) by_config.add(packing.bits, packing.group_size);
  std::optional<PackedSolution> told = by_config.the_one();
  if (!told) return derived;
  told->is_told = !derived || !(*derived == *told);
  return told;
}

}  // namespace weigh
