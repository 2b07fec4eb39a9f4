#include "render/shorten.h"

#include <gtest/gtest.h>

#include "render/text.h"

namespace weigh {
namespace {

TEST(Shorten, LeavesAloneWhatFits) {
  EXPECT_EQ(shorten("", 0, "…"), "");
  EXPECT_EQ(shorten("layers", 6, "…"), "layers");
  EXPECT_EQ(shorten("[8, 16]", 7, "…"), "[8, 16]");
}

TEST(Shorten, TakesTheMiddleOutOfAName) {
  EXPECT_EQ(shorten("transformer.layers", 17, "…"), "transfor…r.layers");
  EXPECT_EQ(shorten("transformer.layers", 8, "…"), "tran…ers");
  EXPECT_EQ(shorten("transformer.layers", 8, "..."), "tra...rs");
  EXPECT_EQ(shorten("transformer.layers", 1, "…"), "…");
}

TEST(Shorten, TakesWholeItemsOutOfAList) {
  EXPECT_EQ(shorten("[8, 16, 32, 48, 64]", 18, "…"), "[8, 16, …, 48, 64]");
  EXPECT_EQ(shorten("[8, 16, 32, 48, 64]", 17, "…"), "[8, 16, …, 64]");
  EXPECT_EQ(shorten("[8, 16, 32, 48, 64]", 13, "…"), "[8, …, 64]");
  EXPECT_EQ(shorten("[8, 16, 32, 48, 64]", 9, "…"), "[8, …]");
  EXPECT_EQ(shorten("{ids: [2, 128], mask: [2, 128], labels: [2]}", 40, "…"), "{ids: [2, 128], …, labels: [2]}");
  EXPECT_EQ(shorten("[[1, 2, 3], [4, 5], [6]]", 20, "..."), "[[1, 2, 3], ...]");
}

TEST(Shorten, TakesTheMiddleOutOfAListWhoseFirstItemIsTooLong) {
  EXPECT_EQ(shorten("[[100, 200, 300], [4]]", 12, "…"), "[[100,… [4]]");
}

TEST(Shorten, CountsColumnsNotBytes) {
  for (std::size_t width = 1; width < 14; ++width)
    EXPECT_LE(display_width(shorten("层归一化.größe", width, "…")), width) << width;
  EXPECT_EQ(shorten("层归一化.größe", 9, "…"), "层归…röße");
}

}  // namespace
}  // namespace weigh
