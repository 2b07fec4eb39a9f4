// What stored elements mean where weights were quantised after training.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "weigh/evidence.h"

namespace weigh {

enum class Part : std::uint8_t {
  plain,        // a tensor is what its shape says
  packed,       // weights as small integers or codes, perhaps several in one element: they are parameters
  overhead,     // scales, zero points, shapes and orders that belong to packed weights: they are not
  unexplained,  // integers of no layout that is known, which may be weights: nobody knows how many
};

// How a packed tensor's elements hold weights, where their dtype does not say it.
enum class Scheme : std::uint8_t {
  none,  // an element is a weight
  int1,
  int2,
  int3,
  int4,
  int5,
  int6,
  int7,
  int8,
  nf4,
  fp4,
  nvfp4,
  mxfp4,
  mxfp6,
  mxfp8,
  four_bits,  // of a kind that is not told
  not_told,
  count_
};
std::string_view name(Scheme scheme);  // "int4"; "" for none, "packed" where it is not told

class SchemeSet {
 public:
  void insert(Scheme scheme) { bits_ |= bit(scheme); }
  bool contains(Scheme scheme) const { return (bits_ & bit(scheme)) != 0; }
  SchemeSet& operator|=(SchemeSet other) {
    bits_ |= other.bits_;
    return *this;
  }

 private:
  static std::uint32_t bit(Scheme scheme) { return std::uint32_t{1} << static_cast<unsigned>(scheme); }

  std::uint32_t bits_ = 0;
};
static_assert(static_cast<unsigned>(Scheme::count_) <= 32, "SchemeSet has a bit for each");

// By tensor; empty where nothing is quantised.
struct QuantizedWeights {
  static constexpr std::uint64_t kUnknown = UINT64_MAX;

  std::vector<Part> parts;
  std::vector<std::uint64_t> logical;  // weights that a packed tensor holds; kUnknown where their width is not told
  std::vector<Scheme> schemes;         // of a packed tensor
  std::vector<std::uint8_t> layouts;   // of a packed tensor, for layout_of(); 0: none that is known by its names
  std::vector<Evidence> evidence;      // of a packed tensor: how it is known how many weights it holds

  bool empty() const { return parts.empty(); }
  void reserve_for(std::size_t tensors) {
    if (!empty()) return;
    parts.resize(tensors);
    logical.resize(tensors);
    schemes.resize(tensors);
    layouts.resize(tensors);
    evidence.resize(tensors, Evidence::recorded);
  }
  Part part(std::size_t tensor) const { return parts.empty() ? Part::plain : parts[tensor]; }
};

// How libraries lay out a packed tensor: a row of docs/conventions.md.
struct PackedLayoutName {
  std::string_view name;     // "GPTQ"
  std::string_view meaning;  // "words along the columns, which go down"
  std::string_view source;   // who writes it: "gptqmodel 7.7"
};
// Empty texts for 0.
PackedLayoutName layout_of(std::uint8_t layout);

}  // namespace weigh
