#include "places/rank_files.h"

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

std::string shard(const std::string& offset) {
  return safetensors(R"({"__metadata__":{"DCP_SHARDING_INFO":"{\"w\": {\"saved_offsets\": [)" + offset +
                         R"(, 0]}}"},)" + entry("w", "F32", "[2,8]", "[0,64]") + "}",
                     64);
}

Files shards() {
  return {{"shard-00001-model-00001-of-00001.safetensors", shard("0")},
          {"shard-00002-model-00001-of-00001.safetensors", shard("2")}};
}

TEST(RankFiles, OfDcpInSafetensorsAreWholeTensors) {
  const Model model = read_files(shards(), "");
  EXPECT_EQ(model.kind, "2 ranks");
  EXPECT_EQ(shape_of(model, "w"), "[4, 8]");
  EXPECT_EQ(model.tensors[0].stored_bytes, 128U);
  EXPECT_EQ(notes_of(model), "");
}

TEST(RankFiles, ThatAreMissingMakeLowerBounds) {
  Files files = shards();
  files.erase("shard-00001-model-00001-of-00001.safetensors");
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "missing-rank : holds rank 1 of 2; what the others hold is not counted, so the totals are lower bounds\n");
  EXPECT_FALSE(summarize(model).totals.parameters.is_exact());
}

TEST(RankFiles, ReachNoFartherThanATensorCan) {
  Files files = shards();
  files["shard-00002-model-00001-of-00001.safetensors"] = shard("18446744073709551615");
  EXPECT_EQ(error_of([&] { read_files(files, ""); }),
            "shard-00002-model-00001-of-00001.safetensors: tensor 'w' is said to begin at 18446744073709551615, and no "
            "tensor reaches from there over 2");
}

TEST(RankFiles, OfMetaAreSplitByRowsOrColumns) {
  Files files;
  for (const char* rank : {"0", "1"})
    files["consolidated.0" + std::string(rank) + ".pth"] = file("reports/files/meta_2_" + std::string(rank) + ".pth");
  files["params.json"] = R"({"dim": 64, "n_layers": 2})";
  const Model model = read_files(files, "");
  EXPECT_EQ(shape_of(model, "tok_embeddings.weight"), "[100, 64]");
  EXPECT_EQ(shape_of(model, "output.weight"), "[100, 64]");
  for (const std::string name : {"wq", "wk", "wv", "wo"})
    EXPECT_EQ(shape_of(model, "layers.0.attention." + name + ".weight"), "[64, 64]") << name;
  EXPECT_EQ(shape_of(model, "layers.1.feed_forward.w1.weight"), "[128, 64]");
  EXPECT_EQ(shape_of(model, "layers.1.feed_forward.w3.weight"), "[128, 64]");
  EXPECT_EQ(shape_of(model, "layers.1.feed_forward.w2.weight"), "[64, 128]");
  EXPECT_EQ(shape_of(model, "norm.weight"), "[64]");
}

}  // namespace
}  // namespace weigh::testing
