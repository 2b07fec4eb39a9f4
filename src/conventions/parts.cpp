#include "conventions/parts.h"

#include "conventions/names.h"

namespace weigh::conventions {
namespace {

using enum PartKind;

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<PartRow>({
    {{"vision_model", "images", "transformers 5.24: align, paddleocr_vl", "Parts.AreTheTopmostTowersBesideALanguageModel"}, tower},
    {{"vision_tower", "images", "transformers 5.24: llava and its kin", "seed_models/GOT-OCR-2.0-hf.json"}, tower},
    {{"visual", "images", "transformers 5.24: qwen3_vl, glm46v", "PartNames.AreKnown"}, tower},
    {{"vpm", "images", "MiniCPM-V's own code", "seed_models/MiniCPM-V-4_5.json"}, tower},
    {{"vit", "images", "transformers 5.24: yolos, vit_msn", "Parts.ANetworkForImagesAloneIsNoTower"}, tower},
    {{"vision_encoder", "images", "transformers 5.24: sam3", "PartNames.AreKnown"}, tower},
    {{"image_encoder", "images", "transformers 5.24: depth_pro, git", "PartNames.AreKnown"}, tower},
    {{"resampler", "from images to tokens", "MiniCPM-V's own code", "seed_models/MiniCPM-V-4_5.json"}, tower},
    {{"resampler_model", "from images to tokens", "transformers 5.24: ernie4_5_vl_moe", "seed_models/ERNIE-4.5-VL-28B-A3B-Thinking.json"}, tower},
    {{"multi_modal_projector", "from images to tokens", "transformers 5.24: llava and its kin", "seed_models/GOT-OCR-2.0-hf.json"}, tower},
    {{"mm_projector", "from images to tokens", "transformers 5.24: kimi_k25", "PartNames.AreKnown"}, tower},
    {{"vision_projection", "from images to tokens", "transformers 5.24: blip_2, lighton_ocr", "PartNames.AreKnown"}, tower},
    {{"audio_tower", "sounds", "transformers 5.24: qwen2_5_omni", "PartNames.AreKnown"}, tower},
    {{"audio_model", "sounds", "transformers 5.24: clap", "PartNames.AreKnown"}, tower},
    {{"audio_encoder", "sounds", "transformers 5.24: clap, moshi", "PartNames.AreKnown"}, tower},
    {{"apm", "sounds", "MiniCPM-o's own code", "PartNames.AreKnown"}, tower},
    {{"audio_projection_layer", "from sounds to tokens", "MiniCPM-o's own code", "PartNames.AreKnown"}, tower},
    {{"speech_encoder", "sounds", "transformers 5.24: seamless_m4t", "PartNames.AreKnown"}, tower},
    {{"embed_tokens_extend", "images and sounds", "transformers 5.24: phi4_multimodal", "PartNames.AreKnown"}, tower},
    {{"vision_moe", "experts that text does not pass", "transformers 5.24: ernie4_5_vl_moe", "PartNames.AreKnown"}, tower},
    {{"language_model", "text", "transformers 5.24: llava and its kin", "seed_models/GOT-OCR-2.0-hf.json"}, language_model},
    {{"llm", "text", "MiniCPM-V's own code", "seed_models/MiniCPM-V-4_5.json"}, language_model},
    {{"mtp", "further tokens", "Qwen3-Next's own code", "Parts.LayersBehindTheLastPredict"}, predicting},
    {{"mtp_layers", "further tokens", "MiMo's own code", "PartNames.AreKnown"}, predicting},
    {{"layers", "all layers by their numbers", "transformers 5.24: llama and its kin", "Parts.LayersBehindTheLastPredict"}, layers},
    {{"blk", "all layers by their numbers", "llama.cpp (gguf 0.19)", "gguf/small.gguf"}, layers},
    {{"vision", "a tower for images", "authors' own code", "PartNames.AreKnownByTheirWords"}, tower_word},
    {{"visual", "a tower for images", "authors' own code", "PartNames.AreKnownByTheirWords"}, tower_word},
    {{"image", "a tower for images", "authors' own code", "PartNames.AreKnownByTheirWords"}, tower_word},
    {{"images", "a tower for images", "authors' own code", "PartNames.AreKnownByTheirWords"}, tower_word},
    {{"video", "a tower for images", "authors' own code", "PartNames.AreKnownByTheirWords"}, tower_word},
    {{"audio", "a tower for sounds", "authors' own code", "PartNames.AreKnownByTheirWords"}, tower_word},
    {{"speech", "a tower for sounds", "authors' own code", "PartNames.AreKnownByTheirWords"}, tower_word},
    {{"projector", "from images or sounds to tokens", "authors' own code", "PartNames.AreKnownByTheirWords"}, bridge_word},
    {{"connector", "from images or sounds to tokens", "authors' own code", "PartNames.AreKnownByTheirWords"}, bridge_word},
    {{"aligner", "from images or sounds to tokens", "authors' own code", "PartNames.AreKnownByTheirWords"}, bridge_word},
    {{"merger", "from images or sounds to tokens", "authors' own code", "PartNames.AreKnownByTheirWords"}, bridge_word},
    {{"resampler", "from images or sounds to tokens", "authors' own code", "PartNames.AreKnownByTheirWords"}, bridge_word},
    {{"perceiver", "from images or sounds to tokens", "authors' own code", "PartNames.AreKnownByTheirWords"}, bridge_word},
    {{"qformer", "from images or sounds to tokens", "authors' own code", "PartNames.AreKnownByTheirWords"}, bridge_word},
    {{"multimodal", "from images or sounds to tokens", "authors' own code", "PartNames.AreKnownByTheirWords"}, bridge_word},
});
// clang-format on

template <PartKind kKind>
constexpr auto kNames = names_of<kRows, [](const PartRow& row) { return row.kind == kKind; }>();

// Words stand between underscores.
template <PartKind kKind>
bool holds_word(std::string_view module) {
  while (!module.empty()) {
    const std::size_t end = std::min(module.find('_'), module.size());
    if (kNames<kKind>.contains(module.substr(0, end))) return true;
    module.remove_prefix(std::min(end + 1, module.size()));
  }
  return false;
}

}  // namespace

PartKind part_kind(std::string_view module) {
  if (kNames<layers>.contains(module)) return layers;
  if (kNames<tower>.contains(module)) return tower;
  if (kNames<language_model>.contains(module)) return language_model;
  if (kNames<predicting>.contains(module)) return predicting;
  return holds_word<tower_word>(module) ? tower : none;
}

bool may_be_bridge(std::string_view module) { return holds_word<bridge_word>(module); }

std::span<const PartRow> part_rows() { return kRows; }

}  // namespace weigh::conventions
