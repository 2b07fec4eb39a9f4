#include "bytes/digits.h"

#include <cmath>
#include <cstdint>

#include <gtest/gtest.h>

namespace weigh {
namespace {

TEST(Digits, AloneAreANumber) {
  EXPECT_TRUE(is_number("0"));
  EXPECT_TRUE(is_number("0123456789012345678901234567890"));
  for (const char* text : {"", " 1", "1 ", "-1", "+1", "1.0", "a1", "1a"}) EXPECT_FALSE(is_number(text)) << text;
}

TEST(Digits, ANumberIsTheWholeText) {
  EXPECT_EQ(number_of("0"), 0U);
  EXPECT_EQ(number_of("0042"), 42U);
  EXPECT_EQ(number_of("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", " 1", "1 ", "-1", "+1", "1.0", "a1", "1a", "18446744073709551616"})
    EXPECT_EQ(number_of(text), std::nullopt) << text;
}

TEST(Digits, RealNumbersAreReadAsPythonWritesThem) {
  EXPECT_EQ(real_number_of("0.1"), 0.1);
  EXPECT_EQ(real_number_of("-1e+300"), -1e300);
  EXPECT_EQ(real_number_of("4060.0"), 4060);
  EXPECT_EQ(real_number_of("-inf"), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(real_number_of("nan").value_or(0)));
  for (const char* text : {"", " 1", "1 ", "0x10", "1.5x", "infinity", "nan(1)", "1,5", "e", "-"})
    EXPECT_EQ(real_number_of(text), std::nullopt) << text;
}

}  // namespace
}  // namespace weigh
