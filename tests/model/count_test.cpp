#include "weigh/count.h"

#include <cstdint>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

#include "support/files.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr const char* kOverflow = "a count of elements or bytes exceeds 64 bits; no model is that large";

Count symbol(SymbolId id) { return Count::of(Extent::unknown(id)); }

// A sum of so many different unknowns.
Count sum_of_symbols(SymbolId many) {
  Count sum;
  for (SymbolId id = 0; id < many; ++id) sum += symbol(id);
  return sum;
}

TEST(Extent, IsANumberOrAnUnknown) {
  EXPECT_EQ(Extent().size(), 0U);
  EXPECT_TRUE(Extent(Extent::kMax).is_known());
  EXPECT_EQ(Extent(Extent::kMax).size(), std::uint64_t{INT64_MAX});
  EXPECT_FALSE(Extent::unknown(0).is_known());
  EXPECT_EQ(Extent::unknown(0).symbol(), 0U);
  EXPECT_EQ(Extent::unknown(7).symbol(), 7U);
  EXPECT_FALSE(Extent::unknown(kNameless).is_known());
  EXPECT_EQ(Extent::unknown(kNameless).symbol(), kNameless);
}

TEST(Extent, EqualsTheSameNumberOrTheSameUnknown) {
  EXPECT_EQ(Extent(3), Extent(3));
  EXPECT_NE(Extent(3), Extent(4));
  EXPECT_EQ(Extent::unknown(3), Extent::unknown(3));
  EXPECT_NE(Extent::unknown(3), Extent::unknown(4));
  EXPECT_NE(Extent::unknown(3), Extent(3));
}

TEST(Count, IsExactWhileItIsJustANumber) {
  Count count = 3;
  count += 4;
  count *= 5;
  count -= 1;
  EXPECT_TRUE(count.is_exact());
  EXPECT_TRUE(count.terms().empty());
  EXPECT_EQ(count.known(), 34U);
  EXPECT_EQ(Count::of(Extent(12)), Count(12));
}

TEST(Count, OfALazyLayerIsAnExpression) {
  const Count count = symbol(0) * 64 + 64;
  EXPECT_FALSE(count.is_exact());
  EXPECT_EQ(count.known(), 64U);
  ASSERT_EQ(count.terms().size(), 1U);
  EXPECT_EQ(count.terms()[0].coefficient, 64U);
  EXPECT_EQ(count.terms()[0].factors, std::vector<SymbolId>{0});
  EXPECT_EQ(count.evaluate({{0, 10}}), 704U);
}

TEST(Count, AddsTermsOfTheSameFactors) {
  const Count sum = symbol(1) * 8 + symbol(0) + symbol(1) * 8;
  ASSERT_EQ(sum.terms().size(), 2U);
  EXPECT_EQ(sum.evaluate({{0, 1}, {1, 2}}), 33U);
}

TEST(Count, MultipliesPolynomials) {
  // (2a + 3)(4b + 5) = 8ab + 10a + 12b + 15
  const Count product = (symbol(0) * 2 + 3) * (symbol(1) * 4 + 5);
  EXPECT_EQ(product.known(), 15U);
  ASSERT_EQ(product.terms().size(), 3U);
  EXPECT_EQ(product.evaluate({{0, 7}, {1, 11}}), (2U * 7 + 3) * (4U * 11 + 5));
}

TEST(Count, SortsFactorsSoThatTheOrderOfAProductDoesNotMatter) {
  const Count one = symbol(2) * symbol(0) * symbol(2);
  ASSERT_EQ(one.terms().size(), 1U);
  EXPECT_EQ(one.terms()[0].factors, (std::vector<SymbolId>{0, 2, 2}));
  EXPECT_EQ(one, symbol(2) * symbol(2) * symbol(0));
  EXPECT_EQ(one.evaluate({{2, 3}, {0, 5}}), 45U);
}

TEST(Count, TimesNothingIsNothing) {
  Count count = symbol(0) * 8 + 8;
  count *= 0;
  EXPECT_TRUE(count.is_exact());
  EXPECT_EQ(count, Count());
  EXPECT_EQ(symbol(0) * Count(), Count());
  EXPECT_EQ(Count() * symbol(0), Count());
}

TEST(Count, IsExactAgainWhenItsUnknownsAreTakenAway) {
  Count count = symbol(0) * 8 + symbol(1) + 40;
  count -= symbol(0) * 3 + 10;
  EXPECT_EQ(count, symbol(0) * 5 + symbol(1) + 30);
  count -= symbol(0) * 5 + symbol(1);
  EXPECT_TRUE(count.is_exact());
  EXPECT_EQ(count.known(), 30U);
}

TEST(Count, EqualsWhateverTheOrderOfItsTerms) {
  EXPECT_EQ(symbol(0) + symbol(1) + 1, symbol(1) + symbol(0) + 1);
  EXPECT_FALSE(symbol(0) + 1 == symbol(0) + 2);
  EXPECT_FALSE(symbol(0) * 2 == symbol(0) * 3);
  EXPECT_FALSE(symbol(0) == symbol(1));
  EXPECT_FALSE(symbol(0) == Count(0));
  EXPECT_FALSE(Count(0) == symbol(0));
}

TEST(Count, IsNotEvaluatedWhereASizeIsMissing) {
  EXPECT_EQ((symbol(0) + symbol(1)).evaluate({{0, 3}}), std::nullopt);
  EXPECT_EQ(Count::unknown().evaluate({{0, 3}}), std::nullopt);
  EXPECT_EQ(Count(9).evaluate({}), 9U);
}

TEST(Count, OfWhichNothingIsKnownIsNameless) {
  const Count count = Count::unknown();
  EXPECT_FALSE(count.is_exact());
  EXPECT_EQ(count.known(), 0U);
  ASSERT_EQ(count.terms().size(), 1U);
  EXPECT_EQ(count.terms()[0].factors, std::vector<SymbolId>{kNameless});
}

TEST(Count, RefusesWhatLeaves64Bits) {
  EXPECT_EQ((Count(kMost - 1) + 1).known(), kMost);
  EXPECT_EQ(testing::error_of([] { (void)(Count(kMost) + 1); }), kOverflow);
  EXPECT_EQ(testing::error_of([] { (void)(Count(std::uint64_t{1} << 32) * (std::uint64_t{1} << 32)); }), kOverflow);
  EXPECT_EQ(testing::error_of([] { (void)(symbol(0) * (kMost - 1) + symbol(0) * 2); }), kOverflow);
  EXPECT_EQ(testing::error_of([] { (void)(symbol(0) * (std::uint64_t{1} << 63) * 2); }), kOverflow);
  EXPECT_EQ(testing::error_of([] { (void)(symbol(0) * 2 + kMost).evaluate({{0, 1}}); }), kOverflow);
  EXPECT_EQ(testing::error_of([] { (void)(symbol(0) * symbol(0)).evaluate({{0, kMost}}); }), kOverflow);
  EXPECT_EQ(testing::error_of([] { (void)((symbol(0) + kMost) * (symbol(1) + 2)); }), kOverflow);
  try {
    (void)(Count(kMost) * 2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  }
}

TEST(Count, KeepsSixtyFourTerms) {
  const Count sum = sum_of_symbols(64) + 5;
  EXPECT_EQ(sum.terms().size(), 64U);
  EXPECT_EQ(sum.known(), 5U);
}

TEST(Count, OfMoreThanSixtyFourTermsForgetsThem) {
  const Count sum = sum_of_symbols(65) + 5;
  ASSERT_EQ(sum.terms().size(), 1U);
  EXPECT_EQ(sum.terms()[0].factors, std::vector<SymbolId>{kNameless});
  EXPECT_EQ(sum.known(), 5U);
  EXPECT_FALSE(sum.is_exact());
}

TEST(Count, ThatForgotItsTermsNeverBecomesExactAgain) {
  Count sum = sum_of_symbols(100) + 5;
  sum -= sum_of_symbols(64) + 3;
  EXPECT_FALSE(sum.is_exact());
  EXPECT_EQ(sum.known(), 2U);
  sum -= sum_of_symbols(65);
  EXPECT_FALSE(sum.is_exact());
  sum += symbol(3);
  sum += Count::unknown();
  sum *= 1'000'000;
  EXPECT_EQ(sum.terms().size(), 1U);
  EXPECT_EQ(sum.known(), 2'000'000U);
  EXPECT_FALSE((Count(1) + sum).is_exact());
  EXPECT_FALSE((symbol(0) + sum).is_exact());
}

TEST(Count, IsCopiedWithItsTerms) {
  const Count original = symbol(0) * 2 + 1;
  Count copy = original;
  copy += symbol(1);
  EXPECT_EQ(original, symbol(0) * 2 + 1);
  EXPECT_EQ(copy, symbol(0) * 2 + symbol(1) + 1);
  Count assigned = symbol(5);
  assigned = original;
  EXPECT_EQ(assigned, original);
  const Count& itself = assigned;
  assigned = itself;
  EXPECT_EQ(assigned, original);
  assigned = Count(3);
  EXPECT_EQ(assigned, Count(3));
}

TEST(Count, IsMovedWithItsTerms) {
  Count original = symbol(0) * 2 + 1;
  Count moved = std::move(original);
  EXPECT_EQ(moved, symbol(0) * 2 + 1);
  Count assigned = symbol(7);
  assigned = std::move(moved);
  EXPECT_EQ(assigned, symbol(0) * 2 + 1);
}

TEST(Count, AddsItselfToItself) {
  Count count = symbol(0) * 2 + symbol(1) + 1;
  count += Count(count);
  EXPECT_EQ(count, symbol(0) * 4 + symbol(1) * 2 + 2);
}

TEST(Count, TakesSizesForSymbols) {
  const Count count = Count(3) * symbol(0) * symbol(1) + Count(2) * symbol(1) + Count(5);
  EXPECT_EQ(count.with({}), count);
  EXPECT_EQ(count.with({4}), Count(14) * symbol(1) + Count(5));
  EXPECT_EQ(count.with({std::nullopt, 2}), Count(6) * symbol(0) + Count(9));
  EXPECT_EQ(count.with({4, 2}), Count(33));
  EXPECT_EQ(count.with({0, 2}), Count(9));
  EXPECT_EQ(Count(7).with({4}), Count(7));
  EXPECT_EQ((symbol(0) + Count::unknown()).with({4}), Count(4) + Count::unknown());
  EXPECT_EQ(testing::error_of([&] { (Count(2) * symbol(0)).with({kMost}); }), kOverflow);
}

}  // namespace
}  // namespace weigh
