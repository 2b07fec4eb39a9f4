#include "weigh/dtype.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace weigh {
namespace {

enum class Kind : std::uint8_t { none, floating, complex, integer, boolean, quantized, raw, block };

struct Row {
  DType dtype;
  std::string_view name;
  std::string_view short_name;
  std::uint8_t bits;
  Kind kind;
  Block block = {};
};

// Bits are those that PyTorch's element_size() counts, packed types apart: uint4 takes a whole byte there.
constexpr std::array kTypes = {
    Row{DType::unknown, "unknown", "?", 0, Kind::none},
    Row{DType::float64, "float64", "f64", 64, Kind::floating},
    Row{DType::float32, "float32", "f32", 32, Kind::floating},
    Row{DType::float16, "float16", "f16", 16, Kind::floating},
    Row{DType::bfloat16, "bfloat16", "bf16", 16, Kind::floating},
    Row{DType::float8_e4m3fn, "float8_e4m3fn", "f8_e4m3", 8, Kind::floating},
    Row{DType::float8_e4m3fnuz, "float8_e4m3fnuz", "f8_e4m3fnuz", 8, Kind::floating},
    Row{DType::float8_e5m2, "float8_e5m2", "f8_e5m2", 8, Kind::floating},
    Row{DType::float8_e5m2fnuz, "float8_e5m2fnuz", "f8_e5m2fnuz", 8, Kind::floating},
    Row{DType::float8_e8m0fnu, "float8_e8m0fnu", "f8_e8m0", 8, Kind::floating},
    Row{DType::float6_e2m3fn, "float6_e2m3fn", "f6_e2m3", 6, Kind::floating},
    Row{DType::float6_e3m2fn, "float6_e3m2fn", "f6_e3m2", 6, Kind::floating},
    Row{DType::float4_e2m1fn, "float4_e2m1fn", "f4", 4, Kind::floating},
    Row{DType::float4_e2m1fn_x2, "float4_e2m1fn_x2", "f4x2", 8, Kind::floating},
    Row{DType::complex128, "complex128", "c128", 128, Kind::complex},
    Row{DType::complex64, "complex64", "c64", 64, Kind::complex},
    Row{DType::complex32, "complex32", "c32", 32, Kind::complex},
    Row{DType::int64, "int64", "i64", 64, Kind::integer},
    Row{DType::int32, "int32", "i32", 32, Kind::integer},
    Row{DType::int16, "int16", "i16", 16, Kind::integer},
    Row{DType::int8, "int8", "i8", 8, Kind::integer},
    Row{DType::int7, "int7", "i7", 8, Kind::integer},
    Row{DType::int6, "int6", "i6", 8, Kind::integer},
    Row{DType::int5, "int5", "i5", 8, Kind::integer},
    Row{DType::int4, "int4", "i4", 8, Kind::integer},
    Row{DType::int3, "int3", "i3", 8, Kind::integer},
    Row{DType::int2, "int2", "i2", 8, Kind::integer},
    Row{DType::int1, "int1", "i1", 8, Kind::integer},
    Row{DType::uint64, "uint64", "u64", 64, Kind::integer},
    Row{DType::uint32, "uint32", "u32", 32, Kind::integer},
    Row{DType::uint16, "uint16", "u16", 16, Kind::integer},
    Row{DType::uint8, "uint8", "u8", 8, Kind::integer},
    Row{DType::uint7, "uint7", "u7", 8, Kind::integer},
    Row{DType::uint6, "uint6", "u6", 8, Kind::integer},
    Row{DType::uint5, "uint5", "u5", 8, Kind::integer},
    Row{DType::uint4, "uint4", "u4", 8, Kind::integer},
    Row{DType::uint3, "uint3", "u3", 8, Kind::integer},
    Row{DType::uint2, "uint2", "u2", 8, Kind::integer},
    Row{DType::uint1, "uint1", "u1", 8, Kind::integer},
    Row{DType::boolean, "bool", "bool", 8, Kind::boolean},
    Row{DType::qint8, "qint8", "qi8", 8, Kind::quantized},
    Row{DType::quint8, "quint8", "qu8", 8, Kind::quantized},
    Row{DType::qint32, "qint32", "qi32", 32, Kind::quantized},
    Row{DType::quint4x2, "quint4x2", "qu4", 4, Kind::quantized},
    Row{DType::quint2x4, "quint2x4", "qu2", 2, Kind::quantized},
    Row{DType::bits8, "bits8", "bits8", 8, Kind::raw},
    Row{DType::bits16, "bits16", "bits16", 16, Kind::raw},
    Row{DType::bits1x8, "bits1x8", "bits1", 8, Kind::raw},
    Row{DType::bits2x4, "bits2x4", "bits2", 8, Kind::raw},
    Row{DType::bits4x2, "bits4x2", "bits4", 8, Kind::raw},
    Row{DType::q4_0, "Q4_0", "Q4_0", 0, Kind::block, {32, 18}},
    Row{DType::q4_1, "Q4_1", "Q4_1", 0, Kind::block, {32, 20}},
    Row{DType::q5_0, "Q5_0", "Q5_0", 0, Kind::block, {32, 22}},
    Row{DType::q5_1, "Q5_1", "Q5_1", 0, Kind::block, {32, 24}},
    Row{DType::q8_0, "Q8_0", "Q8_0", 0, Kind::block, {32, 34}},
    Row{DType::q8_1, "Q8_1", "Q8_1", 0, Kind::block, {32, 36}},
    Row{DType::q2_k, "Q2_K", "Q2_K", 0, Kind::block, {256, 84}},
    Row{DType::q3_k, "Q3_K", "Q3_K", 0, Kind::block, {256, 110}},
    Row{DType::q4_k, "Q4_K", "Q4_K", 0, Kind::block, {256, 144}},
    Row{DType::q5_k, "Q5_K", "Q5_K", 0, Kind::block, {256, 176}},
    Row{DType::q6_k, "Q6_K", "Q6_K", 0, Kind::block, {256, 210}},
    Row{DType::q8_k, "Q8_K", "Q8_K", 0, Kind::block, {256, 292}},
    Row{DType::iq2_xxs, "IQ2_XXS", "IQ2_XXS", 0, Kind::block, {256, 66}},
    Row{DType::iq2_xs, "IQ2_XS", "IQ2_XS", 0, Kind::block, {256, 74}},
    Row{DType::iq3_xxs, "IQ3_XXS", "IQ3_XXS", 0, Kind::block, {256, 98}},
    Row{DType::iq1_s, "IQ1_S", "IQ1_S", 0, Kind::block, {256, 50}},
    Row{DType::iq4_nl, "IQ4_NL", "IQ4_NL", 0, Kind::block, {32, 18}},
    Row{DType::iq3_s, "IQ3_S", "IQ3_S", 0, Kind::block, {256, 110}},
    Row{DType::iq2_s, "IQ2_S", "IQ2_S", 0, Kind::block, {256, 82}},
    Row{DType::iq4_xs, "IQ4_XS", "IQ4_XS", 0, Kind::block, {256, 136}},
    Row{DType::iq1_m, "IQ1_M", "IQ1_M", 0, Kind::block, {256, 56}},
    Row{DType::tq1_0, "TQ1_0", "TQ1_0", 0, Kind::block, {256, 54}},
    Row{DType::tq2_0, "TQ2_0", "TQ2_0", 0, Kind::block, {256, 66}},
    Row{DType::mxfp4, "MXFP4", "MXFP4", 0, Kind::block, {32, 17}},
    Row{DType::nvfp4, "NVFP4", "NVFP4", 0, Kind::block, {64, 36}},
    Row{DType::q1_0, "Q1_0", "Q1_0", 0, Kind::block, {128, 18}},
};

constexpr bool in_order_of_the_enum() {
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    if (kTypes[i].dtype != static_cast<DType>(i)) return false;
  return kTypes.size() == static_cast<std::size_t>(DType::count_);
}
static_assert(in_order_of_the_enum());

const Row& row(DType dtype) { return kTypes[static_cast<std::size_t>(dtype)]; }

}  // namespace

std::string_view name(DType dtype) { return row(dtype).name; }
std::string_view short_name(DType dtype) { return row(dtype).short_name; }
unsigned bits(DType dtype) { return row(dtype).bits; }
Block block_of(DType dtype) { return row(dtype).block; }
bool is_floating_point(DType dtype) { return row(dtype).kind == Kind::floating; }
bool is_complex(DType dtype) { return row(dtype).kind == Kind::complex; }

bool can_be_parameter(DType dtype) {
  Kind kind = row(dtype).kind;
  return kind == Kind::floating || kind == Kind::complex || kind == Kind::quantized || kind == Kind::block ||
         kind == Kind::none;
}

std::optional<DType> dtype_from_torch(std::string_view torch_name) {
  auto found = std::find_if(kTypes.begin() + 1, kTypes.end(), [&](const Row& r) { return r.name == torch_name; });
  if (found == kTypes.end() || found->kind == Kind::block) return std::nullopt;
  return found->dtype;
}

}  // namespace weigh
