#include "weigh/dtype.h"

#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weigh {
namespace {

std::vector<DType> all() {
  std::vector<DType> types;
  for (int i = 0; i < static_cast<int>(DType::count_); ++i) types.push_back(static_cast<DType>(i));
  return types;
}

TEST(DType, HasTheNameThatPyTorchGivesIt) {
  EXPECT_EQ(name(DType::float32), "float32");
  EXPECT_EQ(name(DType::bfloat16), "bfloat16");
  EXPECT_EQ(name(DType::boolean), "bool");
  EXPECT_EQ(name(DType::float8_e4m3fn), "float8_e4m3fn");
  EXPECT_EQ(name(DType::quint2x4), "quint2x4");
  EXPECT_EQ(name(DType::unknown), "unknown");
}

TEST(DType, HasAShortNameForATable) {
  EXPECT_EQ(short_name(DType::float32), "f32");
  EXPECT_EQ(short_name(DType::bfloat16), "bf16");
  EXPECT_EQ(short_name(DType::float8_e4m3fn), "f8_e4m3");
  EXPECT_EQ(short_name(DType::uint64), "u64");
  EXPECT_EQ(short_name(DType::unknown), "?");
}

TEST(DType, HasNamesOfItsOwn) {
  std::set<std::string_view> names;
  std::set<std::string_view> short_names;
  for (DType dtype : all()) {
    names.insert(name(dtype));
    short_names.insert(short_name(dtype));
  }
  EXPECT_EQ(names.size(), all().size());
  EXPECT_EQ(short_names.size(), all().size());
}

TEST(DType, IsFoundByItsName) {
  for (DType dtype : all())
    if (dtype != DType::unknown && block_of(dtype).elements == 0) {
      EXPECT_EQ(dtype_from_torch(name(dtype)), dtype);
    }
}

TEST(DType, IsNotFoundByAnotherName) {
  for (std::string_view other : {"", "unknown", "torch.float32", "Float32", "float", "float32 ", "f32", "Q4_0"})
    EXPECT_EQ(dtype_from_torch(other), std::nullopt) << other;
}

TEST(DType, TakesTheBitsOfItsName) {
  EXPECT_EQ(bits(DType::float64), 64U);
  EXPECT_EQ(bits(DType::float32), 32U);
  EXPECT_EQ(bits(DType::bfloat16), 16U);
  EXPECT_EQ(bits(DType::float8_e5m2), 8U);
  EXPECT_EQ(bits(DType::float6_e3m2fn), 6U);
  EXPECT_EQ(bits(DType::float4_e2m1fn), 4U);
  EXPECT_EQ(bits(DType::complex128), 128U);
  EXPECT_EQ(bits(DType::complex32), 32U);
  EXPECT_EQ(bits(DType::boolean), 8U);
  EXPECT_EQ(bits(DType::qint32), 32U);
  EXPECT_EQ(bits(DType::quint4x2), 4U);
  EXPECT_EQ(bits(DType::quint2x4), 2U);
  EXPECT_EQ(bits(DType::bits16), 16U);
}

TEST(DType, TakesAWholeByteWherePyTorchStoresOne) {
  for (DType dtype : {DType::uint1, DType::uint4, DType::int1, DType::int7, DType::float4_e2m1fn_x2, DType::bits1x8})
    EXPECT_EQ(bits(dtype), 8U) << name(dtype);
}

TEST(DType, TakesBitsOrBlocksWheneverItIsKnown) {
  EXPECT_EQ(bits(DType::unknown), 0U);
  for (DType dtype : all())
    if (dtype != DType::unknown) {
      EXPECT_NE(bits(dtype) > 0, block_of(dtype).elements > 0) << name(dtype);
      EXPECT_EQ(block_of(dtype).elements > 0, block_of(dtype).bytes > 0) << name(dtype);
    }
}

TEST(DType, OfGgmlHasBlocks) {
  EXPECT_EQ(block_of(DType::q4_0).elements, 32U);
  EXPECT_EQ(block_of(DType::q4_0).bytes, 18U);
  EXPECT_EQ(block_of(DType::q4_k).elements, 256U);
  EXPECT_EQ(block_of(DType::q4_k).bytes, 144U);
  EXPECT_EQ(name(DType::iq2_xxs), "IQ2_XXS");
  EXPECT_TRUE(can_be_parameter(DType::mxfp4));
}

TEST(DTypeSet, HoldsEachThatWasInserted) {
  DTypeSet set;
  set.insert(DType::float32);
  set.insert(DType::q1_0);
  DTypeSet other;
  other.insert(DType::q4_0);
  other |= set;
  for (DType dtype : all())
    EXPECT_EQ(other.contains(dtype), dtype == DType::float32 || dtype == DType::q1_0 || dtype == DType::q4_0);
}

TEST(DType, IsFloatingOrComplexOrNeither) {
  for (DType dtype : {DType::float64, DType::bfloat16, DType::float8_e8m0fnu, DType::float4_e2m1fn_x2}) {
    EXPECT_TRUE(is_floating_point(dtype)) << name(dtype);
    EXPECT_FALSE(is_complex(dtype)) << name(dtype);
  }
  for (DType dtype : {DType::complex128, DType::complex64, DType::complex32}) {
    EXPECT_FALSE(is_floating_point(dtype)) << name(dtype);
    EXPECT_TRUE(is_complex(dtype)) << name(dtype);
  }
  for (DType dtype : {DType::unknown, DType::int64, DType::boolean, DType::qint8, DType::bits8}) {
    EXPECT_FALSE(is_floating_point(dtype)) << name(dtype);
    EXPECT_FALSE(is_complex(dtype)) << name(dtype);
  }
}

TEST(DType, OfAParameterIsFloatingComplexOrQuantised) {
  for (DType dtype : {DType::unknown, DType::float32, DType::float8_e4m3fn, DType::complex64, DType::qint8})
    EXPECT_TRUE(can_be_parameter(dtype)) << name(dtype);
  for (DType dtype : {DType::int64, DType::uint8, DType::uint4, DType::boolean, DType::bits8})
    EXPECT_FALSE(can_be_parameter(dtype)) << name(dtype);
}

}  // namespace
}  // namespace weigh
