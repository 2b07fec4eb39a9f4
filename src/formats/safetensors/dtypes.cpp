#include "formats/safetensors/dtypes.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weigh {
namespace {

constexpr std::array<std::pair<std::string_view, DType>, 22> kDTypes = {{
    {"BF16", DType::bfloat16},
    {"F32", DType::float32},
    {"F16", DType::float16},
    {"I32", DType::int32},
    {"F8_E4M3", DType::float8_e4m3fn},
    {"U8", DType::uint8},
    {"I64", DType::int64},
    {"F64", DType::float64},
    {"F8_E5M2", DType::float8_e5m2},
    {"F8_E8M0", DType::float8_e8m0fnu},
    {"F8_E4M3FNUZ", DType::float8_e4m3fnuz},
    {"F8_E5M2FNUZ", DType::float8_e5m2fnuz},
    {"F6_E2M3", DType::float6_e2m3fn},
    {"F6_E3M2", DType::float6_e3m2fn},
    {"F4", DType::float4_e2m1fn},
    {"I8", DType::int8},
    {"I16", DType::int16},
    {"U16", DType::uint16},
    {"U32", DType::uint32},
    {"U64", DType::uint64},
    {"C64", DType::complex64},
    {"BOOL", DType::boolean},
}};

}  // namespace

DType safetensors_dtype(std::string_view name) {
  auto found = std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& row) { return row.first == name; });
  return found == kDTypes.end() ? DType::unknown : found->second;
}

std::optional<std::uint64_t> needed_bits(DType dtype, std::span<const Extent> shape) {
  std::uint64_t bits_needed = bits(dtype);
  for (Extent extent : shape)
    if (__builtin_mul_overflow(bits_needed, extent.size(), &bits_needed)) return std::nullopt;
  return bits_needed;
}

}  // namespace weigh
