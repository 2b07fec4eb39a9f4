#include "conventions/embeddings.h"

#include "conventions/names.h"

namespace weigh::conventions {
namespace {

using enum EmbeddingSide;

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<EmbeddingRow>({
    {{"embed_tokens", "tokens", "transformers 5.24: llama and its kin", "seed_models/Kimi-K2-Thinking.json"}, input},
    {{"wte", "tokens", "transformers 5.24: gpt2, mpt, dbrx", "Embeddings.AreKnownByTheNamesOfTheirModules"}, input},
    {{"word_embeddings", "tokens", "transformers 5.24: bert, bloom; Megatron", "megatron/one"}, input},
    {{"tok_embeddings", "tokens", "Meta's llama; transformers 5.24: modernbert", "Embeddings.AreKnownByTheNamesOfTheirModules"}, input},
    {{"token_embd", "tokens", "llama.cpp (gguf 0.19)", "gguf/small.gguf"}, input},
    {{"embed_in", "tokens", "transformers 5.24: gpt_neox", "Embeddings.AreKnownByTheNamesOfTheirModules"}, input},
    {{"shared", "tokens", "transformers 5.24: t5, bart", "reports/ties.json"}, perhaps_input},
    {{"embed", "tokens", "DeepSeek's own code", "reports/packed.json"}, perhaps_input},
    {{"embedding", "tokens", "gpt-oss as OpenAI ships it", "reports/packed.json"}, perhaps_input},
    {{"embeddings", "tokens", "transformers 5.24: mamba, rwkv", "reports/ties.json"}, perhaps_input},
    {{"word_embedding", "tokens", "transformers 5.24: xlnet", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_input},
    {{"tokens_embed", "tokens", "transformers 5.24: openai-gpt", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_input},
    {{"lm_head", "logits", "transformers 5.24: llama and its kin", "seed_models/Kimi-K2-Thinking.json"}, output},
    {{"embed_out", "logits", "transformers 5.24: gpt_neox_japanese", "Embeddings.AreKnownByTheNamesOfTheirModules"}, output},
    {{"head", "logits", "DeepSeek's own code; transformers 5.24: rwkv", "reports/packed.json"}, perhaps_output},
    {{"output", "logits", "Meta's llama; llama.cpp (gguf 0.19)", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"decoder", "logits, in predictions or lm_head", "transformers 5.24: bert, roberta", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"proj_out", "logits", "transformers 5.24: whisper", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"output_projection", "logits", "transformers 5.24: biogpt, trocr", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"lm_loss", "logits", "transformers 5.24: xlnet", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"vocab_projector", "logits", "transformers 5.24: distilbert", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"generator_lm_head", "logits", "transformers 5.24: electra", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"word_embeddings_for_head", "logits", "Megatron", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"output_layer", "logits", "Megatron", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"unembedding", "logits", "gpt-oss as OpenAI ships it", "Embeddings.AreKnownByTheNamesOfTheirModules"}, perhaps_output},
    {{"t5", "types whose encoder and decoder have one embedding", "transformers 4.57", "Embeddings.TypesThatShareTheirInputs"}, sharing_type},
    {{"mt5", "types whose encoder and decoder have one embedding", "transformers 4.57", "Embeddings.TypesThatShareTheirInputs"}, sharing_type},
    {{"umt5", "types whose encoder and decoder have one embedding", "transformers 4.57", "Embeddings.TypesThatShareTheirInputs"}, sharing_type},
    {{"longt5", "types whose encoder and decoder have one embedding", "transformers 4.57", "Embeddings.TypesThatShareTheirInputs"}, sharing_type},
    {{"switch_transformers", "types whose encoder and decoder have one embedding", "transformers 4.57", "Embeddings.TypesThatShareTheirInputs"}, sharing_type},
    {{"encoder-decoder", "types whose encoder and decoder are models of their own", "transformers 5.24", "Embeddings.TypesWithTwoModels"}, apart_type},
    {{"speech-encoder-decoder", "types whose encoder and decoder are models of their own", "transformers 5.24", "Embeddings.TypesWithTwoModels"}, apart_type},
    {{"vision-encoder-decoder", "types whose encoder and decoder are models of their own", "transformers 5.24", "Embeddings.TypesWithTwoModels"}, apart_type},
    {{"qwen2_vl", "configurations that tell ties whatever they are", "transformers 4.57", "Embeddings.TypesThatAlwaysTellTies"}, telling_type},
    {{"qwen2_5_vl", "configurations that tell ties whatever they are", "transformers 4.57", "Embeddings.TypesThatAlwaysTellTies"}, telling_type},
});
// clang-format on

template <EmbeddingSide kSide>
constexpr auto kNames = names_of<kRows, [](const EmbeddingRow& row) { return row.side == kSide; }>();

}  // namespace

bool is_text_embedding(std::string_view module) { return kNames<input>.contains(module); }
bool may_be_text_embedding(std::string_view module) {
  return is_text_embedding(module) || kNames<perhaps_input>.contains(module);
}
bool is_output_embedding(std::string_view module) { return kNames<output>.contains(module); }
bool may_be_output_embedding(std::string_view module) {
  return is_output_embedding(module) || kNames<perhaps_output>.contains(module);
}
bool always_shares_inputs(std::string_view model_type) { return kNames<sharing_type>.contains(model_type); }
bool has_two_models(std::string_view model_type) { return kNames<apart_type>.contains(model_type); }
bool always_tells_ties(std::string_view model_type) { return kNames<telling_type>.contains(model_type); }

std::span<const EmbeddingRow> embedding_rows() { return kRows; }

}  // namespace weigh::conventions
