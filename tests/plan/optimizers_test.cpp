// What optimizers keep, against what they kept: tests/data/plan/optimizers.tsv, of tools/truth/optimizers.py.
#include "plan/optimizers.h"

#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "support/files.h"

namespace weigh {
namespace {

// "128x3x3x3"
Trained shape_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::uint64_t> extents;
  for (std::string extent; std::getline(in, extent, 'x');) extents.push_back(std::stoull(extent));
  Trained shape{1, extents.size(), 0, 0};
  for (const std::uint64_t extent : extents) shape.elements *= extent;
  if (shape.rank < 2) return shape;
  shape.rows = shape.elements / extents.back();
  shape.columns = shape.elements / extents[extents.size() - 2];
  return shape;
}

TEST(Optimizers, KeepWhatTheyKeptOfRealTensors) {
  std::istringstream lines(testing::file("plan/optimizers.tsv"));
  std::string line;
  std::getline(lines, line);
  std::set<std::string> seen;
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::string name, dtype, shape;
    std::uint64_t bytes = 0;
    cells >> name >> dtype >> shape >> bytes;
    const OptimizerRow* row = optimizer_row(name);
    ASSERT_NE(row, nullptr) << line;
    EXPECT_EQ(row->bytes(shape_of(shape), dtype == "float32" ? 4 : 2), bytes) << line;
    seen.insert(name);
  }
  EXPECT_EQ(seen.size(), optimizer_rows().size());
}

TEST(Optimizers, AreKnownByTheirNames) {
  EXPECT_EQ(optimizer_row("adamw")->keeps, "two moments");
  EXPECT_EQ(optimizer_row("AdamW"), nullptr);
}

}  // namespace
}  // namespace weigh
