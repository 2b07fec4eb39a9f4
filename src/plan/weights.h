// What weights are held as, where that is not what the file says.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "plan/pieces.h"

namespace weigh {

struct WeightsRow {
  std::string_view name;
  std::string_view how;                        // in words
  std::string_view source;                     // who writes it so
  std::uint64_t (*bytes)(const Piece& piece);  // of one tensor; what is no floating parameter stays as it is
};

std::span<const WeightsRow> weights_rows();
const WeightsRow* weights_row(std::string_view name);

// Of one tensor, whose parameters take `element` bytes each; scales of packed weights are gone.
std::uint64_t bytes_unpacked(const Piece& piece, std::uint64_t element);

}  // namespace weigh
