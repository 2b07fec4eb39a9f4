// Areas become rectangles: the example of the paper, and what always holds.
#include "render/html/treemap.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace weigh {
namespace {

void expect_near(const Rectangle& a, const Rectangle& b) {
  EXPECT_NEAR(a.x, b.x, 1e-9);
  EXPECT_NEAR(a.y, b.y, 1e-9);
  EXPECT_NEAR(a.width, b.width, 1e-9);
  EXPECT_NEAR(a.height, b.height, 1e-9);
}

// Bruls et al., figure 4: seven areas in a rectangle of 6 x 4. The worst ratios of its rows, as each grows:
//   6: 8/3, 6 6: 3/2, 6 6 4: 4 -> the column 6 6, 3 wide, each 3 x 2;
//   4: 9/4, 4 3: 49/27, 4 3 2: 9/2 -> the row 4 3 of the 3 x 4 that is left, 7/3 high: 12/7 and 9/7 wide;
//   2: 25/18, 2 2: 72/25 -> the column 2 of 3 x 5/3, 6/5 wide; likewise the next 2 (2 1: 81/25); 3/5 is left for 1.
TEST(Treemap, LaysOutTheExampleOfThePaper) {
  const std::vector<Rectangle> expected = {
      {0, 0, 3, 2},
      {0, 2, 3, 2},
      {3, 0, 12.0 / 7, 7.0 / 3},
      {3 + 12.0 / 7, 0, 9.0 / 7, 7.0 / 3},
      {3, 7.0 / 3, 1.2, 5.0 / 3},
      {4.2, 7.0 / 3, 1.2, 5.0 / 3},
      {5.4, 7.0 / 3, 0.6, 5.0 / 3},
  };
  const std::vector<Rectangle> got = squarify({6, 6, 4, 3, 2, 2, 1}, {0, 0, 6, 4});
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    SCOPED_TRACE(i);
    expect_near(got[i], expected[i]);
  }
}

TEST(Treemap, OneAreaTakesAll) { expect_near(squarify({5}, {1, 2, 30, 40})[0], {1, 2, 30, 40}); }

TEST(Treemap, NothingHasNoPlace) {
  EXPECT_TRUE(squarify({}, {0, 0, 1, 1}).empty());
  for (const Rectangle& empty : squarify({0, 0}, {0, 0, 1, 1})) expect_near(empty, {});
  const std::vector<Rectangle> some = squarify({3, 0}, {0, 0, 2, 1});
  expect_near(some[0], {0, 0, 2, 1});
  expect_near(some[1], {});
}

TEST(Treemap, NothingFitsIntoNoPlace) {
  for (const Rectangle& empty : squarify({2, 1}, {7, 8, 0, 5})) EXPECT_EQ(empty.width * empty.height, 0);
}

// Areas in proportion, inside of the bounds, none above another.
TEST(Treemap, FillsWithoutOverlap) {
  std::mt19937 dice(1);
  for (int round = 0; round < 100; ++round) {
    std::vector<double> areas(1 + dice() % 40);
    double all = 0;
    for (double& area : areas) all += area = 1 + static_cast<double>(dice() % 100'000);
    std::sort(areas.rbegin(), areas.rend());
    const Rectangle bounds = {1, 2, 1 + static_cast<double>(dice() % 900), 1 + static_cast<double>(dice() % 900)};
    const std::vector<Rectangle> got = squarify(areas, bounds);
    const double slack = 1e-9 * bounds.width * bounds.height;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const Rectangle& a = got[i];
      EXPECT_NEAR(a.width * a.height, bounds.width * bounds.height * areas[i] / all, slack);
      EXPECT_GE(a.x, bounds.x - 1e-6);
      EXPECT_GE(a.y, bounds.y - 1e-6);
      EXPECT_LE(a.x + a.width, bounds.x + bounds.width + 1e-6);
      EXPECT_LE(a.y + a.height, bounds.y + bounds.height + 1e-6);
      for (std::size_t j = 0; j < i; ++j) {
        const Rectangle& b = got[j];
        const double over_x = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
        const double over_y = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
        EXPECT_FALSE(over_x > 1e-6 && over_y > 1e-6) << i << " lies over " << j;
      }
    }
  }
}

}  // namespace
}  // namespace weigh
