// What classes of transformers do by themselves.
#include "conventions/transformers.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weigh::conventions {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Transformers, TypesStandInTheirOrder) {
  const std::vector<std::string_view> types = transformers_types();
  EXPECT_GT(types.size(), 700U);
  EXPECT_TRUE(std::is_sorted(types.begin(), types.end()));
  for (const std::string_view type : types) EXPECT_TRUE(is_known_type(type)) << type;
  for (const std::string_view type : {"", " ", "zzz", "a", "gemma", "gemma22", "gemma2 t", "kimi_k2"})
    EXPECT_EQ(is_known_type(type), type == "gemma") << type;
  EXPECT_EQ(transformers_version(), "5.24.0");
}

// AutoConfig(…).tie_word_embeddings.
TEST(Transformers, TieEmbeddingsByDefault) {
  for (const std::string_view type : {"gemma2", "gemma3_text", "gpt2", "bloom", "t5"})
    EXPECT_EQ(tied_by_default(type), true) << type;
  for (const std::string_view type : {"llama", "qwen2", "qwen3", "mistral", "deepseek_v3", "glm4"})
    EXPECT_EQ(tied_by_default(type), false) << type;
  EXPECT_EQ(tied_by_default("encodec"), std::nullopt) << "has no such key";
  EXPECT_EQ(tied_by_default("brand_new"), std::nullopt);
}

TEST(Transformers, KeepKeysAndValues) {
  for (const std::string_view type : {"llama", "gemma2", "t5", "bart", "whisper", "gpt2", "jamba", "gpt_oss", "bamba"})
    EXPECT_EQ(keeps_keys_and_values(type), KeepsKeys::yes) << type;
  for (const std::string_view type : {"bert", "roberta"})
    EXPECT_EQ(keeps_keys_and_values(type), KeepsKeys::if_decoder) << type;
  for (const std::string_view type : {"vit", "modernbert", "clip", "wav2vec2", "encodec"})
    EXPECT_EQ(keeps_keys_and_values(type), KeepsKeys::no) << type;
  EXPECT_EQ(keeps_keys_and_values("mamba"), KeepsKeys::state);
  EXPECT_EQ(keeps_keys_and_values("brand_new"), KeepsKeys::unknown);
}

TEST(Transformers, LayersRepeat) {
  using enum LayerKind;
  EXPECT_THAT(layer_pattern("gemma2").period, ElementsAre(window, full));
  const LayerPattern gemma3 = layer_pattern("gemma3_text");
  EXPECT_THAT(gemma3.period, ElementsAre(window, window, window, window, window, full));
  EXPECT_EQ(gemma3.period_key, "sliding_window_pattern");
  EXPECT_THAT(layer_pattern("gemma3").period, gemma3.period) << "that of the part which makes text";
  EXPECT_EQ(layer_pattern("qwen2").period_key, "max_window_layers");
  EXPECT_THAT(layer_pattern("qwen3_next").period, ElementsAre(state, state, state, full));
  EXPECT_THAT(layer_pattern("jamba").period, ElementsAre(state, state, state, state, full, state, state, state));
  EXPECT_THAT(layer_pattern("mistral").period, ElementsAre(window));
  EXPECT_THAT(layer_pattern("vit").period, IsEmpty());
  EXPECT_THAT(layer_pattern("brand_new").period, IsEmpty());
}

TEST(Transformers, TellTheirBuffers) {
  EXPECT_THAT(persistent_buffers("encodec"),
              ElementsAre("codebook.cluster_size", "codebook.embed", "codebook.embed_avg", "codebook.inited"));
  for (const std::string_view type : {"deepseek_v3", "dots1"})
    EXPECT_THAT(persistent_buffers(type), Contains("gate.e_score_correction_bias")) << type;
  EXPECT_THAT(persistent_buffers("SD3Transformer2DModel"), ElementsAre("pos_embed.pos_embed")) << "of diffusers";
  EXPECT_THAT(persistent_buffers("llama"), IsEmpty());
  EXPECT_THAT(persistent_buffers("brand_new"), IsEmpty());
}

}  // namespace
}  // namespace weigh::conventions
