// Keys and values of a GGUF model, by its facts and its tensors. The names are gguf 0.19's.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/made_files.h"

#include "weigh/token_cache.h"

namespace weigh::testing {
namespace {

std::string text(std::string_view value) { return little<std::uint64_t>(value.size()) + std::string(value); }
std::string u32(std::uint32_t number) { return little(number); }

// Numbers of the architecture "a": one, or a list.
using Numbers = std::map<std::string, std::vector<std::uint32_t>>;

Model model_of(const Numbers& numbers, const std::string& architecture = "a",
               const std::vector<std::pair<std::string, std::uint64_t>>& matrices = {}, bool causal = true) {
  std::string facts = text("general.architecture") + u32(8) + text(architecture) +
                      text(architecture + ".attention.causal") + u32(7) + std::string(1, causal ? '\1' : '\0');
  for (const auto& [name, list] : numbers) {
    facts += text(architecture + "." + name);
    facts += list.size() == 1 ? u32(4) : u32(9) + u32(4) + little<std::uint64_t>(list.size());
    for (const std::uint32_t number : list) facts += u32(number);
  }
  std::string tensors;
  std::uint64_t offset = 0;
  for (const auto& [name, rows] : matrices) {  // F32, of eight columns
    tensors += text(name) + u32(2) + little<std::uint64_t>(8) + little(rows) + u32(0) + little(offset);
    offset += rows * 32;
  }
  std::string file = "GGUF" + u32(3) + little<std::uint64_t>(matrices.size()) +
                     little<std::uint64_t>(numbers.size() + 2) + facts + tensors;
  file.resize((file.size() + 31) / 32 * 32);
  return read_bytes(file + std::string(offset, '\x55'));
}

std::uint64_t per_token(const Model& model) {
  const auto cache = token_cache(model.config.cache);
  return cache ? cache->bytes_per_token : 0;
}

Numbers small() {
  return {{"block_count", {4}},
          {"embedding_length", {64}},
          {"attention.head_count", {4}},
          {"context_length", {100}},
          {"attention.head_count_kv", {2}},
          {"attention.key_length", {32}},
          {"attention.value_length", {16}}};
}

TEST(GgufCache, IsToldByLayer) {
  EXPECT_EQ(per_token(model_of(small())), 4U * 2 * (32 + 16) * 2);
  Numbers numbers = small();
  numbers["attention.head_count_kv"] = {0, 2, 0, 1};
  EXPECT_EQ(per_token(model_of(numbers)), 3U * (32 + 16) * 2);
  numbers = small();
  numbers["full_attention_interval"] = {4};
  EXPECT_EQ(per_token(model_of(numbers)), 2U * (32 + 16) * 2);
}

TEST(GgufCache, IsWhatTheTensorsAre) {
  const Model model = model_of(small(), "a",
                               {{"blk.0.attn_k.weight", 32},
                                {"blk.0.attn_v.weight", 16},
                                {"blk.1.ffn_up.weight", 8},
                                {"blk.2.attn_k.weight", 64},
                                {"blk.2.attn_v.weight", 32}});
  EXPECT_EQ(per_token(model), (48U + 96 + 96) * 2) << "layer 1 has no keys; of layer 3 nothing is there";
  EXPECT_EQ(notes_of(model),
            "config-contradicts : keys and values of 1 layers are 96 numbers for a token and layer by the "
            "configuration, 48 by "
            "the tensors; the tensors count\n");
}

TEST(GgufCache, KeepsALatentVector) {
  Numbers numbers = small();
  numbers["attention.kv_lora_rank"] = {512};
  numbers["rope.dimension_count"] = {64};
  numbers["attention.head_count_kv"] = {1};
  EXPECT_EQ(per_token(model_of(numbers)), 4U * 576 * 2);
  numbers["attention.head_count_kv"] = {4};
  EXPECT_EQ(per_token(model_of(numbers)), 4U * 4 * 48 * 2) << "a file from before";
  numbers["attention.key_length_mla"] = {192};
  numbers["attention.indexer.key_length"] = {128};
  EXPECT_EQ(per_token(model_of(numbers)), 4U * 576 * 2) << "an index only of layers that have one";
}

TEST(GgufCache, KeepsAWindow) {
  Numbers numbers = small();
  numbers["attention.sliding_window"] = {10};
  const auto at_context = [](const Model& model) { return token_cache(model.config.cache)->bytes_at_context; };
  EXPECT_EQ(at_context(model_of(numbers)), std::nullopt) << "of which layers is not known";
  for (const char* name : {"gemma2", "gpt-oss"})
    EXPECT_EQ(at_context(model_of(numbers, name)), 192U * (2 * 100 + 2 * 10));
  EXPECT_EQ(at_context(model_of(numbers, "gemma3")), 192U * 4 * 10);
  for (const char* name : {"cohere2", "exaone4", "olmo2"})
    EXPECT_EQ(at_context(model_of(numbers, name)), 192U * (100 + 3 * 10));
  numbers["attention.sliding_window_pattern"] = {1, 0, 1, 1};
  EXPECT_EQ(at_context(model_of(numbers)), 192U * (100 + 3 * 10));
  numbers["attention.shared_kv_layers"] = {2};
  EXPECT_EQ(at_context(model_of(numbers)), 192U * (100 + 10));
}

TEST(GgufCache, OfAnEncoderIsNothing) {
  for (const char* name : {"bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "neo-bert", "modern-bert",
                           "gemma-embedding", "t5encoder", "clip", "mamba", "mamba2", "rwkv6", "rwkv7", "t5"})
    EXPECT_EQ(per_token(model_of(small(), name, {}, false)), 0U) << name;
  EXPECT_EQ(per_token(model_of(small(), "qwen3next")), 2U * 48 * 2);
}

TEST(GgufCache, OfNumbersThatLieNothingIsToldOrANote) {
  Numbers numbers = small();
  numbers["block_count"] = {4'000'000'000};
  EXPECT_EQ(
      notes_of(model_of(numbers)),
      "token-cache : what it keeps of a text is not told: it is said to have 4000000000 layers, more than 65536\n");
  numbers = small();
  numbers["attention.key_length"] = {0xFFFFFFFF};
  EXPECT_EQ(per_token(model_of(numbers)), 4U * 2 * (0xFFFFFFFFULL + 16) * 2);
  numbers["attention.head_count_kv"] = std::vector<std::uint32_t>(5'000, 2);
  model_of(numbers);
}

}  // namespace
}  // namespace weigh::testing
