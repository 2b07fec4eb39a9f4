#include "plan/weights.h"

#include <algorithm>
#include <array>

#include "plan/bounded.h"

namespace weigh {
namespace {

// Libraries pack the matrices of layers; embeddings, the output layer, norms and biases stay 16-bit.
bool is_packable(const Piece& piece) {
  return piece.is_parameter && piece.is_floating && piece.is_in_layer && piece.shape.rank >= 2;
}

// Codes of so many bits and, for each group, a scale (with a zero) of so many half bytes.
template <std::uint64_t kBits, std::uint64_t kGroup, std::uint64_t kHalfBytes>
std::uint64_t grouped(const Piece& piece) {
  if (!is_packable(piece)) return bytes_unpacked(piece, 2);
  const std::uint64_t elements = piece.shape.elements;
  const std::uint64_t groups = elements / kGroup + (elements % kGroup != 0 ? 1 : 0);
  return elements / 8 * kBits + (elements % 8 * kBits + 7) / 8 + (groups * kHalfBytes + 1) / 2;
}

std::uint64_t by_row(const Piece& piece) {
  return is_packable(piece) ? piece.shape.elements + 2 * piece.shape.rows : bytes_unpacked(piece, 2);
}

template <std::uint64_t kBytes>
std::uint64_t plain(const Piece& piece) {
  return bytes_unpacked(piece, kBytes);
}

constexpr std::array kRows = {
    WeightsRow{"bfloat16", "2 bytes each", "torch 2.13", plain<2>},
    WeightsRow{"float16", "2 bytes each", "torch 2.13", plain<2>},
    WeightsRow{"float32", "4 bytes each", "torch 2.13", plain<4>},
    WeightsRow{"float8", "1 byte each", "torch 2.13: float8_e4m3fn", plain<1>},
    WeightsRow{"int4", "4 bits and, for 128 of them, a 16-bit scale and a 4-bit zero; outside the layers 2 bytes each",
               "gptqmodel 7.7: GPTQ, AWQ with groups of 128", grouped<4, 128, 5>},
    WeightsRow{"int8", "1 byte each and a 16-bit scale for a row; outside the layers 2 bytes each",
               "compressed-tensors 0.12: int8 by channel", by_row},
    WeightsRow{"nf4", "4 bits and, for 64 of them, a 32-bit scale; outside the layers 2 bytes each",
               "bitsandbytes 0.50: Linear4bit", grouped<4, 64, 8>},
};

}  // namespace

std::span<const WeightsRow> weights_rows() { return kRows; }

const WeightsRow* weights_row(std::string_view name) {
  const auto found = std::find_if(kRows.begin(), kRows.end(), [&](const WeightsRow& row) { return row.name == name; });
  return found == kRows.end() ? nullptr : &*found;
}

std::uint64_t bytes_unpacked(const Piece& piece, std::uint64_t element) {
  if (piece.is_overhead) return 0;
  if (!piece.is_parameter || !piece.is_floating) return piece.bytes;
  return times(piece.shape.elements, element);
}

}  // namespace weigh
