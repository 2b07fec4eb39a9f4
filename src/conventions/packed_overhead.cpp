#include "conventions/names.h"
#include "conventions/packed_layouts.h"

namespace weigh::conventions {
namespace {

using enum PackedRole;

constexpr auto kEnd = OverheadRow::Form::ends;
constexpr auto kWhole = OverheadRow::Form::whole;
constexpr auto kBegin = OverheadRow::Form::begins;

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<OverheadRow>({
    {{"_scale", "scales", "compressed-tensors 0.20, modelopt 0.47, torchao 0.18", "quantized/compressed_int4"}, kEnd, scale},
    {{"_scale_inv", "scales", "transformers 5.24: FineGrainedFP8Config", "quantized/transformers_fp8"}, kEnd, scale},
    {{"_scales", "scales", "gpt-oss", "Quantized.FindsFloat4"}, kEnd, scale},
    {{"_scale_2", "scales of scales", "modelopt 0.47", "quantized/modelopt_nvfp4"}, kEnd, second_scale},
    {{"_zero_point", "zero points", "compressed-tensors 0.20, torchao 0.18", "quantized/compressed_int4_asymmetric"}, kEnd, zero},
    {{"_shape", "shape before it was packed", "compressed-tensors 0.20", "quantized/compressed_int4"}, kEnd, shape},
    {{"_g_idx", "group of each column", "compressed-tensors 0.20", "PackedOverhead.IsKnownByName"}, kEnd, order},
    {{"_zero", "zero points", "authors' own code", "PackedOverhead.IsKnownByName"}, kEnd, zero},
    {{":scale", "scales", "torchao before 0.15", "PackedOverhead.IsKnownByName"}, kEnd, scale},
    {{":zero_point", "zero points", "torchao before 0.15", "PackedOverhead.IsKnownByName"}, kEnd, zero},
    {{"_amax", "largest values", "modelopt 0.47", "PackedOverhead.IsKnownByName"}, kEnd},
    {{"_global_scale", "scales of scales", "compressed-tensors 0.20", "quantized/compressed_nvfp4"}, kEnd, second_scale},
    {{"_shift", "zero points", "optimum-quanto 0.2.7", "quantized/quanto_int4"}, kEnd, zero},
    {{"scales", "scales", "gptqmodel 7.7, autoawq 0.2.9, mlx 0.32", "quantized/gptq_int4"}, kWhole, scale},
    {{"qzeros", "zero points", "gptqmodel 7.7, autoawq 0.2.9", "quantized/gptq_int4"}, kWhole, zero},
    {{"g_idx", "group of each column", "gptqmodel 7.7", "quantized/gptq_int4"}, kWhole, order},
    {{"biases", "what the smallest code stands for", "mlx 0.32", "quantized/mlx_int4"}, kWhole, bias},
    {{"SCB", "scales", "bitsandbytes 0.50", "quantized/bitsandbytes_int8"}, kWhole, scale},
    {{"weight_format", "a mark", "bitsandbytes 0.50", "quantized/bitsandbytes_int8"}, kWhole},
    {{"scale", "scales", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole, scale},
    {{"zero", "zero points", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole, zero},
    {{"perm", "order of columns", "authors' own code", "PackedOverhead.IsKnownByName"}, kWhole, order},
    {{"workspace", "room of a kernel", "Marlin", "PackedOverhead.IsKnownByName"}, kWhole},
    {{"nbits", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"group_size", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"axis", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"packing", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"shape", "shape before it was packed", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole, shape},
    {{"channel_wise", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"compute_dtype", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"optimize", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"view_as_float", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"unpack_view_dtype", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"offload_meta", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"round_zero", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"quant_scale", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"quant_zero", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"encoded_state_dict", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"stores_quant_config", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"_qbiases", "what the smallest code stands for", "transformers 5.24: MetalLinear", "PackedOverhead.IsKnownByName"}, kEnd, bias},
    {{"scale_inv", "scales", "transformers 5.24: FineGrainedFP8Config", "PackedOverhead.IsKnownByName"}, kWhole, scale},
    {{"zero_point", "zero points", "torchao 0.18", "PackedOverhead.IsKnownByName"}, kWhole, zero},
    {{"qbiases", "what the smallest code stands for", "transformers 5.24: MetalLinear", "reports/packed.json"}, kWhole, bias},
    {{"scale_2", "scales of scales", "modelopt 0.47", "PackedOverhead.IsKnownByName"}, kWhole, second_scale},
    {{"global_scale", "scales of scales", "Ollama", "PackedOverhead.IsKnownByName"}, kWhole, second_scale},
    {{"scale_", "scales", "ComfyUI 0.3", "reports/packed.json"}, kBegin, scale},
    {{"comfy_quant", "a mark", "ComfyUI 0.3", "reports/packed.json"}, kWhole},
    {{"absmax", "scales", "bitsandbytes 0.50", "quantized/bitsandbytes_nf4"}, kWhole, scale},
    {{"nested_absmax", "scales of scales", "bitsandbytes 0.50", "quantized/bitsandbytes_nf4_double"}, kWhole, second_scale},
    {{"quant_map", "values that codes stand for", "bitsandbytes 0.50", "quantized/bitsandbytes_nf4"}, kWhole, codebook},
    {{"nested_quant_map", "values that codes of scales stand for", "bitsandbytes 0.50", "quantized/bitsandbytes_nf4_double"}, kWhole},
    {{"bitsandbytes__nf4", "shape and dtype before it was packed", "bitsandbytes 0.50", "quantized/bitsandbytes_nf4"}, kWhole, facts},
    {{"bitsandbytes__fp4", "shape and dtype before it was packed", "bitsandbytes 0.50", "quantized/bitsandbytes_fp4"}, kWhole, facts},
    {{"suh", "signs of columns", "exllamav3 0.0.20", "reports/packed.json"}, kWhole, in_signs},
    {{"svh", "signs of rows", "exllamav3 0.0.20", "reports/packed.json"}, kWhole, out_signs},
    {{"mcg", "a setting", "exllamav3 0.0.20", "reports/packed.json"}, kWhole},
    {{"mul1", "a setting", "exllamav3 0.0.20", "PackedOverhead.IsKnownByName"}, kWhole},
    {{"q_scale", "scales", "exllamav2 0.3", "reports/packed.json"}, kWhole, scale},
    {{"q_scale_max", "scales of scales", "exllamav2 0.3", "reports/packed.json"}, kWhole, second_scale},
    {{"q_groups", "widths of groups", "exllamav2 0.3", "reports/packed.json"}, kWhole},
    {{"q_group_map", "group of each column", "exllamav2 0.3", "PackedOverhead.IsKnownByName"}, kWhole},
    {{"q_perm", "order of columns", "exllamav2 0.3", "PackedOverhead.IsKnownByName"}, kWhole},
    {{"q_invperm", "order of columns", "exllamav2 0.3", "reports/packed.json"}, kWhole, order},
    {{"codebooks", "values that codes stand for", "aqlm 1.1", "reports/packed.json"}, kWhole, codebook},
    {{"centroids", "values that codes stand for", "vptq 0.0.5", "reports/packed.json"}, kWhole, codebook},
    {{"res_centroids", "values that further codes stand for", "vptq 0.0.5", "PackedOverhead.IsKnownByName"}, kWhole},
    {{"outlier_centroids", "values that codes of outliers stand for", "vptq 0.0.5", "PackedOverhead.IsKnownByName"}, kWhole},
    {{"weight_bias", "what the smallest code stands for", "vptq 0.0.5", "reports/packed.json"}, kWhole, bias},
    {{"tables", "values that codes stand for", "transformers 5.24: HiggsLinear", "reports/packed.json"}, kWhole, codebook},
    {{"tables2", "values that pairs of codes stand for", "transformers 5.24: HiggsLinear", "reports/packed.json"}, kWhole},
    {{"_hadamard_matrix", "a rotation", "transformers 5.24: FPQuantConfig", "reports/packed.json"}, kEnd},
    {{"wscales", "scales", "nunchaku 1.0", "reports/packed.json"}, kWhole, scale},
    {{"wzeros", "zero points", "nunchaku 1.0", "Quantized.FindsAwqOfNunchaku"}, kWhole, zero},
    {{"awq_scales", "factors of columns", "keras 3.15", "Quantized.FindsVariablesOfKeras"}, kWhole},
    {{"wtscale", "scales of scales", "nunchaku 1.0", "PackedOverhead.IsKnownByName"}, kWhole, second_scale},
    {{"wcscales", "scales of rows", "nunchaku 1.0", "PackedOverhead.IsKnownByName"}, kWhole, second_scale},
    {{"smooth_factor", "factors of columns", "nunchaku 1.0", "reports/packed.json"}, kWhole},
    {{"smooth_factor_orig", "factors of columns", "nunchaku 1.0", "reports/packed.json"}, kWhole},
});

constexpr auto kCacheRows = std::to_array<Row>({
    {"k_scale", "scale of keys", "modelopt 0.47, compressed-tensors 0.20", "Quantized.CountsScalesOfKeysAndValuesAsOverhead"},
    {"v_scale", "scale of values", "modelopt 0.47, compressed-tensors 0.20", "Quantized.CountsScalesOfKeysAndValuesAsOverhead"},
});

constexpr auto kAnywhereRows = std::to_array<Row>({
    {"scaled_fp8", "a mark of the whole file", "ComfyUI 0.3", "reports/packed.json"},
});

// Beside packed weights, and parameters themselves.
constexpr auto kLowRankRows = std::to_array<OverheadRow>({
    {{"proj_down", "low rank, from columns", "nunchaku 1.0", "reports/packed.json"}, kWhole, low_in},
    {{"proj_up", "low rank, to rows", "nunchaku 1.0", "reports/packed.json"}, kWhole, low_out},
});

// Parts of names.
constexpr auto kScaleRows = std::to_array<Row>({
    {"scale", "factors of rows or groups", "nearly all libraries", "Unexplained.IsWhatStandsBesideAScale"},
    {"absmax", "largest magnitudes", "bitsandbytes 0.50", "quantized/bitsandbytes_nf4"},
    {"zero_point", "what stands for zero", "compressed-tensors 0.20", "Unexplained.IsWhatStandsBesideAScale"},
    {"codebook", "values that codes stand for", "aqlm 1.1", "Unexplained.IsWhatStandsBesideAScale"},
    {"centroid", "values that codes stand for", "vptq 0.0.5", "Unexplained.IsWhatStandsBesideAScale"},
});
// clang-format on

constexpr auto kNames = names_of<kRows, [](const OverheadRow& row) { return row.form == kWhole; }>();
constexpr auto kCacheNames = names_of<kCacheRows, [](const Row&) { return true; }>();

// A row without its texts for people.
struct Entry {
  std::string_view name;
  OverheadRow::Form form = kWhole;
  PackedRole role = setting;
};

template <const auto& kFrom, auto kIsWanted>
consteval auto entries_of() {
  std::array<Entry, static_cast<std::size_t>(std::count_if(kFrom.begin(), kFrom.end(), kIsWanted))> entries;
  std::size_t i = 0;
  for (const OverheadRow& row : kFrom)
    if (kIsWanted(row)) entries[i++] = {row.name, row.form, row.role};
  return entries;
}
constexpr auto kWholes = entries_of<kRows, [](const OverheadRow& row) { return row.form == kWhole; }>();
constexpr auto kParts = entries_of<kRows, [](const OverheadRow& row) { return row.form != kWhole; }>();
constexpr auto kLowRank = entries_of<kLowRankRows, [](const OverheadRow&) { return true; }>();

// Of several ends the longest: "_global_scale" rather than "_scale".
const Entry* find(std::string_view name) {
  if (kNames.contains(name))
    return std::find_if(kWholes.begin(), kWholes.end(), [&](const Entry& entry) { return entry.name == name; });
  const Entry* found = nullptr;
  for (const Entry& entry : kParts) {
    const bool is_so = entry.form == kEnd ? name.ends_with(entry.name)
                                          : name.starts_with(entry.name) && name.size() > entry.name.size();
    if (is_so && (found == nullptr || entry.name.size() > found->name.size())) found = &entry;
  }
  return found;
}

}  // namespace

bool is_overhead(std::string_view name) { return find(name) != nullptr; }

PackedName packed_name(std::string_view name) {
  for (const Entry& entry : kLowRank)
    if (entry.name == name) return {entry.role, ""};
  const Entry* found = find(name);
  if (found == nullptr) return {};
  switch (found->form) {
    case kEnd: return {found->role, name.substr(0, name.size() - found->name.size())};
    case kBegin: return {found->role, name.substr(found->name.size())};
    case kWhole: break;
  }
  return {found->role, ""};
}

bool is_overhead_anywhere(std::string_view name) {
  return std::any_of(kAnywhereRows.begin(), kAnywhereRows.end(), [&](const Row& row) { return row.name == name; });
}

bool may_be_a_scale(std::string_view name) {
  return std::any_of(kScaleRows.begin(), kScaleRows.end(),
                     [&](const Row& row) { return name.find(row.name) != std::string_view::npos; });
}

bool is_scale_of_cache(std::string_view name) { return kCacheNames.contains(name); }

std::span<const OverheadRow> overhead_rows() { return kRows; }
std::span<const Row> scale_rows() { return kScaleRows; }
std::span<const Row> cache_scale_rows() { return kCacheRows; }

}  // namespace weigh::conventions
