#include "analysis/nearest.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weigh {
namespace {

using Names = std::vector<std::string>;

Names nearest(Names names, std::string_view wanted) {
  nearest_first(names, wanted);
  return names;
}

TEST(Nearest, PutsFewerChangesFirst) {
  EXPECT_EQ(nearest({"width", "batch", "height"}, "hight"), (Names{"height", "width", "batch"}));
  EXPECT_EQ(nearest({"b", "a"}, "z"), (Names{"b", "a"}));
  EXPECT_EQ(nearest({}, "z"), Names{});
}

TEST(Nearest, LooksAtTheLastPartToo) {
  EXPECT_EQ(nearest({"edge", "encoder.layers.0.in"}, "inn"), (Names{"encoder.layers.0.in", "edge"}));
}

TEST(Nearest, ComparesTheBeginningOfLongNames) {
  const std::string a(1'000'000, 'a'), b(1'000'000, 'b');
  EXPECT_EQ(nearest({a, b}, b), (Names{b, a}));
}

}  // namespace
}  // namespace weigh
