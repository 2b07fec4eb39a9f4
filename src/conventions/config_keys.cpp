#include "conventions/config_keys.h"

#include <algorithm>
#include <array>

namespace weigh::conventions {
namespace {

using enum ConfigFact;

constexpr std::string_view kUnderManyNames = "conventions/config_keys.json";

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<ConfigKeyRow>({
    {{"text_config", "the language model's part", "transformers 5.24: 142 types", kUnderManyNames}, text_object},
    {{"llm_config", "the language model's part", "InternVL's own code", kUnderManyNames}, text_object},
    {{"language_config", "the language model's part", "DeepSeek-VL's own code", kUnderManyNames}, text_object},
    {{"language_model_config", "the language model's part", "authors' own code", kUnderManyNames}, text_object},
    {{"thinker_config.text_config", "the language model's part", "transformers 5.24: qwen2_5_omni", kUnderManyNames}, text_object},
    {{"text_model_config", "the language model's part", "authors' own code", kUnderManyNames}, text_object},
    {{"decoder", "the language model's part", "transformers 5.24: encoder_decoder, musicgen", kUnderManyNames}, text_object},
    {{"model_config", "the language model's part", "authors' own code", kUnderManyNames}, text_object},
    {{"model_type", "the class's name", "transformers 5.24", "seed_models/Kimi-K2-Thinking.json"}, model_type},
    {{"num_hidden_layers", "layers", "transformers 5.24: 356 types", "seed_models/Kimi-K2-Thinking.json"}, layers},
    {{"n_layer", "layers", "transformers 5.24: bloom, gpt2", kUnderManyNames}, layers},
    {{"n_layers", "layers", "transformers 5.24: dbrx, mpt", kUnderManyNames}, layers},
    {{"num_layers", "layers", "transformers 5.24: longt5; ChatGLM's own code", kUnderManyNames}, layers},
    {{"decoder_layers", "layers", "transformers 5.24: trocr", "CacheKeys.TellHeadsUnderManyNames"}, layers},
    {{"num_nextn_predict_layers", "layers that predict further tokens", "transformers 5.24: deepseek_v4, nemotron_h", "seed_models/Kimi-K2-Thinking.json"}, predicting_layers},
    {{"mtp_num_layers", "layers that predict further tokens", "authors' own code", kUnderManyNames}, predicting_layers},
    {{"num_mtp_modules", "layers that predict further tokens", "MiniMax-M2's own code", "seed_models/MiniMax-M2.json"}, predicting_layers},
    {{"num_mtp_layers", "layers that predict further tokens", "transformers 5.24: glm4_moe, mellum", kUnderManyNames}, predicting_layers},
    {{"hidden_size", "width of a token", "transformers 5.24: 386 types", "seed_models/MiniMax-M2.json"}, width},
    {{"n_embd", "width of a token", "transformers 5.24: gpt2", kUnderManyNames}, width},
    {{"d_model", "width of a token", "transformers 5.24: longt5, mpt", kUnderManyNames}, width},
    {{"num_attention_heads", "heads that ask", "transformers 5.24: 365 types", "seed_models/MiniMax-M2.json"}, heads},
    {{"n_head", "heads that ask", "transformers 5.24: bloom, gpt2", kUnderManyNames}, heads},
    {{"n_heads", "heads that ask", "transformers 5.24: dbrx, mpt", kUnderManyNames}, heads},
    {{"num_heads", "heads that ask", "transformers 5.24: gpt_neo", "CacheKeys.TellHeadsUnderManyNames"}, heads},
    {{"attention_heads", "heads that ask", "transformers 5.24: xglm", "CacheKeys.TellHeadsUnderManyNames"}, heads},
    {{"decoder_attention_heads", "heads that ask", "transformers 5.24: trocr", "CacheKeys.TellHeadsUnderManyNames"}, heads},
    {{"num_key_value_heads", "heads of keys and values", "transformers 5.24: 186 types", "seed_models/MiniMax-M2.json"}, key_value_heads},
    {{"num_kv_heads", "heads of keys and values", "transformers 5.24: falcon", kUnderManyNames}, key_value_heads},
    {{"n_head_kv", "heads of keys and values", "Falcon's own code", kUnderManyNames}, key_value_heads},
    {{"num_query_groups", "heads of keys and values", "Megatron; Nemotron's own code", kUnderManyNames}, key_value_heads},
    {{"multi_query_group_num", "heads of keys and values", "ChatGLM's own code", kUnderManyNames}, key_value_heads},
    {{"attn_config.kv_n_heads", "heads of keys and values", "transformers 5.24: dbrx", kUnderManyNames}, key_value_heads},
    {{"head_dim", "size of a head's key or value", "transformers 5.24: 120 types", "seed_models/MiniMax-M2.json"}, head_size},
    {{"kv_channels", "size of a head's key or value", "transformers 5.24: jetmoe; ChatGLM's own code", kUnderManyNames}, head_size},
    {{"attention_head_dim", "size of a head's key or value", "transformers 5.24: zamba", kUnderManyNames}, head_size},
    {{"v_head_dim", "size of a head's value", "transformers 5.24: mimo_v2_flash", "CacheKeys.LayersHaveHeadsOfTheirOwn"}, value_size},
    {{"swa_num_key_value_heads", "heads of keys and values", "transformers 5.24: mimo_v2_flash", "CacheKeys.LayersHaveHeadsOfTheirOwn"}, window_heads},
    {{"swa_head_dim", "size of a head's key", "transformers 5.24: mimo_v2_flash", "CacheKeys.LayersHaveHeadsOfTheirOwn"}, window_head_size},
    {{"swa_v_head_dim", "size of a head's value", "transformers 5.24: mimo_v2_flash", "CacheKeys.LayersHaveHeadsOfTheirOwn"}, window_value_size},
    {{"num_global_key_value_heads", "heads of keys and values", "transformers 5.24: gemma4", "CacheKeys.LayersHaveHeadsOfTheirOwn"}, full_heads},
    {{"global_head_dim", "size of a head's key or value", "transformers 5.24: gemma4", "CacheKeys.LayersHaveHeadsOfTheirOwn"}, full_head_size},
    {{"index_head_dim", "size of the index of a token", "transformers 5.24: deepseek_v32", "CacheKeys.AnIndexIsKeptBesideTheLatentVector"}, index_size},
    {{"multi_query", "one key and value for all heads", "transformers 5.24: gpt_bigcode, falcon", "CacheKeys.OneHeadServesAll"}, multi_query},
    {{"new_decoder_architecture", "keys and values are kept for each head that asks", "transformers 5.24: falcon", "CacheKeys.OneHeadServesAll"}, many_queries},
    {{"kv_lora_rank", "what latent attention keeps", "transformers 5.24: deepseek_v3 and 18 more", "seed_models/Kimi-K2-Thinking.json"}, latent_rank},
    {{"qk_rope_head_dim", "what it keeps for rotary positions", "transformers 5.24: deepseek_v3 and 18 more", "seed_models/Kimi-K2-Thinking.json"}, latent_rotary_size},
    {{"max_position_embeddings", "longest text", "transformers 5.24: 304 types", "seed_models/MiniMax-M2.json"}, context},
    {{"n_positions", "longest text", "transformers 5.24: gpt2", kUnderManyNames}, context},
    {{"max_sequence_length", "longest text", "authors' own code", kUnderManyNames}, context},
    {{"seq_length", "longest text", "ChatGLM's own code", kUnderManyNames}, context},
    {{"max_seq_len", "longest text", "transformers 5.24: dbrx, mpt", kUnderManyNames}, context},
    {{"sliding_window", "what sliding layers look back at", "transformers 5.24: 71 types", kUnderManyNames}, window},
    {{"attention_chunk_size", "what layers look back at in chunks", "transformers 5.24: llama4", "CacheKeys.ChunksByTheirFlags"}, chunk},
    {{"use_sliding_window", "whether the window counts", "transformers 5.24: qwen2 and its kin", kUnderManyNames}, uses_window},
    {{"layer_types", "a word for each layer", "transformers 5.24: 78 types", kUnderManyNames}, layer_kinds},
    {{"layers_block_type", "a word for each layer", "transformers 5.24: zamba2, granitemoehybrid", "CacheKeys.WordsOfLayers"}, layer_kinds},
    {{"hybrid_override_pattern", "a letter for each layer", "Nemotron-H's own code", "CacheKeys.LettersOfLayers"}, layer_letters},
    {{"block_configs", "an object for each layer", "Nemotron-NAS's own code", "CacheKeys.ObjectsOfLayers"}, layer_blocks},
    {{"block_types", "a word for each layer of a period", "transformers 5.24: recurrent_gemma", "CacheKeys.WordsOfLayers"}, layers_repeat},
    {{"attn_type_list", "1 for each layer that attends", "MiniMax-Text-01's own code", "CacheKeys.NumbersOfLayers"}, attending_flags},
    {{"hybrid_layer_pattern", "1 for each layer with a window", "MiMo-V2's own code", "CacheKeys.NumbersOfLayers"}, window_flags},
    {{"no_rope_layers", "0 for each layer without positions, which looks back at all", "transformers 5.24: llama4", "CacheKeys.ChunksByTheirFlags"}, chunk_flags},
    {{"attn_layer_indices", "the layers that attend", "transformers 5.24: bamba", "CacheKeys.NumbersOfLayers"}, attending_layers},
    {{"full_attn_idxs", "the layers that attend", "LFM2 before transformers 4.54", "CacheKeys.NumbersOfLayers"}, attending_layers},
    {{"hybrid_layer_ids", "the layers that attend", "Zamba2 before transformers 5", "CacheKeys.NumbersOfLayers"}, attending_layers},
    {{"linear_attn_config.full_attn_layers", "the layers that attend, from 1 on", "Kimi-Linear's own code", "CacheKeys.NumbersOfLayers"}, attending_ordinals},
    {{"full_attention_interval", "of so many layers one attends", "Qwen3-Next's config.json", kUnderManyNames}, attention_interval},
    {{"layer_group_size", "of so many layers one attends", "transformers 5.24: bailing_hybrid", "CacheKeys.PeriodsOfLayers"}, attention_interval},
    {{"attn_layer_period", "of so many layers one attends", "transformers 5.24: jamba", kUnderManyNames}, attention_period},
    {{"attn_layer_offset", "the first of them", "transformers 5.24: jamba", "CacheKeys.PeriodsOfLayers"}, attention_offset},
    {{"sliding_window_pattern", "of so many layers one looks back at all", "transformers before 4.53: gemma3, cohere2", "CacheKeys.PeriodsOfLayers"}, window_period},
    {{"global_attn_every_n_layers", "of so many layers one looks back at all", "transformers 5.24: afmoe, modernbert-decoder", "CacheKeys.PeriodsOfLayers"}, window_period},
    {{"max_window_layers", "the first layer with a window", "transformers 5.24: qwen2", "CacheKeys.PeriodsOfLayers"}, window_from},
    {{"num_kv_shared_layers", "the last layers, which share", "transformers 5.24: gemma3n, gemma4", "CacheKeys.LastLayersShare"}, shared_layers},
    {{"cla_share_factor", "so many layers share", "HunYuan-Large's own code", "CacheKeys.LayersShareInGroups"}, sharing_factor},
    {{"compress_ratios", "one entry for so many tokens", "DeepSeek-V4's config.json", "CacheKeys.OfEntriesForSeveralTokensNothingIsTold"}, compressed},
    {{"is_decoder", "whether it makes text", "transformers 5.24: bert and its kin", "CacheKeys.EncodersKeepNothing"}, is_decoder},
    {{"is_encoder_decoder", "a text is read, another is made", "transformers 5.24: bart, t5", "CacheKeys.EncodersKeepNothing"}, is_encoder_decoder},
    {{"use_bidirectional_attention", "looks at what follows, too", "transformers 5.24: gemma3_text", "CacheKeys.EncodersKeepNothing"}, looks_ahead},
    {{"torch_dtype", "what it computes in", "transformers before 5", "seed_models/Kimi-K2-Thinking.json"}, dtype},
    {{"dtype", "what it computes in", "transformers 5.24", kUnderManyNames}, dtype},
    {{"tie_word_embeddings", "whether the output layer is the embedding", "transformers 5.24: 336 types", "seed_models/MiniMax-M2.json"}, tied_embeddings},
    {{"n_routed_experts", "experts of a layer", "transformers 5.24: deepseek_v3 and 28 more", "seed_models/Kimi-K2-Thinking.json"}, experts},
    {{"num_routed_experts", "experts of a layer", "authors' own code", kUnderManyNames}, experts},
    {{"num_local_experts", "experts of a layer", "transformers 5.24: mixtral and 17 more", "seed_models/MiniMax-M2.json"}, experts},
    {{"num_experts", "experts of a layer", "transformers 5.24: qwen3_moe and 28 more", kUnderManyNames}, experts},
    {{"moe_num_experts", "experts of a layer, or of each pool", "transformers 5.24: ernie4_5_moe, aria", "seed_models/ERNIE-4.5-VL-28B-A3B-Thinking.json"}, experts},
    {{"n_experts", "experts of a layer", "authors' own code", kUnderManyNames}, experts},
    {{"ffn_config.moe_num_experts", "experts of a layer", "transformers 5.24: dbrx", kUnderManyNames}, experts},
    {{"num_moe_experts", "experts of a layer", "Megatron", kUnderManyNames}, experts},
    {{"num_experts_per_tok", "experts that a token uses", "transformers 5.24: 67 types", "seed_models/Kimi-K2-Thinking.json"}, experts_per_token},
    {{"num_experts_per_token", "experts that a token uses", "authors' own code", kUnderManyNames}, experts_per_token},
    {{"moe_k", "experts that a token uses", "transformers 5.24: ernie4_5_moe", "seed_models/ERNIE-4.5-VL-28B-A3B-Thinking.json"}, experts_per_token},
    {{"moe_topk", "experts that a token uses", "transformers 5.24: hunyuan_v1_moe, longcat_flash", kUnderManyNames}, experts_per_token},
    {{"moe_top_k", "experts that a token uses", "authors' own code", kUnderManyNames}, experts_per_token},
    {{"n_experts_per_token", "experts that a token uses", "authors' own code", kUnderManyNames}, experts_per_token},
    {{"num_selected_experts", "experts that a token uses", "authors' own code", kUnderManyNames}, experts_per_token},
    {{"top_k_experts", "experts that a token uses", "transformers 5.24: gemma4", kUnderManyNames}, experts_per_token},
    {{"ffn_config.moe_top_k", "experts that a token uses", "transformers 5.24: dbrx", kUnderManyNames}, experts_per_token},
    {{"num_activated_experts", "experts that a token uses", "authors' own code", kUnderManyNames}, experts_per_token},
    {{"moe_router_topk", "experts that a token uses", "Megatron", kUnderManyNames}, experts_per_token},
    {{"experts_per_token", "experts that a token uses", "gpt-oss as OpenAI ships it", kUnderManyNames}, experts_per_token},
    {{"zero_expert_num", "experts that compute nothing", "transformers 5.24: longcat_flash", "reports/places.json"}, empty_experts},
    {{"n_shared_experts", "experts that every token uses", "transformers 5.24: deepseek_v3 and 25 more", "seed_models/Kimi-K2-Thinking.json"}, shared_experts},
    {{"num_shared_experts", "experts that every token uses", "transformers 5.24: afmoe, hy_v3", kUnderManyNames}, shared_experts},
    {{"num_shared_expert", "experts that every token uses", "HunYuan's own code", kUnderManyNames}, shared_experts},
    {{"moe_num_shared_experts", "experts that every token uses", "transformers 5.24: ernie4_5_moe, aria", "seed_models/ERNIE-4.5-VL-28B-A3B-Thinking.json"}, shared_experts},
    {{"shared_expert_intermediate_size", "width of the one expert that every token uses", "transformers 5.24: qwen3_next and 7 more", kUnderManyNames}, shared_expert_width},
    {{"quantization_config.quant_method", "who packed the weights", "transformers 5.24", "quantized/transformers_bitnet"}, packing_method},
    {{"quantization_config.quant_algo", "how the weights were packed", "modelopt 0.47", "quantized_apart/hf_quant_config.json"}, packing_algorithm},
    {{"quantization_config.bits", "bits of a weight", "gptqmodel 7.7", "conventions/config_keys.json"}, packing_bits},
    {{"quantization_config.w_bit", "bits of a weight", "llm-awq", kUnderManyNames}, packing_bits},
    {{"quantization.bits", "bits of a weight", "mlx-lm", "quantized/mlx_int4"}, packing_bits},
    {{"quantization_config.nbits", "bits of a weight", "HQQ", kUnderManyNames}, packing_bits},
    {{"quantization_config.weights.nbits", "bits of a weight", "authors' own code", kUnderManyNames}, packing_bits},
    {{"quantization_config.quant_config.weight_quant_params.nbits", "bits of a weight", "transformers 5.24: HqqConfig", "quantized/hqq_int4"}, packing_bits},
    {{"quantization_config.group_size", "weights that share a scale", "gptqmodel 7.7", "conventions/config_keys.json"}, packing_group_size},
    {{"quantization.group_size", "weights that share a scale", "mlx-lm", "quantized/mlx_int4"}, packing_group_size},
    {{"quantization_config.q_group_size", "weights that share a scale", "llm-awq", kUnderManyNames}, packing_group_size},
    {{"quantization_config.quant_config.weight_quant_params.group_size", "weights that share a scale", "transformers 5.24: HqqConfig", "quantized/hqq_int4"}, packing_group_size},
    {{"quantization_config.config_groups.*.weights.num_bits", "bits of a weight", "compressed-tensors", "quantized/compressed_int4"}, group_bits},
    {{"compression_config.config_groups.*.weights.num_bits", "bits of a weight", "compressed-tensors", kUnderManyNames}, group_bits},
    {{"quantization_config.config_groups.*.weights.group_size", "weights that share a scale", "compressed-tensors", "quantized/compressed_int4"}, group_group_size},
    {{"compression_config.config_groups.*.weights.group_size", "weights that share a scale", "compressed-tensors", kUnderManyNames}, group_group_size},
    {{"quantization_config.module_quant_configs.*.num_bits", "bits of a weight", "transformers 5.24: gemma_quant", "ConfigKeys.BelievesOneNumberOfBitsUnlessPatternsGiveOthers"}, pattern_bits},
    {{"quantization_config.module_quant_configs.*.group_size", "weights that share a scale", "transformers 5.24: gemma_quant", "conventions/config_keys.json"}, pattern_group_size},
    {{"quantization_config.num_bits", "bits of a weight", "transformers 5.24: gemma_quant", "ConfigKeys.BelievesOneNumberOfBitsUnlessPatternsGiveOthers"}, bits_beside_patterns},
    {{"quantization.*.bits", "bits of a weight", "mlx-lm", "quantized/mlx_int4_int8"}, layer_bits},
    {{"quantization.*.group_size", "weights that share a scale", "mlx-lm", "quantized/mlx_int4_int8"}, layer_group_size},
});

constexpr auto kGgufRows = std::to_array<ConfigKeyRow>({
    {{"block_count", "layers, those that predict further tokens among them", "llama.cpp (gguf 0.19)", "gguf/small.gguf"}, layers},
    {{"nextn_predict_layers", "layers that predict further tokens", "llama.cpp (gguf 0.19)", "Gguf.TellsWhatATokenUsesOfAMixtureOfExperts"}, predicting_layers},
    {{"embedding_length", "width of a token", "llama.cpp (gguf 0.19)", "GgufCache.IsToldByLayer"}, width},
    {{"attention.head_count", "heads that ask", "llama.cpp (gguf 0.19)", "GgufCache.IsToldByLayer"}, heads},
    {{"attention.head_count_kv", "heads of keys and values, or of those of each layer", "llama.cpp (gguf 0.19)", "GgufCache.IsToldByLayer"}, key_value_heads},
    {{"attention.key_length", "size of a head's key", "llama.cpp (gguf 0.19)", "GgufCache.IsToldByLayer"}, head_size},
    {{"attention.value_length", "size of a head's value", "llama.cpp (gguf 0.19)", "GgufCache.IsToldByLayer"}, value_size},
    {{"attention.key_length_mla", "says that keys are kept as one vector", "llama.cpp (gguf 0.19)", "GgufCache.KeepsALatentVector"}, full_head_size},
    {{"attention.indexer.key_length", "size of the index of a token", "llama.cpp (gguf 0.19)", "GgufCache.KeepsALatentVector"}, index_size},
    {{"attention.kv_lora_rank", "what latent attention keeps", "llama.cpp (gguf 0.19)", "GgufCache.KeepsALatentVector"}, latent_rank},
    {{"rope.dimension_count", "what it keeps for rotary positions", "llama.cpp (gguf 0.19)", "GgufCache.KeepsALatentVector"}, latent_rotary_size},
    {{"context_length", "longest text", "llama.cpp (gguf 0.19)", "GgufCache.IsToldByLayer"}, context},
    {{"attention.sliding_window", "what sliding layers look back at", "llama.cpp (gguf 0.19)", "GgufCache.KeepsAWindow"}, window},
    {{"full_attention_interval", "of so many layers one attends", "llama.cpp (gguf 0.19)", "GgufCache.IsToldByLayer"}, attention_interval},
    {{"attention.sliding_window_pattern", "of so many layers one looks back at all, or 1 for each layer with a window", "llama.cpp (gguf 0.19)", "GgufCache.KeepsAWindow"}, window_period},
    {{"attention.shared_kv_layers", "the last layers, which share", "llama.cpp (gguf 0.19)", "GgufCache.KeepsAWindow"}, shared_layers},
    {{"attention.causal", "false of a model that looks at what follows", "llama.cpp (gguf 0.19)", "GgufCache.OfAnEncoderIsNothing"}, looks_ahead},
    {{"expert_count", "experts of a layer", "llama.cpp (gguf 0.19)", "Gguf.TellsWhatATokenUsesOfAMixtureOfExperts"}, experts},
    {{"expert_used_count", "experts that a token uses", "llama.cpp (gguf 0.19)", "Gguf.TellsWhatATokenUsesOfAMixtureOfExperts"}, experts_per_token},
    {{"expert_shared_count", "experts that every token uses", "llama.cpp (gguf 0.19)", "Gguf.TellsWhatATokenUsesOfAMixtureOfExperts"}, shared_experts},
});
// clang-format on

constexpr auto kFacts = static_cast<std::size_t>(count_);

// Keys, and where those of each fact begin.
template <std::size_t N>
struct Keys {
  consteval explicit Keys(const std::array<ConfigKeyRow, N>& rows) {
    for (std::size_t i = 0; i < N; ++i) {
      names[i] = rows[i].name;
      for (std::size_t later = static_cast<std::size_t>(rows[i].fact) + 1; later <= kFacts; ++later) ++first[later];
    }
  }
  std::span<const std::string_view> of(ConfigFact fact) const {
    const auto i = static_cast<std::size_t>(fact);
    return std::span(names).subspan(first[i], first[i + 1] - first[i]);
  }

  std::array<std::string_view, N> names;
  std::array<std::uint16_t, kFacts + 1> first = {};
};

constexpr bool is_by_fact(const auto& rows) { return std::ranges::is_sorted(rows, {}, &ConfigKeyRow::fact); }
static_assert(is_by_fact(kRows) && is_by_fact(kGgufRows), "rows stand in the order of ConfigFact");

constexpr Keys kKeys(kRows);
constexpr Keys kGgufKeys(kGgufRows);

}  // namespace

std::span<const std::string_view> config_keys(ConfigFact fact) { return kKeys.of(fact); }
std::span<const std::string_view> gguf_keys(ConfigFact fact) { return kGgufKeys.of(fact); }

KeyPattern key_pattern(std::string_view key) {
  const std::size_t star = key.find('*');
  return {key.substr(0, star), key.substr(star + 1)};
}

std::span<const ConfigKeyRow> config_key_rows() { return kRows; }
std::span<const ConfigKeyRow> gguf_key_rows() { return kGgufRows; }

}  // namespace weigh::conventions
