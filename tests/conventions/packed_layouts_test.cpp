// Files that libraries wrote are read by the row of their layout, and hold the weights that the model had before.
#include "conventions/packed_layouts.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"

#include "weigh/summary.h"
#include "weigh/weigh.h"

namespace weigh::conventions {
namespace {

using nlohmann::json;

TEST(PackedLayouts, AreThoseOfWhatLibrariesWrite) {
  const json expected = json::parse(testing::file("quantized/expected.json"));
  for (const PackedLayoutRow& row : packed_layout_rows()) {
    SCOPED_TRACE(std::string(row.name));
    if (!row.fixture.starts_with("quantized/")) continue;  // shown by a test, or among the reports
    const std::string fixture(row.fixture.substr(row.fixture.find('/') + 1));
    ASSERT_TRUE(expected.contains(fixture)) << fixture;
    const Model model = read(testing::data_path("quantized/" + fixture));
    const QuantizedWeights quantized = summarize(model).quantized;
    std::size_t seen = 0;
    for (std::size_t i = 0; i < quantized.parts.size(); ++i) {
      if (quantized.parts[i] != Part::packed) continue;
      if (!expected[fixture].value("told", true)) {  // which only the configuration would tell
        EXPECT_EQ(quantized.logical[i], QuantizedWeights::kUnknown);
        ++seen;
      } else {
        EXPECT_EQ(quantized.logical[i],
                  expected[fixture]["packed"].at(model.path_of(model.tensors[i])).get<std::uint64_t>());
      }
      seen += layout_of(quantized.layouts[i]).name == row.name ? 1 : 0;
    }
    EXPECT_GT(seen, 0U) << fixture;
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
