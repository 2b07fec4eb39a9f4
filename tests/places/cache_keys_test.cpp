// What is kept of a text by what a config.json says, in the spellings that are about, and by the tensors beside it.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bytes/folder.h"
#include "support/made_files.h"

#include "weigh/token_cache.h"
#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

// Matrices of eight columns, by their rows.
using Matrices = std::vector<std::pair<std::string, std::uint64_t>>;

Model model_of(const std::string& config, const Matrices& matrices = {{"a.weight", 1}}) {
  std::string header;
  std::uint64_t offset = 0;
  for (const auto& [name, rows] : matrices) {
    header += (header.empty() ? "{\"" : ",\"") + name + R"(":{"dtype":"BF16","shape":[)" + std::to_string(rows) +
              R"(,8],"data_offsets":[)" + std::to_string(offset) + "," + std::to_string(offset + rows * 16) + "]}";
    offset += rows * 16;
  }
  header += "}";
  const std::string file = little<std::uint64_t>(header.size()) + header + std::string(offset, '1');
  return read(*memory_folder("m", {{"model.safetensors", file}, {"config.json", config}}), "");
}

// Four numbers for a token and layer, two bytes each, of a text of a hundred tokens.
std::string small(const std::string& more) {
  const std::string begin = R"({"torch_dtype": "bfloat16", "hidden_size": 8, "num_attention_heads": 4,
                               "num_key_value_heads": 1, "max_position_embeddings": 100)";
  return begin + (more.empty() ? "" : ", ") + more + "}";
}

// "full window state …", a letter each: f, w, c(hunked), s(tate), l(atent), S(hared), - for nothing.
std::string kinds(const Model& model) {
  std::string letters;
  for (const CachedLayer& layer : model.config.cache.layers)
    letters += std::string_view("-fwcSls")[static_cast<std::size_t>(layer.kind)];
  return letters;
}
std::string kinds(const std::string& more) { return kinds(model_of(small(more))); }

std::uint64_t per_token(const Model& model) {
  const auto cache = token_cache(model.config.cache);
  return cache ? cache->bytes_per_token : 0;
}
std::uint64_t per_token(const std::string& more) { return per_token(model_of(small(more))); }

std::string note_of(const std::string& more) { return notes_of(model_of(small(more))); }

TEST(CacheKeys, TellHeadsUnderManyNames) {
  EXPECT_EQ(per_token(R"("num_layers": 3)"), 24U);
  for (const char* key : {"num_heads", "attention_heads", "decoder_attention_heads"}) {
    const std::string config =
        R"({"torch_dtype": "float32", "decoder_layers": 2, "hidden_size": 8, ")" + std::string(key) + R"(": 4})";
    EXPECT_EQ(per_token(model_of(config)), 2U * 16 * 4) << key;
  }
}

TEST(CacheKeys, LayersHaveHeadsOfTheirOwn) {
  const std::string layers =
      R"("num_hidden_layers": 2, "layer_types": ["sliding_attention", "full_attention"], "sliding_window": 8)";
  EXPECT_EQ(per_token(layers), 2U * 8);
  EXPECT_EQ(per_token(layers + R"(, "global_head_dim": 4, "num_global_key_value_heads": 3)"), 8U + 2 * 3 * 4 * 2);
  EXPECT_EQ(per_token(layers + R"(, "v_head_dim": 6)"), 2U * (2 + 6) * 2);
  EXPECT_EQ(per_token(layers + R"(, "swa_num_key_value_heads": 2, "swa_head_dim": 5, "swa_v_head_dim": 3)"),
            8U + 2 * 8 * 2);
  EXPECT_EQ(per_token(R"("num_hidden_layers": 2, "num_kv_heads": [1, 2])"), 8U + 16)
      << "a list says more than a number";
  EXPECT_EQ(
      per_token(model_of(
          R"({"torch_dtype": "bfloat16", "head_dim": 2, "num_hidden_layers": 3, "num_key_value_heads": [1, 0, 2]})")),
      3U * 8);
}

TEST(CacheKeys, OneHeadServesAll) {
  const std::string falcon =
      R"({"model_type": "falcon", "torch_dtype": "bfloat16", "hidden_size": 8, "num_hidden_layers": 1,
                                 "num_attention_heads": 4, "num_kv_heads": 2, )";
  EXPECT_EQ(per_token(model_of(falcon + R"("multi_query": true})")), 8U);
  EXPECT_EQ(per_token(model_of(falcon + R"("multi_query": false})")), 4U * 8);
  EXPECT_EQ(per_token(model_of(falcon + R"("multi_query": true, "new_decoder_architecture": true})")), 4U * 8);
  EXPECT_EQ(per_token(model_of(
                R"({"model_type": "gpt_bigcode", "torch_dtype": "bfloat16", "n_embd": 8, "n_layer": 1, "n_head": 4})")),
            8U);
}

TEST(CacheKeys, AnIndexIsKeptBesideTheLatentVector) {
  const std::string latent =
      R"("num_hidden_layers": 2, "kv_lora_rank": 16, "qk_rope_head_dim": 4, "index_head_dim": 6)";
  EXPECT_EQ(per_token(latent), 2U * 20 * 2);
  EXPECT_EQ(per_token(latent + R"(, "layer_types": ["full_attention", "indexed_attention"])"), (20U + 26) * 2);
}

TEST(CacheKeys, WordsOfLayers) {
  EXPECT_EQ(kinds(R"("num_hidden_layers": 4, "layers_block_type": ["mamba", "hybrid", "attention", "moe"])"), "sff-");
  EXPECT_EQ(
      kinds(
          R"("num_hidden_layers": 5, "model_type": "recurrent_gemma", "sliding_window": 4, "block_types": ["recurrent", "recurrent", "attention"])"),
      "sswss");
  EXPECT_EQ(
      kinds(
          R"("num_hidden_layers": 4, "sliding_window": 4, "layer_types": ["local", "global", "sliding_window", "full_attention"])"),
      "wfwf");
  EXPECT_EQ(
      note_of(R"("num_hidden_layers": 1, "layer_types": ["oblique"])"),
      "token-cache : what it keeps of a text is not told: what layer 0 keeps is called by a word that is not known\n");
  EXPECT_EQ(note_of(R"("num_hidden_layers": 3, "layer_types": ["full_attention"])"),
            "token-cache : what it keeps of a text is not told: the configuration tells of 1 layers of 3\n");
}

TEST(CacheKeys, LettersOfLayers) {
  EXPECT_EQ(kinds(R"("num_hidden_layers": 8, "hybrid_override_pattern": "M-M*M-M*")"), "s-sfs-sf");
  EXPECT_EQ(kinds(R"("num_hidden_layers": 6, "sliding_window": 4, "sliding_window_pattern": "LLLG")"), "wwwfww");
}

TEST(CacheKeys, NumbersOfLayers) {
  EXPECT_EQ(kinds(R"("num_hidden_layers": 3, "attn_type_list": [0, 1, 0])"), "sfs");
  EXPECT_EQ(kinds(R"("num_hidden_layers": 3, "sliding_window": 4, "hybrid_layer_pattern": [0, 1, 1])"), "fww");
  for (const char* key : {"attn_layer_indices", "full_attn_idxs", "hybrid_layer_ids"})
    EXPECT_EQ(kinds(R"("num_hidden_layers": 4, ")" + std::string(key) + R"(": [1, 3, 99])"), "sfsf");
  EXPECT_EQ(
      kinds(R"("num_hidden_layers": 4, "linear_attn_config": {"full_attn_layers": [4], "kda_layers": [1, 2, 3]})"),
      "sssf");
}

TEST(CacheKeys, ChunksByTheirFlags) {
  const std::string llama4 = R"("num_hidden_layers": 4, "no_rope_layers": [1, 1, 1, 0])";
  EXPECT_EQ(kinds(llama4 + R"(, "attention_chunk_size": 8)"), "cccf");
  EXPECT_EQ(kinds(llama4), "ffff");
}

TEST(CacheKeys, PeriodsOfLayers) {
  EXPECT_EQ(kinds(R"("num_hidden_layers": 10, "attn_layer_period": 4, "attn_layer_offset": 1)"), "sfsssfsssf");
  EXPECT_EQ(kinds(R"("num_hidden_layers": 8, "layer_group_size": 4)"), "sssfsssf");
  EXPECT_EQ(kinds(R"("num_hidden_layers": 8, "full_attention_interval": 4)"), "sssfsssf");
  EXPECT_EQ(
      kinds(R"("num_hidden_layers": 7, "model_type": "gemma3_text", "sliding_window": 4, "sliding_window_pattern": 3)"),
      "wwfwwfw");
  EXPECT_EQ(
      kinds(
          R"("num_hidden_layers": 7, "model_type": "modernbert-decoder", "sliding_window": 4, "global_attn_every_n_layers": 3)"),
      "fwwfwwf");
  const std::string qwen =
      R"("num_hidden_layers": 4, "model_type": "qwen2", "sliding_window": 4, "max_window_layers": 2)";
  EXPECT_EQ(kinds(qwen + R"(, "use_sliding_window": true)"), "ffww");
  EXPECT_EQ(kinds(qwen), "ffff");
  EXPECT_EQ(kinds(R"("num_hidden_layers": 4, "model_type": "gemma2", "sliding_window": 4)"), "wfwf");
  EXPECT_EQ(kinds(R"("num_hidden_layers": 2, "model_type": "mistral", "sliding_window": 4)"), "ww");
  EXPECT_EQ(kinds(R"("num_hidden_layers": 2, "model_type": "mistral", "sliding_window": null)"), "ff");
}

TEST(CacheKeys, WhichLayersHaveAWindowMayNotBeKnown) {
  for (const char* more : {R"("model_type": "mistral")", R"("model_type": "brandnew", "sliding_window": 4)"}) {
    const auto cache = token_cache(model_of(small(R"("num_hidden_layers": 2, )" + std::string(more))).config.cache);
    ASSERT_TRUE(cache) << more;
    EXPECT_EQ(cache->bytes_per_token, 16U) << more;
    EXPECT_EQ(cache->bytes_at_context, std::nullopt) << more;
  }
}

TEST(CacheKeys, LastLayersShare) {
  const Model model =
      model_of(small(R"("num_hidden_layers": 5, "sliding_window": 4, "num_kv_shared_layers": 2, "layer_types": [
      "full_attention", "sliding_attention", "sliding_attention", "sliding_attention", "full_attention"])"));
  EXPECT_EQ(kinds(model), "fwwSS");
  EXPECT_EQ(model.config.cache.layers[3].shared_with, 2U);
  EXPECT_EQ(model.config.cache.layers[4].shared_with, 0U);
  EXPECT_EQ(kinds(R"("num_hidden_layers": 2, "num_kv_shared_layers": 2)"), "ff") << "there is nobody to share with";
}

TEST(CacheKeys, LayersShareInGroups) { EXPECT_EQ(kinds(R"("num_hidden_layers": 5, "cla_share_factor": 2)"), "fSfSf"); }

TEST(CacheKeys, ObjectsOfLayers) {
  const Model model = model_of(
      small(R"("num_hidden_layers": 3, "block_configs": [{"attention": {"n_heads_in_group": 2, "no_op": false}},
      {"attention": {"n_heads_in_group": null, "no_op": true}}, {"attention": {"n_heads_in_group": 4}}])"));
  EXPECT_EQ(kinds(model), "f-f");
  EXPECT_EQ(per_token(model), (2U + 1) * 8);
}

TEST(CacheKeys, OfEntriesForSeveralTokensNothingIsTold) {
  EXPECT_EQ(note_of(R"("num_hidden_layers": 2, "compress_ratios": [128, 4])"),
            "token-cache : what it keeps of a text is not told: it keeps one entry for several tokens\n");
}

TEST(CacheKeys, EncodersKeepNothing) {
  const std::string layers = R"("num_hidden_layers": 2, )";
  for (const char* more :
       {R"("model_type": "bert")", R"("model_type": "bert", "is_decoder": false)", R"("model_type": "vit")",
        R"("architectures": ["ModernBertModel"])", R"("architectures": ["ViTModel"])",
        R"("model_type": "llama", "architectures": ["LlamaForSequenceClassification"])",
        R"("model_type": "gemma3_text", "use_bidirectional_attention": true)"}) {
    EXPECT_EQ(per_token(layers + more), 0U) << more;
    EXPECT_EQ(note_of(layers + more), "") << more;
  }
  EXPECT_EQ(per_token(layers + R"("model_type": "bert", "is_decoder": true)"), 16U);
  EXPECT_EQ(per_token(layers + R"("architectures": ["LlamaForCausalLM"])"), 16U);
  EXPECT_EQ(note_of(layers + R"("is_encoder_decoder": true)"),
            "token-cache : what it keeps of a text is not told: it reads one text and makes another, and keeps keys "
            "and values of both\n");
  EXPECT_EQ(note_of(layers + R"("model_type": "brandnew", "architectures": ["Brandnew"])"),
            "token-cache : what it keeps of a text is not told: nothing says that Brandnew makes text\n");
}

TEST(CacheKeys, TensorsWin) {
  const std::string config = small(R"("num_hidden_layers": 3, "model_type": "llama")");
  const Model rows = model_of(config, {{"model.layers.0.self_attn.k_proj.weight", 2},
                                       {"model.layers.0.self_attn.v_proj.weight", 2},
                                       {"model.layers.1.self_attn.k_proj.weight", 4},
                                       {"model.layers.1.self_attn.v_proj.weight", 4}});
  EXPECT_EQ(per_token(rows), (4U + 8 + 4) * 2);
  EXPECT_EQ(
      notes_of(rows),
      "config-contradicts : keys and values of 1 layers are 4 numbers for a token and layer by the configuration, 8 "
      "by the tensors; the tensors count\n");
  const Model without =
      model_of(config, {{"model.layers.0.self_attn.k_proj.weight", 2}, {"model.layers.1.mlp.weight", 2}});
  EXPECT_EQ(kinds(without), "f-f");
  EXPECT_EQ(notes_of(without),
            "config-contradicts : 1 layers have no tensors that make keys, though they attend by the configuration; "
            "the tensors count\n");
}

TEST(CacheKeys, TensorsOfOneMatrixAreToldApart) {
  const auto of = [](const std::string& name, std::uint64_t rows) {
    return per_token(model_of(small(R"("num_hidden_layers": 1)"), {{"h.0." + name + ".weight", rows}}));
  };
  EXPECT_EQ(of("attn.c_attn", 8 + 2 * 4), 16U);
  EXPECT_EQ(of("attn.query_key_value", 8 + 2 * 2), 8U);
  EXPECT_EQ(of("attn.kv_proj", 12), 24U);
  EXPECT_EQ(of("self_attn.kv_a_proj_with_mqa", 5), 10U);
  EXPECT_EQ(of("attn.query_key_value", 7), 8U) << "no room for keys: the configuration counts";
}

TEST(CacheKeys, TowersAreNotLookedAt) {
  const Model model =
      model_of(small(R"("num_hidden_layers": 1)"), {{"vision_tower.layers.0.k_proj.weight", 8},
                                                    {"language_model.layers.0.self_attn.k_proj.weight", 2},
                                                    {"other.layers.0.k_proj.weight", 8},
                                                    {"language_model.layers.0.encoder_attn.k_proj.weight", 8}});
  EXPECT_EQ(per_token(model), 8U);
}

TEST(CacheKeys, WhatLiesIsANoteOrNothing) {
  for (const char* more :
       {R"("num_hidden_layers": -3)", R"("num_hidden_layers": 2, "num_key_value_heads": -1)",
        R"("num_hidden_layers": 2, "head_dim": 1e300)", R"("num_hidden_layers": 2, "head_dim": 18446744073709551615)",
        R"("num_hidden_layers": 2, "layer_types": [[["full_attention"]]])",
        R"("num_hidden_layers": 4, "num_kv_shared_layers": 18446744073709551615)",
        R"("num_hidden_layers": 4, "attn_layer_indices": [])",
        R"("num_hidden_layers": 4, "block_configs": [1, [2], null])"})
    model_of(small(more));
  EXPECT_EQ(note_of(R"("num_hidden_layers": 18446744073709551615)"),
            "token-cache : what it keeps of a text is not told: it is said to have 18446744073709551615 layers, more "
            "than 65536\n");
  std::string list;
  for (int i = 0; i < 1'000'000; ++i) list += i == 0 ? "1" : ",1";
  EXPECT_EQ(note_of(R"("num_hidden_layers": 50000, "attn_type_list": [)" + list + "]"),
            "token-cache : what it keeps of a text is not told: the configuration tells of 4096 layers of 50000\n");
}

}  // namespace
}  // namespace weigh::testing
