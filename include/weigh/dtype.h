// The element types of tensors, under PyTorch's names; ggml's blocks under ggml's.
#pragma once

#include <array>
#include <cstddef>
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
  // Blocks of ggml (GGUF files): several elements that share scales.
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q8_1,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  q8_k,
  iq2_xxs,
  iq2_xs,
  iq3_xxs,
  iq1_s,
  iq4_nl,
  iq3_s,
  iq2_s,
  iq4_xs,
  iq1_m,
  tq1_0,
  tq2_0,
  mxfp4,
  nvfp4,
  q1_0,
  count_,  // how many there are; not a type
};

// The name that PyTorch gives the type: "float32", "bfloat16", "bool"; ggml's: "Q4_K". "unknown" for DType::unknown.
std::string_view name(DType dtype);
// The short name for a table: "f32", "bf16", "f8_e4m3".
std::string_view short_name(DType dtype);
// From PyTorch's name, without "torch.".
std::optional<DType> dtype_from_torch(std::string_view torch_name);

// Bits that one element of a shape takes: 32 for float32, 4 for quint4x2, 8 for uint4 (PyTorch stores a byte for each),
// 0 for unknown and for blocks.
unsigned bits(DType dtype);
// What a block of ggml holds and takes: {32, 18} for Q4_0; {0, 0} for a type that has no blocks.
struct Block {
  unsigned elements = 0;
  unsigned bytes = 0;
};
Block block_of(DType dtype);
bool is_floating_point(DType dtype);  // real floating types, float8 and smaller included
bool is_complex(DType dtype);
// Types of which a tensor can require a gradient: floating, complex, and the quantised types of parameters.
bool can_be_parameter(DType dtype);

// The dtypes that occur among some tensors.
class DTypeSet {
 public:
  void insert(DType dtype) { words_[word(dtype)] |= bit(dtype); }
  bool contains(DType dtype) const { return (words_[word(dtype)] & bit(dtype)) != 0; }
  DTypeSet& operator|=(const DTypeSet& other) {
    words_[0] |= other.words_[0];
    words_[1] |= other.words_[1];
    return *this;
  }

 private:
  static std::size_t word(DType dtype) { return static_cast<std::size_t>(dtype) / 64; }
  static std::uint64_t bit(DType dtype) { return std::uint64_t{1} << (static_cast<unsigned>(dtype) % 64); }

  std::array<std::uint64_t, 2> words_ = {};
};
static_assert(static_cast<unsigned>(DType::count_) <= 128, "DTypeSet has a bit for each");

}  // namespace weigh
