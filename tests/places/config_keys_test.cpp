// What a config.json says, in the dialects of the models that are about.
#include <string>

#include <gtest/gtest.h>

#include "bytes/folder.h"
#include "support/made_files.h"

#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

// Beside a model of one tensor, the embedding.
Config config_of(const std::string& json) {
  const std::string header = R"({"embed_tokens.weight":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}})";
  const std::string file = little<std::uint64_t>(header.size()) + header + "1234";
  return read(*memory_folder("m", {{"model.safetensors", file}, {"config.json", json}}), "").config;
}

TEST(ConfigKeys, TellsExpertsUnderManyNames) {
  for (const char* json : {
           R"({"num_local_experts": 8, "num_experts_per_tok": 2})",
           R"({"n_routed_experts": 8, "num_experts_per_tok": 2})",
           R"({"num_experts": 8, "moe_topk": [2, 2, 2]})",
           R"({"ffn_config": {"moe_num_experts": 8, "moe_top_k": 2}})",
           R"({"text_config": {"num_local_experts": 8, "num_experts_per_tok": 2}, "num_experts_per_tok": 3})",
       }) {
    const ExpertsConfig experts = config_of(json).experts;
    EXPECT_EQ(experts.pools, std::vector<std::uint64_t>{8}) << json;
    EXPECT_EQ(experts.per_token, 2U) << json;
  }
}

TEST(ConfigKeys, TellsPoolsOfExperts) {
  EXPECT_EQ(config_of(R"({"moe_num_experts": [64, 32], "moe_k": 6})").experts.pools,
            (std::vector<std::uint64_t>{64, 32}));
}

TEST(ConfigKeys, TellsSharedExperts) {
  EXPECT_EQ(config_of(R"({"n_shared_experts": 2})").experts.shared, 2U);
  EXPECT_EQ(config_of(R"({"num_shared_expert": [1, 1, 1]})").experts.shared, 1U);
  EXPECT_EQ(config_of(R"({"num_shared_expert": [1, 2, 1]})").experts.shared, 0U);
  EXPECT_EQ(config_of(R"({"shared_expert_intermediate_size": 512})").experts.shared, 1U);
  EXPECT_EQ(config_of(R"({"shared_expert_intermediate_size": 0})").experts.shared, 0U);
}

TEST(ConfigKeys, TellsHowWeightsWerePacked) {
  const Config groups = config_of(
      R"({"quantization_config": {"config_groups": {"group_0": {"weights": {"num_bits": 4, "group_size": 32}}}}})");
  EXPECT_EQ(groups.quantization.bits, 4U);
  EXPECT_EQ(groups.quantization.group_size, 32U);
  const Config differ = config_of(R"({"quantization_config": {"config_groups": {
      "group_0": {"weights": {"num_bits": 4}}, "group_1": {"weights": {"num_bits": 8}}}}})");
  EXPECT_EQ(differ.quantization.bits, 0U) << "of groups that differ nothing is said";
  ASSERT_EQ(differ.quantization.groups.size(), 2U) << "each layer is of one of them";
  EXPECT_EQ(differ.quantization.groups[1].bits, 8U);
  EXPECT_EQ(config_of(R"({"quantization": {"bits": 3, "group_size": 64}})").quantization.bits, 3U);
}

TEST(ConfigKeys, OfAModelWithTowersItsOwnWordOnTiesCountsFirst) {
  EXPECT_TRUE(config_of(R"({"text_config": {"tie_word_embeddings": true}})").tied_embeddings);
  EXPECT_FALSE(
      config_of(R"({"tie_word_embeddings": false, "text_config": {"tie_word_embeddings": true}})").tied_embeddings);
  EXPECT_TRUE(
      config_of(R"({"tie_word_embeddings": true, "text_config": {"tie_word_embeddings": false}})").tied_embeddings);
}

TEST(ConfigKeys, TwoModelsInOneHaveEmbeddingsOfTheirOwn) {
  EXPECT_FALSE(
      config_of(R"({"model_type": "encoder-decoder", "decoder": {"tie_word_embeddings": true}})").ties_both_sides);
  EXPECT_TRUE(config_of(R"({"model_type": "bart", "tie_word_embeddings": true})").ties_both_sides);
  EXPECT_FALSE(config_of(R"({"model_type": "marian", "share_encoder_decoder_embeddings": false})").ties_both_sides);
}

TEST(ConfigKeys, WithoutADtypeKeysAndValuesAreOfTheEmbeddings) {
  EXPECT_EQ(config_of("{}").cache.element_bytes, 2U);
  EXPECT_EQ(config_of(R"({"torch_dtype": "float32"})").cache.element_bytes, 4U);
}

TEST(ConfigKeys, TellsOfLayersThatArePackedUnlikeTheOthers) {
  const QuantizationConfig packed = config_of(R"({"quantization": {"bits": 4, "group_size": 64, "mode": "affine",
      "model.layers.1.gate": {"bits": 8, "group_size": 32}, "model.layers.0": false, "lm_head": {"bits": 6}}})")
                                        .quantization;
  EXPECT_EQ(packed.bits, 4U);
  ASSERT_EQ(packed.layers.size(), 2U);
  EXPECT_EQ(packed.layers[0].first, "lm_head");
  EXPECT_EQ(packed.layers[0].second.group_size, 0U);
  EXPECT_EQ(packed.layers[1].first, "model.layers.1.gate");
  EXPECT_EQ(packed.layers[1].second.bits, 8U);
}

TEST(ConfigKeys, TellsBitsByTheNameOfTheAlgorithm) {
  const auto bits = [](const std::string& name) {
    return config_of(R"({"quantization_config": {"quant_algo": ")" + name + R"("}})").quantization.bits;
  };
  EXPECT_EQ(bits("W4A16_AWQ"), 4U);
  EXPECT_EQ(bits("NVFP4"), 0U);
  EXPECT_EQ(bits("W4"), 0U);
}

TEST(ConfigKeys, BelievesOneNumberOfBitsUnlessPatternsGiveOthers) {
  const auto bits = [](const std::string& patterns) {
    return config_of(R"({"quantization_config": {"quant_method": "bitnet", "num_bits": 4, "module_quant_configs": {)" +
                     patterns + "}}}")
        .quantization.bits;
  };
  EXPECT_EQ(bits(""), 4U);
  EXPECT_EQ(bits(R"("mlp\\..*": {"num_bits": 4})"), 4U);
  EXPECT_EQ(bits(R"("mlp": {"num_bits": 2})"), 0U);
}

}  // namespace
}  // namespace weigh::testing
