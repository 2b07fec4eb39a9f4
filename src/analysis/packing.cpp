#include "analysis/packing.h"

#include <algorithm>
#include <array>
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

bool is_overhead(std::string_view name) {
  constexpr std::array<std::string_view, 23> kEnds = {
      "_scale", "_scale_inv",  "_scales",       "_scale_2",      "_zero_point", "_shape",    "_g_idx", "_zero",
      ":scale", ":zero_point", "_amax",         "_global_scale", "scales",      "qzeros",    "g_idx",  "biases",
      "SCB",    "scale",       "weight_format", "zero",          "perm",        "workspace", "_shift"};
  constexpr std::array<std::string_view, 16> kHqq = {"nbits",
                                                     "group_size",
                                                     "axis",
                                                     "packing",
                                                     "shape",
                                                     "channel_wise",
                                                     "compute_dtype",
                                                     "optimize",
                                                     "view_as_float",
                                                     "unpack_view_dtype",
                                                     "offload_meta",
                                                     "round_zero",
                                                     "quant_scale",
                                                     "quant_zero",
                                                     "encoded_state_dict",
                                                     "stores_quant_config"};
  const auto is_end = [&](std::string_view end) {
    return end.front() == '_' || end.front() == ':' ? name.ends_with(end) : name == end;
  };
  return std::any_of(kEnds.begin(), kEnds.end(), is_end) || std::find(kHqq.begin(), kHqq.end(), name) != kHqq.end();
}

}  // namespace weigh
