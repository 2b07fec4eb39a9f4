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
    {{"lm_head", "logits", "transformers 5.24: llama and its kin", "seed_models/Kimi-K2-Thinking.json"}, output},
    {{"embed_out", "logits", "transformers 5.24: gpt_neox_japanese", "Embeddings.AreKnownByTheNamesOfTheirModules"}, output},
});
// clang-format on

constexpr auto kInputs = names_of<kRows, [](const EmbeddingRow& row) { return row.side == input; }>();
constexpr auto kOutputs = names_of<kRows, [](const EmbeddingRow& row) { return row.side == output; }>();

}  // namespace

bool is_text_embedding(std::string_view module) { return kInputs.contains(module); }
bool is_output_embedding(std::string_view module) { return kOutputs.contains(module); }

std::span<const EmbeddingRow> embedding_rows() { return kRows; }

}  // namespace weigh::conventions
