#include "conventions/key_modules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "conventions/names.h"

namespace weigh::conventions {
namespace {

using enum KeyModule;

constexpr std::string_view kNamed = "KeyModules.AreKnownByTheirNames";

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<KeyModuleRow>({
    {{"k_proj", "keys", "transformers 5.24: llama and its kin", kNamed}, keys},
    {{"key_proj", "keys", "transformers 5.24: clvp", kNamed}, keys},
    {{"wk", "keys", "Meta's llama", kNamed}, keys},
    {{"key", "keys", "transformers 5.24: bert", kNamed}, keys},
    {{"attn_k", "keys", "llama.cpp (gguf 0.19)", kNamed}, keys},
    {{"v_proj", "values", "transformers 5.24: llama and its kin", kNamed}, values},
    {{"value_proj", "values", "transformers 5.24: clvp", kNamed}, values},
    {{"wv", "values", "Meta's llama", kNamed}, values},
    {{"value", "values", "transformers 5.24: bert", kNamed}, values},
    {{"attn_v", "values", "llama.cpp (gguf 0.19)", kNamed}, values},
    {{"kv_proj", "keys and values", "transformers 5.24: jetmoe", kNamed}, keys_and_values},
    {{"qkv_proj", "queries, keys and values", "transformers 5.24: phi3", kNamed}, queries_too},
    {{"query_key_value", "queries, keys and values", "transformers 5.24: falcon, bloom, gpt_neox", kNamed}, queries_too},
    {{"Wqkv", "queries, keys and values", "transformers 5.24: mpt, dbrx", kNamed}, queries_too},
    {{"wqkv", "queries, keys and values", "InternLM2's own code", kNamed}, queries_too},
    {{"c_attn", "queries, keys and values", "transformers 5.24: gpt2, gpt_bigcode", kNamed}, queries_too},
    {{"W_pack", "queries, keys and values", "Baichuan's own code", kNamed}, queries_too},
    {{"attn_qkv", "queries, keys and values", "llama.cpp (gguf 0.19)", kNamed}, queries_too},
    {{"kv_a_proj_with_mqa", "what keys and values are made of", "transformers 5.24: deepseek_v3", kNamed}, latent},
    {{"attn_kv_a_mqa", "what keys and values are made of", "llama.cpp (gguf 0.19)", kNamed}, latent},
    {{"indexer", "an index", "transformers 5.24: deepseek_v32", kNamed}, index},
    {{"linear_attn", "a state", "transformers 5.24: qwen3_next", kNamed}, elsewhere},
    {{"mamba", "a state", "transformers 5.24: jamba", kNamed}, elsewhere},
    {{"cross_attn", "keys of what is looked at", "transformers 5.24: mllama", kNamed}, elsewhere},
    {{"crossattention", "keys of what is read", "transformers 5.24: gpt2, bert", kNamed}, elsewhere},
    {{"encoder_attn", "keys of what is read", "transformers 5.24: bart, trocr", kNamed}, elsewhere},
});
// clang-format on

constexpr auto kNames = names_of<kRows, [](const KeyModuleRow&) { return true; }>();
constexpr auto kWhat = [] {
  std::array<std::pair<std::string_view, KeyModule>, kRows.size()> all;
  std::transform(kRows.begin(), kRows.end(), all.begin(),
                 [](const KeyModuleRow& row) { return std::pair(row.name, row.what); });
  return all;
}();

}  // namespace

KeyModule key_module(std::string_view module) {
  if (module.empty() || !kNames.contains(module)) return none;
  return std::find_if(kWhat.begin(), kWhat.end(), [&](const auto& row) { return row.first == module; })->second;
}

std::span<const KeyModuleRow> key_module_rows() { return kRows; }

}  // namespace weigh::conventions
