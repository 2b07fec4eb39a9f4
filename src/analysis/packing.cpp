#include "analysis/packing.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace weigh {
namespace {

// Weights fill the words of a row but for what is left over in the last one; the last group may be smaller.
std::optional<PackedRow> row_of(const Packing& packing, std::uint64_t words, std::uint64_t scales) {
  if (packing.bits == 0 || packing.bits > 32 || words == 0 || words > kMostLogical / 32) return std::nullopt;
  const std::uint64_t most = words * 32 / packing.bits;
  if (packing.group_size == 0) return PackedRow{packing.bits, most};
  if (scales == 0 || packing.group_size > kMostLogical / scales) return std::nullopt;
  const std::uint64_t grouped = scales * packing.group_size;
  if (grouped > most) {
    const bool is_last_smaller = grouped - packing.group_size < most;
    return is_last_smaller ? std::optional(PackedRow{packing.bits, most}) : std::nullopt;
  }
  const bool is_full = grouped * packing.bits > (words - 1) * 32;
  return is_full ? std::optional(PackedRow{packing.bits, grouped}) : std::nullopt;
}

// Of several packings the one that fits. A row without groups has one scale.
PackedRow the_one_that_fits(const std::vector<Packing>& packings, std::uint64_t words, std::uint64_t scales) {
  PackedRow found;
  for (const Packing& packing : packings) {
    if (packing.group_size == 0 && scales != 1) continue;
    const std::optional<PackedRow> row = row_of(packing, words, scales);
    if (!row) continue;
    if (found.bits != 0 && (found.bits != row->bits || found.weights != row->weights)) return {};
    found = *row;
  }
  return found;
}

}  // namespace

PackedRow packed_row(const QuantizationConfig& config, std::string_view path, std::uint64_t words,
                     std::uint64_t scales) {
  const auto own = std::lower_bound(config.layers.begin(), config.layers.end(), path,
                                    [](const auto& layer, std::string_view name) { return layer.first < name; });
  if (own != config.layers.end() && own->first == path) return row_of(own->second, words, scales).value_or(PackedRow());
  if (!config.groups.empty()) return the_one_that_fits(config.groups, words, scales);
  if (config.bits != 0) return row_of(config, words, scales).value_or(PackedRow());
  if (config.group_size == 0 || scales < 2 || config.group_size > kMostLogical / scales || words > kMostLogical / 32)
    return {};
  const std::uint64_t row = scales * config.group_size;
  return words * 32 % row == 0 ? PackedRow{static_cast<unsigned>(words * 32 / row), row} : PackedRow();
}

}  // namespace weigh
