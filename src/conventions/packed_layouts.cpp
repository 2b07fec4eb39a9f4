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
constexpr PackedExtent times(PackedExtent extent, std::uint8_t number) {
  extent.times = number;
  return extent;
}
constexpr PackedExtent filled(PackedExtent extent, std::uint8_t number) {
  extent.fills = number;
  return extent;
}
constexpr PackedExtent by_vector(PackedExtent extent) {
  extent.over_vector = true;
  return extent;
}
constexpr PackedExtent codes(PackedExtent extent) {
  extent.times_codes = true;
  return extent;
}
constexpr PackedExtent bits_of(PackedExtent extent) {
  extent.times_bits = true;
  return extent;
}
constexpr PackedExtent kAll{Of::both};
constexpr PackedExtent kVectorRows{Of::vector_rows};
constexpr PackedExtent kVectorColumns{Of::vector_columns};
constexpr PackedExtent kBooks{Of::books};
constexpr PackedExtent kFilled{Of::filled};

constexpr DTypes kInt8 = {DType::int8};
constexpr DTypes kSmallInt = {DType::int8, DType::int6, DType::int5, DType::int4,
                              DType::int3, DType::int2, DType::int1, DType::uint4};
constexpr DTypes kInt32 = {DType::int32, DType::uint32};
constexpr DTypes kInt32Or8 = {DType::int32, DType::uint32, DType::uint8, DType::int8};
constexpr DTypes kUint8 = {DType::uint8};
constexpr DTypes kByte = {DType::uint8, DType::int8};
constexpr DTypes kUint32 = {DType::uint32};
constexpr DTypes kOnlyInt32 = {DType::int32};
constexpr DTypes kInt16 = {DType::int16, DType::uint16};
constexpr DTypes kCodes = {DType::int8, DType::int16, DType::int32, DType::uint8};
constexpr DTypes kSmallFloat = {DType::float8_e4m3fn,   DType::float8_e5m2,      DType::float8_e4m3fnuz,
                                DType::float8_e5m2fnuz, DType::float4_e2m1fn_x2, DType::float4_e2m1fn,
                                DType::float6_e2m3fn,   DType::float6_e3m2fn};
constexpr DTypes kByteOrFloat8 = {DType::int8, DType::float8_e4m3fn, DType::float8_e5m2, DType::float8_e4m3fnuz};
constexpr DTypes kByteScale = {DType::uint8, DType::float8_e4m3fn, DType::float8_e8m0fnu};
constexpr DTypes kFloat8Scale = {DType::float8_e4m3fn};
constexpr DTypes kPowerScale = {DType::float8_e8m0fnu, DType::uint8};
constexpr DTypes kExponents = {DType::float8_e8m0fnu};
constexpr DTypes kWideScale = {DType::bfloat16, DType::float16, DType::float32, DType::float64};
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

// No other name of this role will do.
constexpr PackedTensor by_name(PackedTensor tensor) {
  tensor.is_by_name = true;
  return tensor;
}

constexpr PackedTensor words(std::string_view name, DTypes dtypes) {
  return part(data, name, dtypes, {kRows, packed(kColumns)});
}
constexpr PackedTensor grouped(PackedRole role, std::string_view name, DTypes dtypes = kAnyDType) {
  return part(role, name, dtypes, {kRows, by_group(kColumns)});
}
// Groups go down, rows stand beside each other.
constexpr PackedTensor turned(PackedRole role, std::string_view name, DTypes dtypes = kAnyDType) {
  return part(role, name, dtypes, {by_group(kColumns), kRows});
}

constexpr auto kIntegers = Scheme::not_told;
constexpr std::string_view kReports = "Reports.AreRight";

// A row, and a line for each two of its tensors. Of several that hold for a layer the first counts. clang-format would
// spread them.
// clang-format off
constexpr auto kLayouts = std::to_array<PackedLayoutRow>({
    {{"pack-quantized", "words along the rows", "compressed-tensors 0.20", "quantized/compressed_int4"}, kIntegers, 0, 0, {}, false,
     {words("*_packed", kInt32), grouped(scale, "*_scale"),
      optional(zero, "*_zero_point", {packed(kRows), by_group(kColumns)}), optional(shape, "*_shape", {kAny}),
      optional(order, "*_g_idx", {kColumns})}},
    {{"nvfp4-pack-quantized", "two in a byte, a float8 scale for 16", "compressed-tensors 0.20", "quantized/compressed_nvfp4"}, Scheme::nvfp4, 4, 16, {}, false,
     {words("*_packed", kByte), grouped(scale, "*_scale", kByteScale),
      optional(second_scale, "*_global_scale", {kOne})}},
    {{"mxfp4-pack-quantized", "two in a byte, a byte of scale for 32", "compressed-tensors 0.20", "quantized/compressed_mxfp4"}, Scheme::mxfp4, 4, 32, {}, false,
     {words("*_packed", kByte), grouped(scale, "*_scale", kByteScale)}},
    {{"mxfp6-pack-quantized", "four in three bytes, a byte of scale for 32", "compressed-tensors 0.20", "quantized/compressed_mxfp6"}, Scheme::mxfp6, 6, 32, {}, false,
     {words("*_packed", kByte), grouped(scale, "*_scale", kByteScale)}},
    {{"GPTQ", "words along the columns, which go down", "gptqmodel 7.7", "quantized/gptq_int4"}, kIntegers, 0, 0, {}, false,
     {part(data, "qweight", kInt32, {packed(kColumns), kRows}), turned(scale, "scales"),
      optional(zero, "qzeros", {by_group(kColumns), packed(kRows)}), optional(order, "g_idx", {kColumns})}},
    {{"AWQ", "words along the rows, columns go down", "autoawq 0.2.9", "quantized/awq_gemm"}, kIntegers, 0, 0, {}, false,
     {part(data, "qweight", kInt32, {kColumns, packed(kRows)}), turned(scale, "scales"),
      optional(zero, "qzeros", {by_group(kColumns), packed(kRows)})}},
    {{"AWQ for a vector", "words along the rows; scales fill up words", "autoawq 0.2.9: GEMV", "quantized/awq_gemv"}, kIntegers, 4, 0, {}, false,
     {words("qweight", kInt32), part(scale, "scales", kWideScale, {kRows, times(kFilled, 8)}),
      part(zero, "qzeros", kInt32, {kRows, kFilled})}},
    {{"AWQ for a vector, 16 bits", "four rows in a word", "autoawq 0.2.9: GEMVFast", "quantized/awq_gemv_fast"}, kIntegers, 4, 0, {}, false,
     {part(data, "qweight", kInt16, {over(kRows, 4), kColumns}), part(scale, "scales", kAnyDType, {kFilled, kRows}),
      part(zero, "qzeros", kWideScale, {kFilled, kRows})}},
    {{"FP-Quant, MXFP4", "two in a byte, a byte of scale for 32", "transformers 5.24: FPQuantConfig", kReports}, Scheme::mxfp4, 4, 32, {}, false,
     {words("qweight", kByte), grouped(scale, "scales", kPowerScale),
      part(second_scale, "weight_global_scale", kAnyDType, {})}},
    {{"FP-Quant, NVFP4", "two in a byte, a float8 scale for 16", "transformers 5.24: FPQuantConfig", "Quantized.FindsFloat4OfFpQuant"}, Scheme::nvfp4, 4, 16, {}, false,
     {words("qweight", kByte), grouped(scale, "scales", kByteScale),
      part(second_scale, "weight_global_scale", kAnyDType, {})}},
    {{"SVDQuant", "two in a byte, a scale for 64, low rank beside it", "nunchaku 1.0", kReports}, kIntegers, 4, 64, {}, false,
     {words("qweight", kByte), turned(scale, "wscales", kWideScale),
      part(low_in, "proj_down", kAnyDType, {kColumns, kAny}), part(low_out, "proj_up", kAnyDType, {kRows, kAny})}},
    {{"SVDQuant, NVFP4", "two in a byte, a float8 scale for 16, low rank beside it", "nunchaku 1.0", "Quantized.FindsFloat4OfSvdQuant"}, Scheme::nvfp4, 4, 16, {}, false,
     {words("qweight", kByte), turned(scale, "wscales", kFloat8Scale),
      part(low_in, "proj_down", kAnyDType, {kColumns, kAny}), part(low_out, "proj_up", kAnyDType, {kRows, kAny})}},
    {{"AWQ of Nunchaku", "four rows and two columns in a word", "nunchaku 1.0", "Quantized.FindsAwqOfNunchaku"}, kIntegers, 4, 0, {}, false,
     {part(data, "qweight", kInt32, {over(kRows, 4), over(kColumns, 2)}), turned(scale, "wscales"),
      turned(zero, "wzeros")}},
    {{"EXL3", "tiles of 16 x 16", "exllamav3 0.0.20", kReports}, kIntegers, 0, 0, {}, false,
     {part(data, "trellis", kInt16, {over(kColumns, 16), over(kRows, 16), bits_of(times(kOne, 16))}),
      part(in_signs, "suh", kAnyDType, {kColumns}), part(out_signs, "svh", kAnyDType, {kRows})}},
    {{"EXL2", "columns of several widths, in an order of their own", "exllamav2 0.3", kReports}, Scheme::not_told, 0, 0, {}, true,
     {part(data, "q_weight", kInt32, {kAny, kRows}), part(scale, "q_scale", kInt32, {kAny, over(kRows, 8)}),
      part(order, "q_invperm", kAnyDType, {kColumns})}},
    {{"AQLM", "sums of codewords", "aqlm 1.1", kReports}, Scheme::not_told, 0, 0, {}, true,
     {part(data, "codes", kCodes, {by_vector(kRows), by_vector(kColumns), kBooks}), part(scale, "scales", kAnyDType, {by_vector(kRows), kAny, kAny, kAny}),
      part(codebook, "codebooks", kAnyDType, {kBooks, kAny, kVectorRows, kVectorColumns})}},
    {{"VPTQ", "vectors of rows, codes along the columns", "vptq 0.0.5", kReports}, Scheme::not_told, 0, 0, {}, true,
     {part(data, "indices", kInt32, {kOne, by_vector(kRows), packed(kColumns)}), part(scale, "weight_scale", kAnyDType, {kColumns}),
      part(codebook, "centroids.weight", kAnyDType, {kOne, codes(kVectorRows)})}},
    {{"SpQR", "rows of which outliers stand apart", "spqr_quant 0.2", "Quantized.IsABoundForSpqr"}, Scheme::not_told, 0, 0, {}, true,
     {part(data, "dense_weights", kAnyDType, {kAny})}},
    {{"Keras, INT4", "two of the output in a byte, groups of the input", "keras 3.15", kReports}, kIntegers, 4, 0, {}, false,
     {part(data, "kernel", kInt8, {kColumns, packed(kRows)}), turned(scale, "kernel_scale"),
      optional(zero, "kernel_zero", {by_group(kColumns), kRows}), optional(order, "g_idx", {kColumns})}},
    {{"Keras, INT4, channels", "two of the output in a byte", "keras 3.15", "Quantized.FindsVariablesOfKeras"}, kIntegers, 4, 0, {}, false,
     {part(data, "kernel", kInt8, {kColumns, packed(kRows)}), part(scale, "kernel_scale", kWideScale, {kRows})}},
    {{"Keras, INT4 embedding", "two in a byte, groups along the rows", "keras 3.15", kReports}, kIntegers, 4, 0, {}, false,
     {words("embeddings", kInt8), grouped(scale, "embeddings_scale"),
      optional(zero, "embeddings_zero", {kRows, by_group(kColumns)}), part(order, "g_idx", kAnyDType, {kColumns})}},
    {{"Keras, INT4 embedding, channels", "two in a byte", "keras 3.15", "Quantized.FindsVariablesOfKeras"}, kIntegers, 4, 0, "int4", false,
     {words("embeddings", kInt8), part(scale, "embeddings_scale", kWideScale, {kRows})}},
    {{"Keras, GPTQ and AWQ", "two of the output in a byte, the output goes down", "keras 3.15", kReports}, kIntegers, 0, 0, {}, false,
     {part(data, "quantized_*", kUint8, {packed(kRows), kColumns}), grouped(scale, "kernel_scale"),
      optional(zero, "kernel_zero", {kRows, by_group(kColumns)}), part(order, "g_idx", kAnyDType, {kColumns})}},
    {{"bitsandbytes, 8 bits", "a scale a row", "bitsandbytes 0.50", "quantized/bitsandbytes_int8"}, Scheme::none, 8, 0, {}, false,
     {part(data, "weight", kInt8, {kRows, kColumns}), by_name(part(scale, "SCB", kAnyDType, {kRows}))}},
    {{"MXFP4 in blocks", "16 bytes for 32, and a byte of scale", "transformers 5.24: Mxfp4Config", "Quantized.FindsFloat4"}, Scheme::mxfp4, 4, 32, {}, false,
     {part(data, "*_blocks", kUint8, {kRows, by_group(kColumns), packed(kGroup)}), grouped(scale, "*_scales", kUint8)}},
    {{"MXFP4 in blocks, of a module", "16 bytes for 32, and a byte of scale", "gpt-oss as OpenAI ships it", kReports}, Scheme::mxfp4, 4, 32, {}, false,
     {part(data, "blocks", kUint8, {kRows, by_group(kColumns), packed(kGroup)}), grouped(scale, "scales", kUint8)}},
    {{"HQQ, along the rows", "groups below each other", "hqq 0.2.8: axis 1", "quantized/hqq_int4"}, kIntegers, 0, 0, {}, false,
     {part(data, "W_q", kUint8, {packed(by_group(kAll)), kGroup}), part(scale, "scale", kAnyDType, {by_group(kAll), kOne}),
      part(zero, "zero", kAnyDType, {by_group(kAll), kOne})}},
    {{"HQQ, 3 bits", "ten groups in a word", "hqq 0.2.8: axis 1", "quantized/hqq_int3"}, kIntegers, 3, 0, {}, false,
     {part(data, "W_q", kInt32, {over(by_group(kAll), 10), kGroup}), part(scale, "scale", kAnyDType, {by_group(kAll), kOne}),
      part(zero, "zero", kAnyDType, {by_group(kAll), kOne})}},
    {{"HQQ, along the columns", "groups beside each other", "hqq 0.2.8: axis 0", "quantized/hqq_int4_axis0"}, kIntegers, 0, 0, {}, false,
     {part(data, "W_q", kUint8, {packed(kGroup), by_group(kAll)}), part(scale, "scale", kAnyDType, {kOne, by_group(kAll)}),
      part(zero, "zero", kAnyDType, {kOne, by_group(kAll)})}},
    {{"MLX, affine", "words along the rows", "mlx 0.32", "quantized/mlx_int4"}, kIntegers, 0, 0, {}, false,
     {words("weight", kUint32), grouped(scale, "scales", kWideScale),
      optional(bias, "biases", {kRows, by_group(kColumns)})}},
    {{"MLX, NVFP4", "eight in a word, a byte of scale for 16", "mlx 0.32", "quantized/mlx_nvfp4"}, Scheme::nvfp4, 4, 16, {}, false,
     {words("weight", kUint32), grouped(scale, "scales", kByteScale)}},
    {{"MLX, MXFP4", "eight in a word, a byte of scale for 32", "mlx 0.32", "quantized/mlx_mxfp4"}, Scheme::mxfp4, 4, 32, {}, false,
     {words("weight", kUint32), grouped(scale, "scales", kByteScale)}},
    {{"MLX, MXFP8", "four in a word, a byte of scale for 32", "mlx 0.32", "quantized/mlx_mxfp8"}, Scheme::mxfp8, 8, 32, {}, false,
     {words("weight", kUint32), grouped(scale, "scales", kByteScale)}},
    {{"torchao", "an element is a weight", "torchao 0.18", "quantized/torchao_int8"}, Scheme::none, 8, 0, {}, false,
     {part(data, "*_qdata", kByteOrFloat8, {kAny}), optional(scale, "*_scale", {}),
      optional(zero, "*_zero_point", {})}},
    {{"torchao, NVFP4", "two in a byte, a float8 scale for 16", "torchao 0.18", "quantized/torchao_nvfp4"}, Scheme::nvfp4, 4, 16, {}, false,
     {words("*_qdata", kUint8), grouped(scale, "*_scale", kFloat8Scale)}},
    {{"torchao, MXFP4", "two in a byte, a byte of scale for 32", "torchao 0.18", "quantized/torchao_mxfp4"}, Scheme::mxfp4, 4, 32, {}, false,
     {words("*_qdata", kUint8), grouped(scale, "*_scale", kExponents)}},
    {{"torchao, INT4, tiles", "rows and columns that a kernel fills up", "torchao 0.18", "Quantized.FindsTorchaosWords"}, kIntegers, 4, 0, {}, false,
     {part(data, "*_qdata", kInt32, {kAny, kAny, kAny, kAny})}},
    {{"torchao, INT4", "two in a byte, eight in a word", "torchao 0.18", "Quantized.FindsTorchaosWords"}, kIntegers, 4, 0, {}, false,
     {words("*_qdata", kInt32Or8), optional(scale, "*_scale", {}),
      optional(zero, "*_zero_point", {})}},
    {{"torchao, with colons", "an element is a weight", "torchao before 0.15", "Quantized.FindsTorchaosNamesWithColons"}, Scheme::none, 8, 0, {}, false,
     {part(data, "*:qdata", kByteOrFloat8, {kAny}), optional(scale, "*:scale", {}),
      optional(zero, "*:zero_point", {})}},
    {{"torchao, INT4, with colons", "two in a byte, eight in a word", "torchao before 0.15", "Quantized.FindsTorchaosNamesWithColons"}, kIntegers, 4, 0, {}, false,
     {words("*:qdata", kInt32Or8), optional(scale, "*:scale", {}),
      optional(zero, "*:zero_point", {})}},
    {{"torchao, of a module", "an element is a weight", "torchao 0.18", "Quantized.FindsTorchaosWords"}, Scheme::none, 8, 0, {}, false,
     {part(data, "qdata", kByteOrFloat8, {kAny}), part(scale, "scale", kAnyDType, {}),
      optional(zero, "zero_point", {})}},
    {{"torchao, INT4, of a module", "two in a byte, eight in a word", "torchao 0.18", "Quantized.FindsTorchaosWords"}, kIntegers, 4, 0, {}, false,
     {words("qdata", kInt32Or8), part(scale, "scale", kWideScale, {}),
      optional(zero, "zero_point", {})}},
    {{"quanto", "an element is a weight", "optimum-quanto 0.2.7", "quantized/quanto_int8"}, Scheme::none, 8, 0, {}, false,
     {part(data, "_data", kByteOrFloat8, {kRows, kColumns}), part(scale, "_scale", kAnyDType, {})}},
    {{"quanto, packed", "rows of a byte, in a module of its own", "optimum-quanto 0.2.7", "quantized/quanto_int4"}, kIntegers, 0, 0, {}, false,
     {part(data, "_data", kUint8, {packed(kRows), kColumns}), part(scale, "_scale", kAnyDType, {kRows, kOne}),
      optional(zero, "_shift", {kRows, kOne})}},
    {{"HIGGS", "words along the columns, which go down", "transformers 5.24: HiggsLinear", kReports}, kIntegers, 0, 0, {}, false,
     {part(data, "*", kInt16, {packed(kRows), kColumns}), grouped(scale, "scales"),
      part(codebook, "tables", kAnyDType, {})}},
    {{"bitsandbytes, NF4", "two in a byte, all in one column", "bitsandbytes 0.50", "quantized/bitsandbytes_nf4"}, Scheme::nf4, 4, 0, {}, false,
     {part(data, "*", kUint8, {packed(kAll), kOne}), part(scale, "*.absmax", kAnyDType, {}),
      by_name(part(facts, "*.quant_state.bitsandbytes__nf4", kUint8, {}))}},
    {{"bitsandbytes, FP4", "two in a byte, all in one column", "bitsandbytes 0.50", "quantized/bitsandbytes_fp4"}, Scheme::fp4, 4, 0, {}, false,
     {part(data, "*", kUint8, {packed(kAll), kOne}), part(scale, "*.absmax", kAnyDType, {}),
      by_name(part(facts, "*.quant_state.bitsandbytes__fp4", kUint8, {}))}},
    {{"bitsandbytes, 4 bits", "two in a byte, of a kind that is not told", "bitsandbytes 0.50", "Quantized.FindsBitsandbytesWithoutItsState"}, Scheme::four_bits, 4, 0, {}, false,
     {part(data, "*", kUint8, {packed(kAll), kOne}), part(scale, "*.absmax", kAnyDType, {}),
      part(codebook, "*.quant_map", kAnyDType, {kAny})}},
    {{"FP8", "an element is a weight", "compressed-tensors 0.20, modelopt 0.47, transformers 5.24", "quantized/compressed_fp8"}, Scheme::none, 8, 0, {}, false,
     {part(data, "*", kSmallFloat, {kRows, kColumns}), part(scale, "*_scale", kAnyDType, {})}},
    {{"INT8", "an element is a weight", "compressed-tensors 0.20, modelopt 0.47", "quantized/compressed_int8"}, Scheme::none, 8, 0, {}, false,
     {part(data, "*", kSmallInt, {kRows, kColumns}), part(scale, "*_scale", kWideScale, {})}},
    {{"MXINT8", "an element is a weight, a byte of scale for 32", "OCP microscaling 1.0", "Quantized.FindsBytesWithBytesOfScale"}, Scheme::none, 8, 32, {}, false,
     {part(data, "*", kInt8, {kRows, kColumns}), grouped(scale, "*_scale", kByteScale)}},
    {{"NVFP4", "two in a byte, a float8 scale for 16", "modelopt 0.47", "quantized/modelopt_nvfp4"}, Scheme::nvfp4, 4, 16, {}, false,
     {words("*", kByte), grouped(scale, "*_scale", kByteScale),
      optional(second_scale, "*_scale_2", {})}},
    {{"NVFP4, tiles", "two in a byte, scales fill up tiles of 128 x 4", "ComfyUI 0.3: comfy_quant", kReports}, Scheme::nvfp4, 4, 16, {}, false,
     {words("*", kByte), part(scale, "*_scale", kFloat8Scale, {filled(kRows, 128), filled(by_group(kColumns), 4)}),
      optional(second_scale, "*_scale_2", {})}},
    {{"MXFP4", "two in a byte, a byte of scale for 32", "DeepSeek-V4; modelopt 0.47", kReports}, Scheme::mxfp4, 4, 32, {}, false,
     {words("*", kByte), grouped(scale, "*_scale", kByteScale)}},
    {{"BitNet", "four rows in a byte", "transformers 5.24: BitNetQuantConfig", "quantized/transformers_bitnet"}, kIntegers, 2, 0, "bitnet", false,
     {part(data, "*", kUint8, {packed(kRows), kColumns}), part(scale, "*_scale", kAnyDType, {kOne})}},
    {{"INT4, rows", "two rows in a byte", "modelopt 0.47", "quantized/modelopt_int4"}, kIntegers, 0, 0, {}, false,
     {part(data, "*", kUint8, {packed(kRows), kColumns}), grouped(scale, "*_scale", kWideScale)}},
    {{"bytes along the rows", "as many rows in a byte as the configuration tells", "transformers 5.24", kReports}, kIntegers, 0, 0, {}, false,
     {part(data, "*", kUint8, {packed(kRows), kColumns}), part(scale, "*_scale", kAnyDType, {})}},
    {{"Quark", "words along the rows, columns go down", "amd-quark 0.11", kReports}, kIntegers, 0, 0, {}, false,
     {part(data, "*", kOnlyInt32, {kColumns, packed(kRows)}), turned(scale, "*_scale", kWideScale),
      optional(zero, "*_zero_point", {by_group(kColumns), packed(kRows)})}},
});
// clang-format on

constexpr std::uint64_t kMost = std::uint64_t{1} << 56;

// Nothing where a factor is not known, or the product is beyond all weights.
std::optional<std::uint64_t> product(std::optional<std::uint64_t> one, std::uint64_t factor) {
  if (!one || factor == 0 || *one > kMost / factor) return std::nullopt;
  return *one * factor;
}

std::optional<std::uint64_t> base(Of of, const PackedMatrix& matrix) {
  switch (of) {
    case Of::one: return 1;
    case Of::rows: return product(1, matrix.rows);
    case Of::columns: return product(1, matrix.columns);
    case Of::both: return product(product(1, matrix.rows), matrix.columns);
    case Of::group: return product(1, matrix.group);
    case Of::vector_rows: return product(1, matrix.vector_rows);
    case Of::vector_columns: return product(1, matrix.vector_columns);
    case Of::books: return product(1, matrix.books);
    case Of::filled: return product(1, matrix.filled);
    case Of::any: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parts_of(std::optional<std::uint64_t> whole, std::uint64_t part) {
  return whole && part != 0 ? std::optional((*whole + part - 1) / part) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> evaluate(const PackedExtent& extent, const PackedMatrix& matrix, unsigned word) {
  std::optional<std::uint64_t> above = product(base(extent.of, matrix), extent.times);
  std::optional<std::uint64_t> below = extent.over;
  if (extent.over_group) above = parts_of(above, matrix.group);
  if (extent.over_vector) above = parts_of(above, extent.of == Of::rows ? matrix.vector_rows : matrix.vector_columns);
  if (extent.times_bits) above = product(above, matrix.bits);
  if (extent.times_codes) above = matrix.bits < 32 ? product(above, std::uint64_t{1} << matrix.bits) : std::nullopt;
  if (extent.over_word) below = product(below, word);
  const std::optional<std::uint64_t> size = below ? parts_of(above, *below) : std::nullopt;
  return size ? std::optional((*size + extent.fills - 1) / extent.fills * extent.fills) : std::nullopt;
}

std::span<const PackedTensor> PackedLayoutRow::parts() const {
  const auto end = std::find_if(tensors.begin(), tensors.end(), [](const auto& tensor) { return tensor.name.empty(); });
  return {tensors.begin(), end};
}

std::span<const PackedLayoutRow> packed_layout_rows() { return kLayouts; }

}  // namespace weigh::conventions
