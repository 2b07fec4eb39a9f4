// Files that libraries wrote obey the equations of their layouts: rows and columns that fit all tensors of a layer and
// make the number of weights that the model had before.
#include "conventions/packed_layouts.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"

#include "weigh/summary.h"
#include "weigh/weigh.h"

namespace weigh::conventions {
namespace {

using nlohmann::json;

const Tensor* find(const Model& model, const std::string& path) {
  for (const Tensor& tensor : model.tensors)
    if (model.path_of(tensor) == path) return &tensor;
  return nullptr;
}

bool has_dtype(const PackedTensor& part, DType dtype) {
  return part.dtypes[0] == DType::unknown ||
         (dtype != DType::unknown && std::find(part.dtypes.begin(), part.dtypes.end(), dtype) != part.dtypes.end());
}

bool fits(const Model& model, const Tensor& tensor, const PackedTensor& part, const PackedMatrix& matrix) {
  if (part.rank == 0) return true;
  if (tensor.rank != part.rank) return false;
  for (std::size_t i = 0; i < part.rank; ++i) {
    if (part.shape[i].of == PackedExtent::Of::any) continue;
    const auto extent = evaluate(part.shape[i], matrix, bits(tensor.dtype));
    if (!extent || (model.shape_begin(tensor) + i)->size() != *extent) return false;
  }
  return true;
}

// The layer whose data is called `path`, which holds so many weights. A stored path ends with the name of the data.
struct Layer {
  const Model& model;
  std::string before;  // what stands before the names of its tensors
  std::uint64_t weights;

  bool is(const PackedLayoutRow& row, const PackedMatrix& matrix) const {
    for (const PackedTensor& part : row.parts()) {
      const std::string_view name = part.name.starts_with('*') ? part.name.substr(1) : part.name;
      const Tensor* tensor = find(model, before + std::string(name));
      if (tensor == nullptr && part.is_needed) return false;
      if (tensor != nullptr && (!has_dtype(part, tensor->dtype) || !fits(model, *tensor, part, matrix))) return false;
    }
    return true;
  }

  std::optional<PackedMatrix> solve(const PackedLayoutRow& row) const {
    for (std::uint64_t rows = 1; rows <= weights; ++rows) {
      if (weights % rows != 0) continue;
      const std::uint64_t columns = weights / rows;
      for (std::uint64_t bits = row.bits != 0 ? row.bits : 1; bits <= (row.bits != 0 ? row.bits : 8); ++bits) {
        for (std::uint64_t group : {row.group != 0 ? std::uint64_t{row.group} : 16, std::uint64_t{32},
                                    std::uint64_t{64}, std::uint64_t{128}, columns}) {
          if (row.group != 0 && group != row.group) continue;
          if (is(row, {rows, columns, bits, group})) return PackedMatrix{rows, columns, bits, group};
        }
      }
    }
    return std::nullopt;
  }
};

TEST(PackedLayouts, HoldForWhatLibrariesWrite) {
  const json expected = json::parse(testing::file("quantized/expected.json"));
  for (const PackedLayoutRow& row : packed_layout_rows()) {
    SCOPED_TRACE(std::string(row.name));
    if (row.fixture.find('/') == row.fixture.npos) continue;  // shown by a test
    const std::string fixture(row.fixture.substr(row.fixture.find('/') + 1));
    ASSERT_TRUE(expected.contains(fixture)) << fixture;
    const Model model = read(testing::data_path("quantized/" + fixture));
    const std::string_view whole = row.parts()[0].name;
    const std::string_view name = whole.starts_with('*') ? whole.substr(1) : whole;
    std::size_t solved = 0;
    for (const auto& [path, weights] : expected[fixture]["packed"].items()) {
      ASSERT_TRUE(path.ends_with(name)) << path;
      const Layer layer{model, path.substr(0, path.size() - name.size()), weights.get<std::uint64_t>()};
      solved += layer.solve(row) ? 1 : 0;
    }
    EXPECT_EQ(solved, expected[fixture]["packed"].size());
    EXPECT_GT(solved, 0U);
  }
}

TEST(PackedLayouts, EquationsTellExtents) {
  const PackedMatrix matrix{.rows = 64, .columns = 100, .bits = 3, .group = 32};
  const PackedExtent words{.of = PackedExtent::Of::columns, .times_bits = true, .over_word = true};
  EXPECT_EQ(evaluate(words, matrix, 32), 10U) << "300 bits in words of 32";
  EXPECT_EQ(evaluate({.of = PackedExtent::Of::columns, .over_group = true}, matrix, 32), 4U);
  EXPECT_EQ(evaluate({.of = PackedExtent::Of::rows, .over = 4}, matrix, 16), 16U);
  EXPECT_EQ(evaluate({.of = PackedExtent::Of::both}, matrix, 8), 6'400U);
  EXPECT_EQ(evaluate({}, {}, 8), 1U);
  EXPECT_EQ(evaluate({.of = PackedExtent::Of::any}, matrix, 8), std::nullopt);
  EXPECT_EQ(evaluate(words, {.rows = 64, .columns = 100}, 32), std::nullopt) << "of so many bits";
  EXPECT_EQ(evaluate({.of = PackedExtent::Of::both}, {.rows = UINT64_MAX, .columns = UINT64_MAX}, 8), std::nullopt);
}

}  // namespace
}  // namespace weigh::conventions
