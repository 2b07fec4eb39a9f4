#include "compare/numbers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace weigh {
namespace {

struct Half {
  std::uint16_t bits;
  explicit operator double() const {
    constexpr float kScale = 0x1p112F;  // from the exponent's bias of a float to that of a half
    constexpr unsigned kInfinite = 0x7C00;
    const unsigned magnitude = bits & 0x7FFFU;
    const float value = std::bit_cast<float>(magnitude << 13) * kScale;
    const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
    if (magnitude >= kInfinite) return sign * static_cast<double>(magnitude == kInfinite ? INFINITY : NAN);
    return sign * static_cast<double>(value);
  }
};

struct Brain {
  std::uint16_t bits;
  explicit operator double() const { return static_cast<double>(std::bit_cast<float>(std::uint32_t{bits} << 16)); }
};

// Without libm, which the program would load at every start for this alone.
double power_of_two(int exponent) { return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52); }

// Eight bits: OCP's float8 formats, and those of one zero and no infinity ("fnuz").
struct SmallFloat {
  unsigned mantissa_bits;
  int bias;
  bool has_infinity = false;
  bool is_fnuz = false;
};

double value_of(unsigned bits, SmallFloat format) {
  const unsigned fraction = bits & ((1U << format.mantissa_bits) - 1);
  const unsigned most = 0x7FU >> format.mantissa_bits;
  const unsigned exponent = bits >> format.mantissa_bits & most;
  const bool has_all_bits = (bits & 0x7FU) == 0x7F;
  if (format.is_fnuz ? bits == 0x80 : format.has_infinity ? exponent == most : has_all_bits) {
    const bool is_infinite = format.has_infinity && fraction == 0;
    return static_cast<double>(is_infinite ? INFINITY : NAN) * ((bits & 0x80U) != 0 ? -1 : 1);
  }
  const double whole = exponent == 0 ? 0 : static_cast<double>(1U << format.mantissa_bits);
  const int power =
      static_cast<int>(exponent == 0 ? 1 : exponent) - format.bias - static_cast<int>(format.mantissa_bits);
  return (whole + fraction) * power_of_two(power) * ((bits & 0x80U) != 0 ? -1 : 1);
}

template <SmallFloat kFormat>
struct Eight {
  std::uint8_t bits;
  explicit operator double() const {
    static const auto values = [] {
      std::array<double, 256> all = {};
      for (unsigned i = 0; i < all.size(); ++i) all[i] = value_of(i, kFormat);
      return all;
    }();
    return values[bits];
  }
};

// A power of two.
struct Exponent {
  std::uint8_t bits;
  explicit operator double() const {
    return bits == 0xFF ? static_cast<double>(NAN) : power_of_two(static_cast<int>(bits) - 127);
  }
};

template <class Number>
void add_numbers(std::span<const char> a, std::span<const char> b, Distance& distance) {
  distance.has_numbers = true;
  distance.elements += a.size() / sizeof(Number);
  for (std::size_t at = 0; at + sizeof(Number) <= a.size(); at += sizeof(Number)) {
    if (std::memcmp(a.data() + at, b.data() + at, sizeof(Number)) == 0) continue;
    ++distance.differing;
    Number one;
    Number other;
    std::memcpy(&one, a.data() + at, sizeof(Number));
    std::memcpy(&other, b.data() + at, sizeof(Number));
    const double far = std::abs(static_cast<double>(one) - static_cast<double>(other));
    if (!std::isfinite(far)) {
      ++distance.not_numbers;
      continue;
    }
    distance.sum += far;
    distance.largest = std::max(distance.largest, far);
  }
}

void add_bytes(std::span<const char> a, std::span<const char> b, Distance& distance) {
  distance.elements += a.size();
  for (std::size_t i = 0; i < a.size(); ++i) distance.differing += a[i] != b[i] ? 1 : 0;
}

struct Numbers {
  unsigned bytes;
  void (*add)(std::span<const char>, std::span<const char>, Distance&);
};

template <class Number>
constexpr Numbers kNumbers = {sizeof(Number), add_numbers<Number>};

Numbers numbers_of(DType dtype) {
  switch (dtype) {
    case DType::float64:
    case DType::complex128: return kNumbers<double>;
    case DType::float32:
    case DType::complex64: return kNumbers<float>;
    case DType::float16:
    case DType::complex32: return kNumbers<Half>;
    case DType::bfloat16: return kNumbers<Brain>;
    case DType::float8_e4m3fn: return kNumbers<Eight<SmallFloat{3, 7}>>;
    case DType::float8_e4m3fnuz: return kNumbers<Eight<SmallFloat{3, 8, false, true}>>;
    case DType::float8_e5m2: return kNumbers<Eight<SmallFloat{2, 15, true}>>;
    case DType::float8_e5m2fnuz: return kNumbers<Eight<SmallFloat{2, 16, false, true}>>;
    case DType::float8_e8m0fnu: return kNumbers<Exponent>;
    case DType::int64: return kNumbers<std::int64_t>;
    case DType::int32: return kNumbers<std::int32_t>;
    case DType::int16: return kNumbers<std::int16_t>;
    case DType::int8: return kNumbers<std::int8_t>;
    case DType::uint64: return kNumbers<std::uint64_t>;
    case DType::uint32: return kNumbers<std::uint32_t>;
    case DType::uint16: return kNumbers<std::uint16_t>;
    case DType::uint8:
    case DType::boolean: return kNumbers<std::uint8_t>;
    default: return {0, add_bytes};
  }
}

}  // namespace

unsigned number_bytes(DType dtype) { return numbers_of(dtype).bytes; }

void add_distance(DType dtype, std::span<const char> a, std::span<const char> b, Distance& distance) {
  numbers_of(dtype).add(a, b, distance);
}

}  // namespace weigh
