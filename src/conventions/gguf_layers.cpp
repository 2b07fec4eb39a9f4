#include "conventions/gguf_layers.h"

#include <algorithm>
#include <array>

namespace weigh::conventions {
namespace {

constexpr std::string_view kLlama = "llama.cpp (llama-model.cpp, 2025)";
constexpr std::string_view kWindow = "GgufCache.KeepsAWindow";
constexpr std::string_view kEncoder = "GgufCache.OfAnEncoderIsNothing";

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<GgufLayersRow>({
    {{"gemma2", "every second layer looks back at all", kLlama, kWindow}, {.period = 2}},
    {{"gemma3", "every sixth layer looks back at all", kLlama, kWindow}, {.period = 6}},
    {{"gpt-oss", "every second layer looks back at all", kLlama, kWindow}, {.period = 2}},
    {{"cohere2", "every fourth layer looks back at all", kLlama, kWindow}, {.period = 4}},
    {{"exaone4", "every fourth layer looks back at all", kLlama, kWindow}, {.period = 4}},
    {{"olmo2", "every fourth layer looks back at all", kLlama, kWindow}, {.period = 4}},
    {{"qwen3next", "every fourth layer attends", kLlama, kEncoder}, {.state_period = 4}},
    {{"t5", "a text is read, another is made", kLlama, kEncoder}, {.is_encoder_decoder = true}},
    {{"bert", "an encoder", kLlama, kEncoder}, {.is_encoder = true}},
    {{"nomic-bert", "an encoder", kLlama, kEncoder}, {.is_encoder = true}},
    {{"nomic-bert-moe", "an encoder", kLlama, kEncoder}, {.is_encoder = true}},
    {{"jina-bert-v2", "an encoder", kLlama, kEncoder}, {.is_encoder = true}},
    {{"neo-bert", "an encoder", kLlama, kEncoder}, {.is_encoder = true}},
    {{"modern-bert", "an encoder", kLlama, kEncoder}, {.is_encoder = true}},
    {{"gemma-embedding", "an encoder", kLlama, kEncoder}, {.is_encoder = true}},
    {{"t5encoder", "an encoder", kLlama, kEncoder}, {.is_encoder = true}},
    {{"clip", "an encoder", kLlama, kEncoder}, {.is_encoder = true}},
    {{"mamba", "a state alone", kLlama, kEncoder}, {.is_state = true}},
    {{"mamba2", "a state alone", kLlama, kEncoder}, {.is_state = true}},
    {{"rwkv6", "a state alone", kLlama, kEncoder}, {.is_state = true}},
    {{"rwkv7", "a state alone", kLlama, kEncoder}, {.is_state = true}},
});
// clang-format on

}  // namespace

GgufLayers gguf_layers(std::string_view architecture) {
  const auto found =
      std::find_if(kRows.begin(), kRows.end(), [&](const GgufLayersRow& row) { return row.name == architecture; });
  return found == kRows.end() ? GgufLayers() : found->layers;
}

std::span<const GgufLayersRow> gguf_layers_rows() { return kRows; }

}  // namespace weigh::conventions
