#include "render/units.h"

#include <limits>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "render/io_shape.h"

namespace weigh {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr NumberStyle kHuman = {};
constexpr NumberStyle kExact = {.exact = true, .unicode = true, .commas = true};
constexpr NumberStyle kAsciiStyle = {.exact = false, .unicode = false, .commas = true};
constexpr NumberStyle kDigits = {.exact = true, .unicode = true, .commas = false};

TEST(Human, WritesSmallNumbersInFull) {
  EXPECT_EQ(human(0), "0");
  EXPECT_EQ(human(999), "999");
  EXPECT_EQ(human(1000), "1,000");
  EXPECT_EQ(human(9'999), "9,999");
}

TEST(Human, WritesLargeNumbersWithThreeDigits) {
  EXPECT_EQ(human(10'000), "10.0 K");
  EXPECT_EQ(human(12'345), "12.3 K");
  EXPECT_EQ(human(123'456), "123 K");
  EXPECT_EQ(human(1'234'567), "1.23 M");
  EXPECT_EQ(human(350'000'000), "350 M");
  EXPECT_EQ(human(1'026'470'731'056), "1.03 T");
  EXPECT_EQ(human(1'000'000'000'000), "1.00 T");
  EXPECT_EQ(human(std::uint64_t{1} << 63), "9.22 E");
  EXPECT_EQ(human(kMost), "18.4 E");
}

TEST(Human, WritesTheNextUnitWhereRoundingReachesIt) {
  EXPECT_EQ(human(999'499), "999 K");
  EXPECT_EQ(human(999'500), "1.00 M");
  EXPECT_EQ(human(999'999), "1.00 M");
  EXPECT_EQ(human(99'950), "100 K");
  EXPECT_EQ(human(999'999'999), "1.00 B");
}

TEST(Human, WritesFourDigitsForATotal) {
  EXPECT_EQ(human(12'345, 4), "12.35 K");
  EXPECT_EQ(human(1'026'470'731'056, 4), "1.026 T");
  EXPECT_EQ(human(999'949, 4), "999.9 K");
  EXPECT_EQ(human(999'999, 4), "1.000 M");
  EXPECT_EQ(human(999'960, 4), "1.000 M");
  EXPECT_EQ(human(999'999'999'999, 4), "1.000 T");
}

TEST(HumanBytes, ArePowersOfAThousand) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.00 kB");
  EXPECT_EQ(human_bytes(1024), "1.02 kB");
  EXPECT_EQ(human_bytes(9'999), "10.0 kB");
  EXPECT_EQ(human_bytes(999'499), "999 kB");
  EXPECT_EQ(human_bytes(999'500), "1.00 MB");
  EXPECT_EQ(human_bytes(594'200'000'000), "594 GB");
  EXPECT_EQ(human_bytes(594'230'000'000, 4), "594.2 GB");
  EXPECT_EQ(human_bytes(999'990'000, 4), "1.000 GB");
  EXPECT_EQ(human_bytes(kMost), "18.4 EB");
}

TEST(WithCommas, GroupsDigits) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(100), "100");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(123'456), "123,456");
  EXPECT_EQ(with_commas(kMost), "18,446,744,073,709,551,615");
}

// Two lazy layers "a.conv" and "a.fc", each with an extent called "in", and one called "heads".
class Expressions : public ::testing::Test {
 protected:
  Expressions() {
    conv_in_ = Count::of(build_.unknown("in", "a.conv"));
    fc_in_ = Count::of(build_.unknown("in", "a.fc"));
    heads_ = Count::of(build_.unknown("heads", "a.fc"));
  }
  std::string text(const Count& count, NumberStyle style = kHuman, std::string_view within = "") {
    return count_text(build_.model(), count, style, within);
  }

  testing::Build build_;
  Count conv_in_, fc_in_, heads_;
};

TEST_F(Expressions, AreNumbersWhereAllIsKnown) {
  EXPECT_EQ(text(1'234'567), "1.23 M");
  EXPECT_EQ(text(1'234'567, kExact), "1,234,567");
  EXPECT_EQ(text(1'234'567, kDigits), "1234567");
}

TEST_F(Expressions, NameTheirUnknown) {
  EXPECT_EQ(text(conv_in_ * 64 + 64), "64·in + 64");
  EXPECT_EQ(text(conv_in_), "in");
  EXPECT_EQ(text(conv_in_ * 8), "8·in");
  EXPECT_EQ(text(conv_in_ * 12'345 + 1'000'000), "12.3 K·in + 1.00 M");
  EXPECT_EQ(text(conv_in_ * 12'345 + 1'000'000, kExact), "12,345·in + 1,000,000");
  EXPECT_EQ(text(conv_in_ * 12'345 + 1'000'000, kDigits), "12345·in + 1000000");
}

TEST_F(Expressions, NameTwoUnknowns) {
  EXPECT_EQ(text(conv_in_ * 8 + heads_ * 2 + 1), "8·in + 2·heads + 1");
  EXPECT_EQ(text(fc_in_ * heads_ * 3), "3·in·heads");
}

TEST_F(Expressions, NameTheLayerWhereOneNameMeansTwoThings) {
  EXPECT_EQ(text(conv_in_ * 8 + fc_in_ * 16 + 50), "8·a.conv.in + 16·a.fc.in + 50");
  EXPECT_EQ(text(conv_in_ * 8 + fc_in_ * 16 + 50, kHuman, "a"), "8·conv.in + 16·fc.in + 50");
}

TEST_F(Expressions, TakeOnlyAnAncestorFromALayer) {
  EXPECT_EQ(text(conv_in_ + fc_in_, kHuman, "a.c"), "a.conv.in + a.fc.in");
}

TEST_F(Expressions, AreInAsciiWhereTheTerminalIs) {
  EXPECT_EQ(text(conv_in_ * 64 + 64, kAsciiStyle), "64*in + 64");
  EXPECT_EQ(text(conv_in_ + fc_in_ + heads_ + 50, kAsciiStyle), ">= 50");
}

TEST_F(Expressions, OfMoreThanTwoTermsAreLowerBounds) {
  EXPECT_EQ(text(conv_in_ + fc_in_ + heads_ + 12'345), "≥ 12.3 K");
  EXPECT_EQ(text(conv_in_ + fc_in_ + heads_ + 12'345, kExact), "≥ 12,345");
  EXPECT_EQ(text(conv_in_ + fc_in_ + heads_), "?");
}

TEST_F(Expressions, OfNamelessExtentsAreLowerBounds) {
  EXPECT_EQ(text(Count::unknown() * 8 + 50), "≥ 50");
  EXPECT_EQ(text(Count::unknown()), "?");
  EXPECT_EQ(expression(build_.model(), Count::unknown() + 1, kHuman), "");
}

TEST_F(Expressions, InFullHoldEveryTerm) {
  EXPECT_EQ(expression(build_.model(), heads_ + fc_in_ * heads_ + conv_in_ * 2 + 5, kHuman),
            "2·a.conv.in + a.fc.in·heads + heads + 5");
  EXPECT_EQ(expression(build_.model(), 5, kHuman), "5");
  EXPECT_EQ(expression(build_.model(), 0, kHuman), "0");
}

TEST_F(Expressions, AreSafeToPrint) {
  const Count evil = Count::of(build_.unknown("in\x1b[2J", "a"));
  EXPECT_EQ(text(evil * 2), "2·in\\x1b[2J");
}

TEST_F(Expressions, StandForTotalsAsLowerBounds) {
  EXPECT_EQ(total_text(conv_in_ * 64 + 50, kHuman), "≥ 50");
  EXPECT_EQ(total_text(conv_in_, kHuman), "?");
  EXPECT_EQ(total_text(123'456, kHuman, 4), "123.5 K");
  EXPECT_EQ(bytes_text(conv_in_ * 64 + 5'000, kHuman), "≥ 5.00 kB");
  EXPECT_EQ(bytes_text(conv_in_, kHuman), "?");
  EXPECT_EQ(bytes_text(1'234'567, kExact), "1,234,567 B");
  EXPECT_EQ(bytes_text(conv_in_ + 5'000, kAsciiStyle), ">= 5.00 kB");
}

TEST(ShapeText, NamesUnknownExtents) {
  testing::Build b;
  const Extent in = b.unknown("in", "fc");
  EXPECT_EQ(shape_text(b.model(), b.add_lazy("a", {Extent(8), in, Extent::unknown(kNameless)})), "[8, in, ?]");
  EXPECT_EQ(shape_text(b.model(), b.add("b", {})), "[]");
  EXPECT_EQ(shape_text(b.model(), b.add("c", {7})), "[7]");
  Tensor& unknown = b.add("d", {});
  unknown.rank = Tensor::kUnknownRank;
  EXPECT_EQ(shape_text(b.model(), unknown), "?");
}

}  // namespace
}  // namespace weigh
