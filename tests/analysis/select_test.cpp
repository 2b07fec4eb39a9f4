// Rows in another order, the first of them, or those that match.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"

namespace weigh {
namespace {

using testing::Build;
using testing::levels;
using Paths = std::vector<std::string>;

class Select : public ::testing::Test {
 protected:
  Select() {
    b_.add("net.conv.weight", {10}).dtype = DType::float64;
    b_.add("net.bn.weight", {5});
    b_.add("head.weight", {15});
    b_.add("aux.fc10.weight", {1});
    b_.add("aux.fc9.weight", {1});
  }

  Paths paths(const SummaryOptions& options) {
    summary_ = summarize(b_.model(), options);
    Paths found;
    for (const Row& row : summary_.rows) found.push_back(b_.model().path_of(row.module));
    return found;
  }

  Build b_;
  Summary summary_;
};

TEST_F(Select, KeepsTheOrderOfDefinition) { EXPECT_EQ(paths(levels(1)), (Paths{"net", "head", "aux"})); }

TEST_F(Select, SortsByName) {
  EXPECT_EQ(paths(levels(2).by(SortKey::name)),
            (Paths{"aux", "aux.fc10", "aux.fc9", "head", "net", "net.bn", "net.conv"}));
  EXPECT_FALSE(summary_.flat);
}

// The tree stays a tree: siblings are sorted; head comes after net, which has as many.
TEST_F(Select, SortsByParametersTheLargestFirst) {
  EXPECT_EQ(paths(levels(2).by(SortKey::parameters)),
            (Paths{"net", "net.conv", "net.bn", "head", "aux", "aux.fc10", "aux.fc9"}));
}

TEST_F(Select, SortsByTheBytesTheLargestFirst) {
  b_.add("head.bias", {1});
  EXPECT_EQ(paths(levels(1).by(SortKey::parameters)), (Paths{"head", "net", "aux"}));
  EXPECT_EQ(paths(levels(1).by(SortKey::size)), (Paths{"net", "head", "aux"}));
}

TEST_F(Select, TakesTheFirstRowsThatStandForThemselves) {
  EXPECT_EQ(paths(levels(2).by(SortKey::parameters).first(2)), (Paths{"head", "net.conv"}));
  EXPECT_TRUE(summary_.flat);
  EXPECT_EQ(summary_.rows_left_out, 3U);
  for (const Row& row : summary_.rows) EXPECT_EQ(row.depth, 1U);
}

TEST_F(Select, TakesAllWhereThereAreNoMore) {
  EXPECT_EQ(paths(levels(1).first(3)), (Paths{"net", "head", "aux"}));
  EXPECT_EQ(summary_.rows_left_out, 0U);
  EXPECT_EQ(paths(levels(1).first(100)).size(), 3U);
}

TEST_F(Select, FiltersByAPartOfThePath) {
  EXPECT_EQ(paths(levels(-1).matching("fc")), (Paths{"aux.fc10", "aux.fc9"}));
  EXPECT_TRUE(summary_.flat);
  EXPECT_EQ(paths(levels(-1).matching("net")), (Paths{"net", "net.conv", "net.bn"}));
  EXPECT_EQ(paths(levels(-1).matching("absent")), Paths{});
}

TEST_F(Select, FiltersByAGlob) {
  EXPECT_EQ(paths(levels(-1).matching("*.?n")), Paths{"net.bn"});
  EXPECT_EQ(paths(levels(-1).matching("aux.*")), (Paths{"aux.fc10", "aux.fc9"}));
  EXPECT_EQ(paths(levels(-1).matching("au?")), Paths{"aux"});
}

TEST_F(Select, FiltersOnlyWhatTheDepthShows) { EXPECT_EQ(paths(levels(1).matching("conv")), Paths{}); }

TEST_F(Select, FiltersAndThenTakesTheFirst) {
  EXPECT_EQ(paths(levels(-1).by(SortKey::name).first(1).matching("net")), Paths{"net.bn"});
  EXPECT_EQ(summary_.rows_left_out, 1U);
}

TEST_F(Select, LeavesTheTotalsAsTheyAre) {
  paths(levels(-1).first(1).matching("bn"));
  EXPECT_EQ(summary_.totals.parameters, Count(32));
}

}  // namespace
}  // namespace weigh
