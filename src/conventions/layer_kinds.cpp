#include "conventions/layer_kinds.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weigh::conventions {
namespace {

using enum LayerKind;

constexpr std::string_view kWords = "conventions/layer_kinds.json";

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<LayerKindRow>({
    {{"full_attention", "keys and values of all tokens", "transformers 5.24", kWords}, full},
    {{"attention", "keys and values of all tokens", "transformers before 5.10", kWords}, full},
    {{"sliding_attention", "those of the last tokens", "transformers 5.24: gemma2, gpt_oss", kWords}, window},
    {{"chunked_attention", "those of the chunk that the token is in", "transformers 5.24: llama4", kWords}, chunked},
    {{"linear_attention", "a state of one size", "transformers 5.24: qwen3_next", kWords}, state},
    {{"mamba", "a state of one size", "transformers before 5.10: jamba", kWords}, state},
    {{"conv", "a state of one size", "transformers 5.24: lfm2", kWords}, state},
    {{"hybrid", "keys and values of all tokens, and a state", "transformers 5.24: zamba2, falcon_h1", kWords}, full_and_state},
    {{"hybrid_sliding", "those of the last tokens, and a state", "transformers 5.24: zaya1", kWords}, window_and_state},
    {{"moe", "nothing", "transformers 5.24: nemotron_h", kWords}, none},
    {{"mlp", "nothing", "transformers 5.24: nemotron_h", kWords}, none},
    {{"recurrent", "a state of one size", "transformers 5.24: recurrent_gemma", "CacheKeys.WordsOfLayers"}, state},
    {{"local", "those of the last tokens", "authors' own code", "CacheKeys.WordsOfLayers"}, window},
    {{"global", "keys and values of all tokens", "authors' own code", "CacheKeys.WordsOfLayers"}, full},
    {{"sliding_window", "those of the last tokens", "authors' own code", "CacheKeys.WordsOfLayers"}, window},
    {{"qwen_sparse_attention", "keys and values of all tokens, with an index", "transformers 5.24: qwen4_exp", kWords}, indexed},
    {{"indexed_attention", "keys and values of all tokens, with an index", "transformers 5.24: deepseek_v32", kWords}, indexed},
    {{"deepseek_sparse_attention", "keys and values of all tokens, with an index", "transformers before 5.24: deepseek_v32", kWords}, indexed},
    {{"minimax_m3_sparse", "keys and values of all tokens, with an index", "transformers 5.24: minimax_m3_vl", kWords}, indexed},
    {{"compressed_sparse_attention", "an entry for several tokens", "transformers 5.24: deepseek_v4", kWords}, compressed},
    {{"heavily_compressed_attention", "an entry for many tokens", "transformers 5.24: deepseek_v4", kWords}, compressed},
    {{"reference_sliding_attention", "all of what is asked, a window of what is answered", "transformers 5.24: unlimited_ocr", kWords}, window_of_answer},
});
// clang-format on

constexpr auto kKinds = [] {
  std::array<std::pair<std::string_view, LayerKind>, kRows.size()> kinds;
  std::transform(kRows.begin(), kRows.end(), kinds.begin(),
                 [](const LayerKindRow& row) { return std::pair(row.name, row.kind); });
  return kinds;
}();

}  // namespace

LayerKind layer_kind(char letter) {
  switch (letter) {
    case 'M': return state;
    case '*':
    case 'G': return full;
    case 'L': return window;
    case '-':
    case 'E': return none;
    default: return unknown;
  }
}

LayerKind layer_kind(std::string_view word) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& kind) { return kind.first == word; });
  return found == kKinds.end() ? unknown : found->second;
}

std::span<const LayerKindRow> layer_kind_rows() { return kRows; }

}  // namespace weigh::conventions
