#include "conventions/names.h"
#include "conventions/packed_layouts.h"

namespace weigh::conventions {
namespace {

constexpr bool kEnd = true;
constexpr bool kWhole = false;

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<OverheadRow>({
    {{"_scale", "scales", "compressed-tensors 0.20, modelopt 0.47, torchao 0.18", "quantized/compressed_int4"}, kEnd},
    {{"_scale_inv", "scales", "transformers 5.24: FineGrainedFP8Config", "quantized/transformers_fp8"}, kEnd},
    {{"_scales", "scales", "gpt-oss", "Quantized.FindsFloat4"}, kEnd},
    {{"_scale_2", "scales of scales", "modelopt 0.47", "quantized/modelopt_nvfp4"}, kEnd},
    {{"_zero_point", "zero points", "compressed-tensors 0.20, torchao 0.18", "quantized/compressed_int4_asymmetric"}, kEnd},
    {{"_shape", "shape before it was packed", "compressed-tensors 0.20", "quantized/compressed_int4"}, kEnd},
    {{"_g_idx", "group of each column", "compressed-tensors 0.20", "PackedOverhead.IsKnownByName"}, kEnd},
    {{"_zero", "zero points", "authors' own code", "PackedOverhead.IsKnownByName"}, kEnd},
    {{":scale", "scales", "torchao before 0.15", "PackedOverhead.IsKnownByName"}, kEnd},
    {{":zero_point", "zero points", "torchao before 0.15", "PackedOverhead.IsKnownByName"}, kEnd},
    {{"_amax", "largest values", "modelopt 0.47", "PackedOverhead.IsKnownByName"}, kEnd},
    {{"_global_scale", "scales of scales", "compressed-tensors 0.20", "quantized/compressed_nvfp4"}, kEnd},
    {{"_shift", "zero points", "optimum-quanto 0.2.7", "quantized/quanto_int4"}, kEnd},
    {{"scales", "scales", "gptqmodel 7.7, autoawq 0.2.9, mlx 0.32", "quantized/gptq_int4"}, kWhole},
    {{"qzeros", "zero points", "gptqmodel 7.7, autoawq 0.2.9", "quantized/gptq_int4"}, kWhole},
    {{"g_idx", "group of each column", "gptqmodel 7.7", "quantized/gptq_int4"}, kWhole},
    {{"biases", "what the smallest code stands for", "mlx 0.32", "quantized/mlx_int4"}, kWhole},
    {{"SCB", "scales", "bitsandbytes 0.50", "quantized/bitsandbytes_int8"}, kWhole},
    {{"weight_format", "a mark", "bitsandbytes 0.50", "quantized/bitsandbytes_int8"}, kWhole},
    {{"scale", "scales", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"zero", "zero points", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"perm", "order of columns", "authors' own code", "PackedOverhead.IsKnownByName"}, kWhole},
    {{"workspace", "room of a kernel", "Marlin", "PackedOverhead.IsKnownByName"}, kWhole},
    {{"nbits", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"group_size", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"axis", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"packing", "a setting", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
    {{"shape", "shape before it was packed", "hqq 0.2.8", "quantized/hqq_int4"}, kWhole},
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
});

constexpr auto kCacheRows = std::to_array<Row>({
    {"k_scale", "scale of keys", "modelopt 0.47, compressed-tensors 0.20", "Quantized.CountsScalesOfKeysAndValuesAsOverhead"},
    {"v_scale", "scale of values", "modelopt 0.47, compressed-tensors 0.20", "Quantized.CountsScalesOfKeysAndValuesAsOverhead"},
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

constexpr auto kEnds = names_of<kRows, [](const OverheadRow& row) { return row.is_end; }>();
constexpr auto kNames = names_of<kRows, [](const OverheadRow& row) { return !row.is_end; }>();
constexpr auto kCacheNames = names_of<kCacheRows, [](const Row&) { return true; }>();

}  // namespace

bool is_overhead(std::string_view name) {
  return kNames.contains(name) ||
         std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return name.ends_with(end); });
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
