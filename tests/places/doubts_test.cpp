#include "places/doubts.h"

#include <gtest/gtest.h>

#include "support/made_files.h"

namespace weigh::testing {
namespace {

std::string notes(const std::string& tensors, std::size_t data, const std::string& config) {
  return notes_of(
      read_files({{"model.safetensors", safetensors("{" + tensors + "}", data)}, {"config.json", config}}, ""));
}

TEST(Doubts, AreOfWeightsWithoutElements) {
  EXPECT_EQ(
      notes(entry("a.weight", "F32", "[0]", "[0,0]"), 0, "{}"),
      "empty-weight a.weight: has no elements: was it saved under DeepSpeed's ZeRO-3 without being gathered? Such a "
      "checkpoint cannot be loaded\n");
  EXPECT_EQ(
      notes(entry("a.weight", "F32", "[0]", "[0,0]") + "," + entry("b.weight", "F32", "[0]", "[0,0]"), 0, "{}"),
      "empty-weight a.weight: and 1 more have no elements: were they saved under DeepSpeed's ZeRO-3 without being "
      "gathered? Such a checkpoint cannot be loaded\n");
  EXPECT_EQ(notes(entry("a.weight", "F32", "[0,4]", "[0,0]"), 0, "{}"), "");
}

TEST(Doubts, AreOfAnOutputLayerThatIsNotThere) {
  const std::string embedding = entry("model.embed_tokens.weight", "F32", "[4,2]", "[0,32]");
  const std::string untied = R"({"architectures": ["Qwen3ForCausalLM"], "tie_word_embeddings": false})";
  EXPECT_EQ(
      notes(embedding, 32, untied),
      "missing-output : has no output layer (lm_head), though Qwen3ForCausalLM has one and "
      "config.json does not tie it to the embedding (tie_word_embeddings is false); its weights are not counted\n");
  EXPECT_EQ(notes(embedding, 32, R"({"architectures": ["Qwen3Model"], "tie_word_embeddings": false})"), "");
  EXPECT_EQ(notes(embedding + "," + entry("lm_head.weight", "F32", "[4,2]", "[32,64]"), 64, untied), "");
}

}  // namespace
}  // namespace weigh::testing
