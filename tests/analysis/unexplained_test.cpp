#include "analysis/unexplained.h"

#include <gtest/gtest.h>

#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

struct Seen {
  std::string notes;
  bool is_exact;
  std::uint64_t parameters;
};

Seen seen(const std::string& tensors, std::size_t data, const std::string& config = "{}") {
  const Model model =
      read_files({{"model.safetensors", safetensors("{" + tensors + "}", data)}, {"config.json", config}}, "");
  const Summary summary = summarize(model);
  std::string notes;
  for (const Note& note : summary.notes) notes += note.code + " " + note.place + ": " + note.message + "\n";
  return {notes, summary.totals.parameters.is_exact(), summary.totals.parameters.known()};
}

const std::string kMatrix = entry("l.codes", "I32", "[4,2]", "[0,32]");

TEST(Unexplained, IsWhatStandsBesideAScale) {
  const Seen found = seen(kMatrix + "," + entry("l.my_scales", "F32", "[2]", "[32,40]"), 40);
  EXPECT_EQ(found.notes,
            "unexplained l.codes: is a matrix of int32 beside 'my_scales', in no layout that is known; its weights are "
            "not counted, so the totals are lower bounds\n");
  EXPECT_FALSE(found.is_exact);
  EXPECT_EQ(found.parameters, 2U);
  for (const std::string name : {"absmax", "zero_points", "codebook", "centroids"})
    EXPECT_FALSE(seen(kMatrix + "," + entry("l." + name, "F32", "[2]", "[32,40]"), 40).is_exact) << name;
}

TEST(Unexplained, IsWhatStandsBesideANumberForEachRow) {
  EXPECT_FALSE(seen(kMatrix + "," + entry("l.step", "F32", "[4,1]", "[32,48]"), 48).is_exact);
  EXPECT_TRUE(seen(kMatrix + "," + entry("l.step", "F32", "[3]", "[32,44]"), 44).is_exact);
  EXPECT_TRUE(seen(kMatrix + "," + entry("l.weight", "F32", "[4]", "[32,48]"), 48).is_exact);
}

TEST(Unexplained, IsWhatAMethodOfQuantisationLeft) {
  const Seen found = seen(kMatrix, 32, R"({"quantization_config": {"quant_method": "brandnew"}})");
  EXPECT_EQ(found.notes,
            "unexplained l.codes: is a matrix of int32 under the quantisation method 'brandnew', in no layout that is "
            "known; its weights are not counted, so the totals are lower bounds\n");
  EXPECT_FALSE(found.is_exact);
}

TEST(Unexplained, IsNoIndexNorAnythingAlone) {
  EXPECT_TRUE(seen(kMatrix, 32).is_exact);
  EXPECT_TRUE(
      seen(entry("l.index", "I64", "[4,1]", "[0,32]") + "," + entry("l.scale", "F32", "[4]", "[32,48]"), 48).is_exact);
}

}  // namespace
}  // namespace weigh::testing
