#include "conventions/packed_layouts.h"

#include <algorithm>

namespace weigh::conventions {
namespace {

using enum PackedRole;
using Of = PackedExtent::Of;
using DTypes = std::array<DType, PackedTensor::kMostDTypes>;

// Extents, as the rows name them.
constexpr PackedExtent kOne{};
constexpr PackedExtent kRows{Of::rows};
constexpr PackedExtent kColumns{Of::columns};
constexpr PackedExtent kGroup{Of::group};
constexpr PackedExtent kAny{Of::any};
constexpr PackedExtent packed(PackedExtent extent) {
  extent.times_bits = extent.over_word = true;
  return extent;
}
constexpr PackedExtent by_group(PackedExtent extent) {
  extent.over_group = true;
  return extent;
}
constexpr PackedExtent over(PackedExtent extent, std::uint8_t number) {
  extent.over = number;
  return extent;
}
constexpr PackedExtent kAll{Of::both};

constexpr DTypes kInt8 = {DType::int8};
constexpr DTypes kInt32 = {DType::int32};
constexpr DTypes kUint8 = {DType::uint8};
constexpr DTypes kUint32 = {DType::uint32};
constexpr DTypes kInt16 = {DType::int16};
constexpr DTypes kSmallFloat = {DType::float8_e4m3fn, DType::float8_e5m2, DType::int8};
constexpr DTypes kByteScale = {DType::uint8, DType::float8_e4m3fn, DType::float8_e8m0fnu};
constexpr DTypes kAnyDType = {};

constexpr PackedTensor part(PackedRole role, std::string_view name, DTypes dtypes,
                            std::initializer_list<PackedExtent> shape, bool is_needed = true) {
  PackedTensor tensor{role, name, is_needed, dtypes};
  for (const PackedExtent& extent : shape) tensor.shape[tensor.rank++] = extent;
  return tensor;
}
constexpr PackedTensor optional(PackedRole role, std::string_view name, std::initializer_list<PackedExtent> shape) {
  return part(role, name, kAnyDType, shape, false);
}

constexpr PackedTensor words(std::string_view name, DTypes dtypes) {
  return part(data, name, dtypes, {kRows, packed(kColumns)});
}
constexpr PackedTensor grouped(PackedRole role, std::string_view name, DTypes dtypes = kAnyDType) {
  return part(role, name, dtypes, {kRows, by_group(kColumns)});
}

// A row, and a line for each two of its tensors. clang-format would spread them.
// clang-format off
constexpr auto kLayouts = std::to_array<PackedLayoutRow>({
    {{"pack-quantized", "words along the rows", "compressed-tensors 0.20", "quantized/compressed_int4"}, PackedLayout::compressed_words, 0, 0,
     {words("*_packed", kInt32), grouped(scale, "*_scale"),
      optional(zero, "*_zero_point", {packed(kRows), by_group(kColumns)}), optional(shape, "*_shape", {kAny}),
      optional(order, "*_g_idx", {kColumns})}},
    {{"nvfp4-pack-quantized", "two in a byte, a float8 scale for 16", "compressed-tensors 0.20", "quantized/compressed_nvfp4"}, PackedLayout::compressed_nvfp4, 4, 16,
     {words("*_packed", kUint8), grouped(scale, "*_scale", kByteScale),
      optional(second_scale, "*_global_scale", {kOne})}},
    {{"mxfp4-pack-quantized", "two in a byte, a byte of scale for 32", "compressed-tensors 0.20", "quantized/compressed_mxfp4"}, PackedLayout::compressed_mxfp4, 4, 32,
     {words("*_packed", kUint8), grouped(scale, "*_scale", kByteScale)}},
    {{"mxfp6-pack-quantized", "four in three bytes, a byte of scale for 32", "compressed-tensors 0.20", "quantized/compressed_mxfp6"}, PackedLayout::compressed_mxfp6, 6, 32,
     {words("*_packed", kUint8), grouped(scale, "*_scale", kByteScale)}},
    {{"GPTQ", "words along the columns, which go down", "gptqmodel 7.7", "quantized/gptq_int4"}, PackedLayout::gptq, 0, 0,
     {part(data, "qweight", kInt32, {packed(kColumns), kRows}), part(scale, "scales", kAnyDType, {by_group(kColumns), kRows}),
      optional(zero, "qzeros", {by_group(kColumns), packed(kRows)}), optional(order, "g_idx", {kColumns})}},
    {{"AWQ", "words along the rows, columns go down", "autoawq 0.2.9", "quantized/awq_gemm"}, PackedLayout::awq, 0, 0,
     {part(data, "qweight", kInt32, {kColumns, packed(kRows)}), part(scale, "scales", kAnyDType, {by_group(kColumns), kRows}),
      optional(zero, "qzeros", {by_group(kColumns), packed(kRows)})}},
    {{"AWQ for a vector", "words along the rows; scales fill up words", "autoawq 0.2.9: GEMV", "quantized/awq_gemv"}, PackedLayout::awq_vectors, 4, 0,
     {words("qweight", kInt32), part(scale, "scales", kAnyDType, {kRows, kAny}),
      part(zero, "qzeros", kInt32, {kRows, kAny})}},
    {{"AWQ for a vector, 16 bits", "four rows in a word", "autoawq 0.2.9: GEMVFast", "quantized/awq_gemv_fast"}, PackedLayout::awq_vectors_of_16_bits, 4, 0,
     {part(data, "qweight", kInt16, {over(kRows, 4), kColumns}), part(scale, "scales", kAnyDType, {kAny, kRows}),
      part(zero, "qzeros", kAnyDType, {kAny, kRows})}},
    {{"bitsandbytes, NF4", "two in a byte, all in one column", "bitsandbytes 0.50", "quantized/bitsandbytes_nf4"}, PackedLayout::bitsandbytes_nf4, 4, 0,
     {part(data, "*", kUint8, {packed(kAll), kOne}), part(scale, "*.absmax", kAnyDType, {}),
      part(facts, "*.quant_state.bitsandbytes__nf4", kUint8, {})}},
    {{"bitsandbytes, FP4", "two in a byte, all in one column", "bitsandbytes 0.50", "quantized/bitsandbytes_fp4"}, PackedLayout::bitsandbytes_fp4, 4, 0,
     {part(data, "*", kUint8, {packed(kAll), kOne}), part(scale, "*.absmax", kAnyDType, {}),
      part(facts, "*.quant_state.bitsandbytes__fp4", kUint8, {})}},
    {{"bitsandbytes, 8 bits", "a scale a row", "bitsandbytes 0.50", "quantized/bitsandbytes_int8"}, PackedLayout::bitsandbytes_8_bits, 8, 0,
     {part(data, "weight", kInt8, {kRows, kColumns}), part(scale, "SCB", kAnyDType, {kRows})}},
    {{"FP8 and INT8", "an element is a weight", "compressed-tensors 0.20, modelopt 0.47, transformers 5.24", "quantized/compressed_fp8"}, PackedLayout::scaled, 8, 0,
     {part(data, "*", kSmallFloat, {kRows, kColumns}), part(scale, "*_scale_inv", kAnyDType, {}, false),
      part(scale, "*_scale", kAnyDType, {}, false), part(scale, "*_scales", kAnyDType, {}, false)}},
    {{"ModelOpt, NVFP4", "two in a byte, a float8 scale for 16", "modelopt 0.47", "quantized/modelopt_nvfp4"}, PackedLayout::bytes_nvfp4, 4, 16,
     {words("*", kUint8), grouped(scale, "*_scale", kByteScale),
      optional(second_scale, "*_scale_2", {})}},
    {{"ModelOpt, INT4", "two rows in a byte", "modelopt 0.47", "quantized/modelopt_int4"}, PackedLayout::bytes_columns, 4, 0,
     {part(data, "*", kUint8, {packed(kRows), kColumns}), grouped(scale, "*_scale")}},
    {{"BitNet", "four rows in a byte", "transformers 5.24: BitNetQuantConfig", "quantized/transformers_bitnet"}, PackedLayout::bytes_ternary, 2, 0,
     {part(data, "*", kUint8, {packed(kRows), kColumns}), part(scale, "*_scale", kAnyDType, {kOne})}},
    {{"MXFP4 in blocks", "16 bytes for 32, and a byte of scale", "transformers 5.24: Mxfp4Config", "Quantized.FindsFloat4"}, PackedLayout::mxfp4_blocks, 4, 32,
     {part(data, "*_blocks", kUint8, {kRows, by_group(kColumns), packed(kGroup)}), grouped(scale, "*_scales", kUint8)}},
    {{"HQQ, along the rows", "groups below each other", "hqq 0.2.8: axis 1", "quantized/hqq_int4"}, PackedLayout::hqq_rows, 0, 0,
     {part(data, "W_q", kAnyDType, {packed(by_group(kAll)), kGroup}), part(scale, "scale", kAnyDType, {by_group(kAll), kOne}),
      part(zero, "zero", kAnyDType, {by_group(kAll), kOne})}},
    {{"HQQ, along the columns", "groups beside each other", "hqq 0.2.8: axis 0", "quantized/hqq_int4_axis0"}, PackedLayout::hqq_columns, 0, 0,
     {part(data, "W_q", kAnyDType, {packed(kGroup), by_group(kAll)}), part(scale, "scale", kAnyDType, {kOne, by_group(kAll)}),
      part(zero, "zero", kAnyDType, {kOne, by_group(kAll)})}},
    {{"MLX, affine", "words along the rows", "mlx 0.32", "quantized/mlx_int4"}, PackedLayout::mlx_affine, 0, 0,
     {words("weight", kUint32), grouped(scale, "scales"),
      grouped(bias, "biases")}},
    {{"MLX, NVFP4", "eight in a word, a byte of scale for 16", "mlx 0.32", "quantized/mlx_nvfp4"}, PackedLayout::mlx_nvfp4, 4, 16,
     {words("weight", kUint32), grouped(scale, "scales", kUint8)}},
    {{"MLX, MXFP4", "eight in a word, a byte of scale for 32", "mlx 0.32", "quantized/mlx_mxfp4"}, PackedLayout::mlx_mxfp4, 4, 32,
     {words("weight", kUint32), grouped(scale, "scales", kUint8)}},
    {{"MLX, MXFP8", "four in a word, a byte of scale for 32", "mlx 0.32", "quantized/mlx_mxfp8"}, PackedLayout::mlx_mxfp8, 8, 32,
     {words("weight", kUint32), grouped(scale, "scales", kUint8)}},
    {{"torchao", "an element is a weight, or a byte two", "torchao 0.18", "quantized/torchao_int8"}, PackedLayout::torchao, 0, 0,
     {words("*_qdata", kAnyDType), part(scale, "*_scale", kAnyDType, {}),
      optional(zero, "*_zero_point", {})}},
    {{"torchao, with colons", "the same", "torchao before 0.15", "Quantized.FindsTorchaosNamesWithColons"}, PackedLayout::torchao_flat, 0, 0,
     {words("*:qdata", kAnyDType), part(scale, "*:scale", kAnyDType, {}),
      optional(zero, "*:zero_point", {})}},
    {{"quanto", "an element is a weight", "optimum-quanto 0.2.7", "quantized/quanto_int8"}, PackedLayout::quanto, 8, 0,
     {part(data, "_data", kAnyDType, {kRows, kColumns}), part(scale, "_scale", kAnyDType, {kRows, kOne})}},
    {{"quanto, packed", "rows of a byte, in a module of its own", "optimum-quanto 0.2.7", "quantized/quanto_int4"}, PackedLayout::quanto_bytes, 0, 0,
     {part(data, "_data._data", kUint8, {packed(kRows), kColumns}), part(scale, "_scale", kAnyDType, {kRows, kOne}),
      optional(zero, "_shift", {kRows, kOne})}},
});
// clang-format on

constexpr std::uint64_t kMost = std::uint64_t{1} << 56;

// Nothing where a factor is not known, or the product is beyond all weights.
std::optional<std::uint64_t> times(std::optional<std::uint64_t> product, std::uint64_t factor) {
  if (!product || factor == 0 || *product > kMost / factor) return std::nullopt;
  return *product * factor;
}

std::optional<std::uint64_t> base(Of of, const PackedMatrix& matrix) {
  switch (of) {
    case Of::one: return 1;
    case Of::rows: return times(1, matrix.rows);
    case Of::columns: return times(1, matrix.columns);
    case Of::both: return times(times(1, matrix.rows), matrix.columns);
    case Of::group: return times(1, matrix.group);
    case Of::any: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> evaluate(const PackedExtent& extent, const PackedMatrix& matrix, unsigned word) {
  std::optional<std::uint64_t> above = times(base(extent.of, matrix), extent.times);
  std::optional<std::uint64_t> below = extent.over;
  if (extent.over_group) {
    if (matrix.group == 0) return std::nullopt;
    above = above ? std::optional((*above + matrix.group - 1) / matrix.group) : std::nullopt;
  }
  if (extent.times_bits) above = times(above, matrix.bits);
  if (extent.over_word) below = times(below, word);
  return above && below ? std::optional((*above + *below - 1) / *below) : std::nullopt;
}

std::span<const PackedTensor> PackedLayoutRow::parts() const {
  const auto end = std::find_if(tensors.begin(), tensors.end(), [](const auto& tensor) { return tensor.name.empty(); });
  return {tensors.begin(), end};
}

std::span<const PackedLayoutRow> packed_layout_rows() { return kLayouts; }

PackedNames::PackedNames(PackedLayout layout, PackedRole role) {
  const auto row =
      std::find_if(kLayouts.begin(), kLayouts.end(), [&](const auto& one) { return one.layout == layout; });
  if (row == kLayouts.end()) return;
  for (const PackedTensor& tensor : row->parts())
    if (tensor.role == role) names_[count_++] = tensor.name.substr(tensor.name.starts_with('*') ? 1 : 0);
}

}  // namespace weigh::conventions
