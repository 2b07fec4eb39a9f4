// What a name says of a module or a tensor.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "conventions/buffers.h"
#include "conventions/checkpoint_keys.h"
#include "conventions/embeddings.h"
#include "conventions/experts.h"
#include "conventions/file_names.h"
#include "conventions/layer_kinds.h"
#include "conventions/packed_layouts.h"
#include "conventions/parts.h"

namespace weigh::conventions {
namespace {

bool is_buffer_of(std::string_view name, std::size_t rank) {
  return is_buffer(name, std::vector<Extent>(rank, Extent(8)));
}

TEST(Buffers, AreKnownByTheirNames) {
  for (std::string_view name : {"original_inv_freq", "cos_cached",        "sin_cached",  "rotary_emb",
                                "freqs_cis",         "pos_encoding",      "pe",          "attn_mask",
                                "causal_mask",       "masked_bias",       "bias_mask",   "cluster_size",
                                "cluster_usage",     "embed_avg",         "embed_sum",   "inited",
                                "initialized",       "slope_rate",        "query_decay", "key_decay",
                                "diagonal_decay",    "final_logits_bias", "randlora_A",  "randlora_B"})
    EXPECT_TRUE(is_buffer_of(name, 2)) << name;
  for (std::string_view name : {"weight", "bias", "ope", "my_inv_freq", "inv_freq_", ""})
    EXPECT_FALSE(is_buffer_of(name, 2)) << name;
}

TEST(Buffers, AreKnownByTheEndsOfTheirNames) {
  EXPECT_TRUE(is_buffer_of("window_buffer", 1));
  EXPECT_FALSE(is_buffer_of("buffer", 1));
}

TEST(Buffers, AreKnownByTheirPaths) {
  EXPECT_TRUE(is_buffer_by_path("rope_freqs.weight"));
  EXPECT_TRUE(is_buffer_by_path("rope_factors_long.weight"));
  EXPECT_FALSE(is_buffer_by_path("blk.0.rope_freqs.weight"));
}

TEST(Buffers, OfSchedulesAreVectors) {
  for (std::string_view name : {"sigmas", "log_sigmas", "p2_loss_weight", "loss_weight", "lvlb_weights"}) {
    EXPECT_TRUE(is_buffer_of(name, 1)) << name;
    EXPECT_FALSE(is_buffer_of(name, 2)) << name;
  }
}

TEST(Buffers, AreKnownByWhatStandsBeside) {
  const std::vector<Extent> matrix = {Extent(8), Extent(8)};
  for (const auto& [name, sibling] : std::vector<std::pair<std::string_view, std::string_view>>{{"embeddings", "z_avg"},
                                                                                                {"z_avg", "N"},
                                                                                                {"N", "z_avg"},
                                                                                                {"k", "k_sum"},
                                                                                                {"k_sum", "k_elem"},
                                                                                                {"k_elem", "k_sum"}}) {
    EXPECT_TRUE(may_be_buffer(name)) << name;
    EXPECT_TRUE(is_buffer_beside(name, sibling, matrix)) << name;
    EXPECT_FALSE(is_buffer_beside(name, "weight", matrix)) << name;
  }
  for (std::string_view sibling : {"lora_A", "lokr_w1", "lokr_w1_a", "oft_blocks", "oft_diag", "on_input"}) {
    EXPECT_TRUE(is_buffer_beside("alpha", sibling, {})) << sibling;
    EXPECT_FALSE(is_buffer_beside("alpha", sibling, matrix)) << "one number for an adapter";
  }
}

TEST(Buffers, OfLossesAreVectors) {
  const std::vector<Extent> vector = {Extent(8)};
  for (std::string_view name : {"alpha", "class_weights", "class_weight", "weights", "empty_weight"}) {
    EXPECT_TRUE(is_buffer_of_loss(name, vector)) << name;
    EXPECT_FALSE(is_buffer_of_loss(name, {})) << name;
  }
  for (std::string_view name : {"loss", "loss_fn", "bce_loss", "BCELoss", "criterion"})
    EXPECT_TRUE(is_loss(name)) << name;
  for (std::string_view name : {"gloss_norm", "fc", "los"}) EXPECT_FALSE(is_loss(name)) << name;
}

TEST(Embeddings, AreKnownByTheNamesOfTheirModules) {
  for (std::string_view name : {"wte", "tok_embeddings", "embed_in"}) {
    EXPECT_TRUE(is_text_embedding(name)) << name;
    EXPECT_FALSE(is_output_embedding(name)) << name;
  }
  EXPECT_TRUE(is_output_embedding("embed_out"));
  EXPECT_FALSE(is_text_embedding("embed_out"));
  EXPECT_FALSE(is_text_embedding("embed"));
  for (std::string_view name : {"word_embedding", "tokens_embed", "embed"})
    EXPECT_TRUE(may_be_text_embedding(name) && !is_text_embedding(name)) << name;
  for (std::string_view name : {"output", "decoder", "proj_out", "output_projection", "lm_loss", "vocab_projector",
                                "generator_lm_head", "word_embeddings_for_head", "output_layer", "unembedding"})
    EXPECT_TRUE(may_be_output_embedding(name) && !is_output_embedding(name)) << name;
}

TEST(Embeddings, TypesThatShareTheirInputs) {
  for (std::string_view type : {"t5", "mt5", "umt5", "longt5", "switch_transformers"})
    EXPECT_TRUE(always_shares_inputs(type)) << type;
  EXPECT_FALSE(always_shares_inputs("bart"));
}

TEST(Embeddings, TypesWithTwoModels) {
  for (std::string_view type : {"encoder-decoder", "speech-encoder-decoder", "vision-encoder-decoder"})
    EXPECT_TRUE(has_two_models(type)) << type;
  EXPECT_FALSE(has_two_models("bart"));
}

TEST(Embeddings, TypesThatAlwaysTellTies) {
  for (std::string_view type : {"qwen2_vl", "qwen2_5_vl"}) EXPECT_TRUE(always_tells_ties(type)) << type;
  EXPECT_FALSE(always_tells_ties("qwen2"));
}

TEST(PartNames, AreKnown) {
  for (std::string_view name :
       {"visual", "vision_encoder", "image_encoder", "mm_projector", "vision_projection", "audio_tower", "audio_model",
        "audio_encoder", "apm", "audio_projection_layer", "speech_encoder", "embed_tokens_extend", "vision_moe"})
    EXPECT_EQ(part_kind(name), PartKind::tower) << name;
  EXPECT_EQ(part_kind("mtp_layers"), PartKind::predicting);
  EXPECT_EQ(part_kind("llm"), PartKind::language_model);
  EXPECT_EQ(part_kind("blk"), PartKind::layers);
  EXPECT_EQ(part_kind("encoder"), PartKind::none);
}

TEST(PartNames, AreKnownByTheirWords) {
  for (std::string_view name :
       {"vision", "embed_vision", "visual_expert", "image_proj", "images", "video_encoder", "audio_bos", "speech"})
    EXPECT_EQ(part_kind(name), PartKind::tower) << name;
  for (std::string_view name : {"provision", "revisual", "self_attn", ""})
    EXPECT_EQ(part_kind(name), PartKind::none) << name;
  for (std::string_view name :
       {"projector", "connector", "aligner", "patch_merger", "resampler", "perceiver", "qformer", "multimodal_proj"})
    EXPECT_TRUE(may_be_bridge(name)) << name;
  EXPECT_FALSE(may_be_bridge("o_proj"));
}

TEST(ExpertsNames, AreKnown) {
  for (std::string_view name : {"local_experts", "routed_experts", "moe_experts", "mlp_experts"})
    EXPECT_TRUE(is_list_of_experts(name)) << name;
  EXPECT_FALSE(is_list_of_experts("shared_experts"));
  EXPECT_TRUE(holds_packed_experts("ffn_up_exps"));
  EXPECT_TRUE(is_mixture("block_sparse_moe"));
  EXPECT_TRUE(is_router_of_another_pool("weight_1"));
  for (std::string_view name : {"weight_0", "weight_10", "weight_", "weight"})
    EXPECT_FALSE(is_router_of_another_pool(name)) << name;
}

TEST(CheckpointKeys, AreKnown) {
  for (std::string_view key : {"model_state", "params_g", "weights", "my_state_dict", "net_ema"})
    EXPECT_TRUE(is_named_like_a_model(key)) << key;
  EXPECT_FALSE(is_named_like_a_model("metrics"));
  EXPECT_TRUE(is_named_like_a_model("param")) << "of params_ema";
  EXPECT_TRUE(is_named_like_a_model("weight"));
  EXPECT_TRUE(is_named_like_a_model("model"));
  for (std::string_view key : {"EMA", "swa", "averag", "model_avg", "shadow"})
    EXPECT_TRUE(is_named_like_an_average(key)) << key;
  for (std::string_view key : {"ema_model", "modelEMA", "EMAModel", "ema0.999", "current_model_state"})
    EXPECT_TRUE(is_named_like_an_average(key)) << key;
  for (std::string_view key : {"teacher", "semantic_quantizer", "schema", "remap", "swap"})
    EXPECT_FALSE(is_named_like_an_average(key)) << key;
}

TEST(CheckpointKeys, OfMoments) {
  for (std::string_view key : {"moments", "accum", "exp_avg", "exp_avg_sq", "momentum_buffer", "mean_square", "moment"})
    EXPECT_TRUE(is_named_like_a_moment(key)) << key;
  EXPECT_FALSE(is_named_like_a_moment("model"));
}

TEST(FileNames, AreKnown) {
  for (std::string_view stem :
       {"diffusion_flax_model", "flax_model", "tf_model", "rust_model", "adapter_model", "adapter", "consolidated"})
    EXPECT_TRUE(is_usual_stem(stem)) << stem;
  EXPECT_FALSE(is_usual_stem("resnet"));
  for (std::string_view word : {"fp16", "fp32", "bf16", "fp8", "f16", "f32", "fp64", "half", "float16", "bfloat16",
                                "float32", "int8", "ema", "8bit", "non_ema", "4bit"})
    EXPECT_TRUE(is_variant(word)) << word;
  EXPECT_FALSE(is_variant("fp"));
  for (std::string_view name :
       {"training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scheduler.bin", "scaler.pt",
        "rng_state.pth", "optimizer.safetensors", "training_args.pt", "rng_state_0.pth", "random_states_1.pkl"})
    EXPECT_TRUE(is_trainer_file(name)) << name;
  EXPECT_FALSE(is_trainer_file("model.pt"));
  for (std::string_view ending :
       {".json", ".jsonl", ".md",  ".txt",  ".py",    ".yaml", ".yml",   ".csv", ".tsv", ".log",  ".toml",
        ".html", ".png",   ".jpg", ".jpeg", ".jinja", ".sh",   ".model", ".cfg", ".ini", ".webp", ".parquet"})
    EXPECT_TRUE(is_surely_no_model("x" + std::string(ending))) << ending;
  EXPECT_FALSE(is_surely_no_model("model.pt"));
  EXPECT_FALSE(is_surely_no_model("json"));
}

TEST(PackedOverhead, IsKnownByName) {
  for (std::string_view name : {"weight_g_idx", "weight_zero", "weight:scale", "weight:zero_point", "input_amax",
                                "perm", "workspace", "scale", "SCB"})
    EXPECT_TRUE(is_overhead(name)) << name;
  for (std::string_view name : {"weight", "bias", "scale_", "SCBs", "zeros"}) EXPECT_FALSE(is_overhead(name)) << name;
  EXPECT_TRUE(is_overhead("_g_idx"));
  EXPECT_TRUE(is_overhead("_zero"));
  for (std::string_view name : {"weight_qbiases", "scale_inv", "zero_point", "scale_2", "global_scale", "mul1",
                                "q_group_map", "q_perm", "res_centroids", "outlier_centroids", "wtscale", "wcscales"})
    EXPECT_TRUE(is_overhead(name)) << name;
  EXPECT_TRUE(is_overhead("_qbiases"));
  EXPECT_TRUE(is_overhead(":scale"));
  EXPECT_TRUE(is_overhead(":zero_point"));
  EXPECT_TRUE(is_overhead("_amax"));
  EXPECT_TRUE(is_scale_of_cache("k_scale"));
  EXPECT_FALSE(is_scale_of_cache("q_scale"));
}

TEST(PackedName, TellsTheRoleAndTheWeight) {
  const auto told = [](std::string_view name) {
    const PackedName found = packed_name(name);
    return std::pair(found.role, found.weight);
  };
  EXPECT_EQ(told("weight_scale"), std::pair(PackedRole::scale, std::string_view("weight")));
  EXPECT_EQ(told("scale_weight"), std::pair(PackedRole::scale, std::string_view("weight")));
  EXPECT_EQ(told("weight_global_scale"), std::pair(PackedRole::second_scale, std::string_view("weight")));
  EXPECT_EQ(told("scales"), std::pair(PackedRole::scale, std::string_view()));
  EXPECT_EQ(told("g_idx"), std::pair(PackedRole::order, std::string_view()));
  EXPECT_EQ(told("proj_down"), std::pair(PackedRole::low_in, std::string_view()));
  EXPECT_EQ(told("weight"), std::pair(PackedRole::data, std::string_view()));
}

}  // namespace
}  // namespace weigh::conventions
