// The element types of tensors, under PyTorch's names.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weigh {

enum class DType : std::uint8_t {
  unknown,  // not recorded (an uninitialised parameter in a state dict), or a type newer than this program
  float64,
  float32,
  float16,
  bfloat16,
  float8_e4m3fn,
  float8_e4m3fnuz,
  float8_e5m2,
  float8_e5m2fnuz,
  float8_e8m0fnu,
  float6_e2m3fn,
  float6_e3m2fn,
  float4_e2m1fn,
  float4_e2m1fn_x2,
  complex128,
  complex64,
  complex32,
  int64,
  int32,
  int16,
  int8,
  int7,
  int6,
  int5,
  int4,
  int3,
  int2,
  int1,
  uint64,
  uint32,
  uint16,
  uint8,
  uint7,
  uint6,
  uint5,
  uint4,
  uint3,
  uint2,
  uint1,
  boolean,
  qint8,
  quint8,
  qint32,
  quint4x2,
  quint2x4,
  bits8,
  bits16,
  bits1x8,
  bits2x4,
  bits4x2,
  count_,  // how many there are; not a type
};

// The name that PyTorch gives the type: "float32", "bfloat16", "bool". "unknown" for DType::unknown.
std::string_view name(DType dtype);
// The short name for a table: "f32", "bf16", "f8_e4m3".
std::string_view short_name(DType dtype);
// From PyTorch's name, without "torch.".
std::optional<DType> dtype_from_torch(std::string_view torch_name);

// Bits that one element of a shape takes: 32 for float32, 4 for quint4x2, 8 for uint4 (PyTorch stores a byte for each),
// 0 for unknown.
unsigned bits(DType dtype);
bool is_floating_point(DType dtype);  // real floating types, float8 and smaller included
bool is_complex(DType dtype);
// Types of which a tensor can require a gradient: floating, complex, and the quantised types of parameters.
bool can_be_parameter(DType dtype);

}  // namespace weigh
