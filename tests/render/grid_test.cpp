#include "render/grid.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weigh {
namespace {

using Lines = std::vector<std::string>;

std::vector<GridColumn> columns() {
  return {{"Name", false, false, {"transformer.layers", "head"}},
          {"Type", false, true, {"Encoder", "Linear"}},
          {"Params", true, false, {"1,234", "5"}},
          {"Mode", false, true, {"train", ""}}};
}

Lines fitted(std::size_t width) {
  std::vector<GridColumn> grid = columns();
  fit(grid, width, "…");
  return lines_of(grid);
}

const Lines kWhole = {"Name                 Type      Params   Mode", "transformer.layers   Encoder    1,234   train",
                      "head                 Linear         5"};
const Lines kWithoutMode = {"Name                 Type      Params", "transformer.layers   Encoder    1,234",
                            "head                 Linear         5"};
const Lines kWithoutType = {"Name                 Params", "transformer.layers    1,234",
                            "head                      5"};

TEST(Grid, AlignsColumnsAndLeavesNoBlanksAtTheEnd) { EXPECT_EQ(fitted(0), kWhole); }

TEST(Grid, StaysWholeWhereItFits) { EXPECT_EQ(fitted(45), kWhole); }

TEST(Grid, LeavesOutOptionalColumnsFromTheRight) {
  EXPECT_EQ(fitted(44), kWithoutMode);
  EXPECT_EQ(fitted(37), kWithoutMode);
  EXPECT_EQ(fitted(36), kWithoutType);
  EXPECT_EQ(fitted(27), kWithoutType);
}

TEST(Grid, ThenShortensTheFirstColumn) {
  EXPECT_EQ(fitted(26),
            (Lines{"Name                Params", "transfor…r.layers    1,234", "head                     5"}));
}

TEST(Grid, KeepsEnoughOfTheFirstColumnToReadIt) {
  const Lines narrowest = {"Name           Params", "transf…ayers    1,234", "head                5"};
  EXPECT_EQ(fitted(21), narrowest);
  EXPECT_EQ(fitted(20), narrowest);
  EXPECT_EQ(fitted(1), narrowest);
}

TEST(Grid, ShortensLongShapesBeforeAColumnIsLeftOut) {
  std::vector<GridColumn> grid = {{"Name", false, false, {"encoder", "head"}},
                                  {"In", false, true, {"[8, 3, 224, 224]", "[[8, 197, 768], [8, 197, 768], [8, 1]]"}},
                                  {"Out", false, true, {"{states: [8, 197, 768], cache: [8, 12, 197, 64]}", "[8, 10]"}},
                                  {"FLOPs", true, true, {"17.6 B", "61.4 K"}}};
  fit(grid, 76, "…");
  EXPECT_EQ(lines_of(grid), (Lines{"Name      In                           Out                           FLOPs",
                                   "encoder   [8, 3, 224, 224]             {states: [8, 197, 768], …}   17.6 B",
                                   "head      [[8, 197, 768], …, [8, 1]]   [8, 10]                      61.4 K"}));
}

TEST(Grid, LeavesNumbersWhole) {
  std::vector<GridColumn> grid = {{"Params", true, false, {"1,234,567"}}, {"Size", true, false, {"4,938,268 B"}}};
  fit(grid, 10, "…");
  EXPECT_EQ(lines_of(grid), (Lines{"   Params          Size", "1,234,567   4,938,268 B"}));
}

TEST(Grid, CountsColumnsNotBytes) {
  std::vector<GridColumn> grid = {{"Name", false, false, {"层归一化", "größe"}}, {"N", true, false, {"1", "22"}}};
  EXPECT_EQ(lines_of(grid), (Lines{"Name        N", "层归一化    1", "größe      22"}));
}

TEST(Grid, OfNothingIsAnEmptyLine) {
  std::vector<GridColumn> none;
  fit(none, 10, "…");
  EXPECT_EQ(lines_of(none), Lines{""});
}

}  // namespace
}  // namespace weigh
