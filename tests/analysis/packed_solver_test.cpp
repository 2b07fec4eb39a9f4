#include "analysis/packed_solver.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace weigh {
namespace {

using conventions::PackedLayoutRow;
using conventions::PackedRole;
using Shape = std::vector<std::uint64_t>;

struct Given {
  PackedRole role;
  Shape shape;
  unsigned word;
};

// "4 bits, 8192 of 64 x 128, told", or "nothing".
std::string solved(std::string_view layout, const std::vector<Given>& tensors, std::vector<Packing> packings = {}) {
  const auto rows = conventions::packed_layout_rows();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& one) { return one.name == layout; });
  std::vector<PackedPart> parts;
  for (const Given& given : tensors)
    for (const auto& part : row->parts())
      if (part.role == given.role) parts.push_back({&part, given.shape, given.word});
  const std::optional<PackedSolution> found = solve(*row, parts, packings);
  if (!found) return "nothing";
  return std::to_string(found->bits) + " bits, " + std::to_string(found->weights) + " of " +
         std::to_string(found->rows) + " x " + std::to_string(found->columns) + (found->is_told ? ", told" : "");
}

TEST(PackedSolver, TakesExtentsAloneWhereTheyTellAll) {
  EXPECT_EQ(
      solved("GPTQ",
             {{PackedRole::data, {16, 64}, 32}, {PackedRole::scale, {4, 64}, 16}, {PackedRole::order, {128}, 32}}),
      "4 bits, 8192 of 64 x 128");
  EXPECT_EQ(solved("EXL3", {{PackedRole::data, {8, 16, 96}, 16},
                            {PackedRole::in_signs, {128}, 16},
                            {PackedRole::out_signs, {256}, 16}}),
            "6 bits, 32768 of 256 x 128");
}

TEST(PackedSolver, AsksTheConfigurationWhereTheyDoNot) {
  const std::vector<Given> layer = {{PackedRole::data, {64, 16}, 32}, {PackedRole::scale, {64, 4}, 16}};
  EXPECT_EQ(solved("pack-quantized", layer), "nothing");
  EXPECT_EQ(solved("pack-quantized", layer, {{4, 0}}), "4 bits, 8192 of 64 x 128, told");
  EXPECT_EQ(solved("pack-quantized", layer, {{0, 32}}), "4 bits, 8192 of 64 x 128, told");
  EXPECT_EQ(solved("pack-quantized", layer, {{8, 32}}), "nothing") << "does not fit";
  EXPECT_EQ(solved("pack-quantized", layer, {{4, 0}, {8, 0}}), "nothing") << "both fit";
}

TEST(PackedSolver, FindsWhatACodeStandsFor) {
  EXPECT_EQ(solved("AQLM", {{PackedRole::data, {32, 16, 2}, 8},
                            {PackedRole::scale, {32, 1, 1, 1}, 16},
                            {PackedRole::codebook, {2, 256, 2, 4}, 16}}),
            "1 bits, 4096 of 64 x 64");
  EXPECT_EQ(solved("VPTQ", {{PackedRole::data, {1, 8, 32}, 32},
                            {PackedRole::scale, {128}, 16},
                            {PackedRole::codebook, {1, 2048}, 16}}),
            "8 bits, 8192 of 64 x 128");
}

TEST(PackedSolver, LetsExtentsBeFilledUp) {
  const auto tiles = [](const Shape& scales) {
    return solved("NVFP4, tiles", {{PackedRole::data, {192, 48}, 8}, {PackedRole::scale, scales, 8}});
  };
  EXPECT_EQ(tiles({256, 8}), "4 bits, 18432 of 192 x 96");
  EXPECT_EQ(tiles({192, 8}), "nothing");
  EXPECT_EQ(tiles({256, 12}), "nothing");
}

TEST(PackedSolver, RefusesWhatNoFileCanHold) {
  EXPECT_EQ(solved("AWQ", {{PackedRole::data, {std::uint64_t{1} << 60, 8}, 32}, {PackedRole::scale, {4, 64}, 16}}),
            "nothing");
  EXPECT_EQ(solved("AWQ", {{PackedRole::data, {0, 8}, 32}, {PackedRole::scale, {4, 64}, 16}}), "nothing");
}

}  // namespace
}  // namespace weigh
