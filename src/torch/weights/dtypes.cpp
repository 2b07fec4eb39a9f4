#include "weights/dtypes.h"

#include <algorithm>
#include <array>

#include <torch/version.h>

#define WEIGH_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace weigh {
namespace {

struct Row {
  DType dtype;
  c10::ScalarType type;
  std::string_view name;  // in safetensors
};

// In the order of safetensors' `enum Dtype` (safetensors/src/tensor.rs), by which it sorts tensors.
constexpr auto kTypes = std::to_array<Row>({
  {DType::boolean, c10::ScalarType::Bool, "BOOL"}, {DType::uint8, c10::ScalarType::Byte, "U8"},
      {DType::int8, c10::ScalarType::Char, "I8"},
#if WEIGH_TORCH_AT_LEAST(2, 1)
      {DType::float8_e5m2, c10::ScalarType::Float8_e5m2, "F8_E5M2"},
      {DType::float8_e4m3fn, c10::ScalarType::Float8_e4m3fn, "F8_E4M3"},
#endif
#if WEIGH_TORCH_AT_LEAST(2, 2)
      {DType::float8_e5m2fnuz, c10::ScalarType::Float8_e5m2fnuz, "F8_E5M2FNUZ"},
      {DType::float8_e4m3fnuz, c10::ScalarType::Float8_e4m3fnuz, "F8_E4M3FNUZ"},
#endif
      {DType::int16, c10::ScalarType::Short, "I16"},
#if WEIGH_TORCH_AT_LEAST(2, 3)
      {DType::uint16, c10::ScalarType::UInt16, "U16"},
#endif
      {DType::float16, c10::ScalarType::Half, "F16"}, {DType::bfloat16, c10::ScalarType::BFloat16, "BF16"},
      {DType::int32, c10::ScalarType::Int, "I32"},
#if WEIGH_TORCH_AT_LEAST(2, 3)
      {DType::uint32, c10::ScalarType::UInt32, "U32"},
#endif
      {DType::float32, c10::ScalarType::Float, "F32"}, {DType::complex64, c10::ScalarType::ComplexFloat, "C64"},
      {DType::float64, c10::ScalarType::Double, "F64"}, {DType::int64, c10::ScalarType::Long, "I64"},
#if WEIGH_TORCH_AT_LEAST(2, 3)
      {DType::uint64, c10::ScalarType::UInt64, "U64"},
#endif
      {DType::complex32, c10::ScalarType::ComplexHalf, ""}, {DType::complex128, c10::ScalarType::ComplexDouble, ""},
});

const Row* row_of(c10::ScalarType type) {
  const auto found = std::ranges::find(kTypes, type, &Row::type);
  return found == kTypes.end() ? nullptr : &*found;
}

}  // namespace

std::optional<c10::ScalarType> scalar_type_of(DType dtype) {
  const auto found = std::ranges::find(kTypes, dtype, &Row::dtype);
  return found == kTypes.end() ? std::nullopt : std::optional(found->type);
}

std::string_view safetensors_name(c10::ScalarType type) {
  const Row* row = row_of(type);
  return row ? row->name : std::string_view();
}

int safetensors_rank(c10::ScalarType type) {
  const Row* row = row_of(type);
  return row ? static_cast<int>(row - kTypes.data()) : -1;
}

}  // namespace weigh
