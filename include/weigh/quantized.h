// What stored elements mean where weights were quantised after training.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weigh {

enum class Part : std::uint8_t {
  plain,     // a tensor is what its shape says
  packed,    // weights as small integers or codes, perhaps several in one element: they are parameters
  overhead,  // scales, zero points, shapes and orders that belong to packed weights: they are not
};

// By tensor; empty where nothing is quantised.
struct QuantizedWeights {
  static constexpr std::uint64_t kUnknown = UINT64_MAX;

  std::vector<Part> parts;
  std::vector<std::uint64_t> logical;     // weights that a packed tensor holds; kUnknown where their width is not told
  std::vector<std::string_view> schemes;  // of a packed tensor: "int4", "nf4", "mxfp4"; literals

  bool empty() const { return parts.empty(); }
  Part part(std::size_t tensor) const { return parts.empty() ? Part::plain : parts[tensor]; }
};

}  // namespace weigh
