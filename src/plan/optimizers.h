// What optimizers keep for each parameter.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weigh {

// What of a parameter decides how much is kept for it.
struct Trained {
  std::uint64_t elements = 0;
  std::uint64_t rank = 0;
  std::uint64_t rows = 0;     // product of all extents but the last
  std::uint64_t columns = 0;  // product of all extents but the last but one

  friend bool operator==(const Trained&, const Trained&) = default;
};

struct OptimizerRow {
  std::string_view name;
  std::string_view keeps;   // in words
  std::string_view source;  // library and version
  // Bytes for a parameter whose numbers take `element` bytes each. Counters of steps are left out: four bytes for a
  // tensor, which stay on the host.
  std::uint64_t (*bytes)(const Trained& parameter, std::uint64_t element);
};

std::span<const OptimizerRow> optimizer_rows();
const OptimizerRow* optimizer_row(std::string_view name);

}  // namespace weigh
