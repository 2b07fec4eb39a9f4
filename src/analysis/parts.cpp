#include "analysis/parts.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/digits.h"
#include "model/names.h"
#include "model/roles.h"

namespace weigh {
namespace {

constexpr Names kTowers("vision_model", "vision_tower", "visual", "vpm", "vit", "vision_encoder", "image_encoder",
                        "resampler", "resampler_model", "multi_modal_projector", "mm_projector", "vision_projection",
                        "audio_tower", "audio_model", "audio_encoder", "apm", "audio_projection_layer",
                        "speech_encoder", "embed_tokens_extend",
                        "vision_moe");  // experts that text does not pass
constexpr Names kLanguageModels("language_model", "llm");
constexpr Names kPredicting("mtp", "mtp_layers");

// "model.layers.61" of a model that says it has 61 layers, and further ones that predict.
bool is_behind_the_last(const Model& model, Index module) {
  const Config& config = model.config;
  const std::string_view parent = model.modules[model.modules[module].parent].name;
  if (config.predicting_layers == 0 || config.layers == 0 || (parent != "layers" && parent != "blk")) return false;
  const std::optional<std::uint64_t> number = number_of(model.modules[module].name);
  return number && *number >= config.layers;
}

}  // namespace

void find_parts(Summary& summary) {
  const Model& model = *summary.model;
  std::vector<bool> is_inside(model.modules.size());  // of a part that was found
  std::vector<Index> towers;
  std::vector<Index> predicting;
  bool has_text = false;
  for (Index i = 1; i < model.modules.size(); ++i) {
    is_inside[i] = is_inside[model.modules[i].parent];
    if (is_inside[i] || model.modules[i].alias_of != kNone) continue;
    const std::string_view name = model.modules[i].name;
    has_text |= is_text_embedding(name) || kLanguageModels.contains(name);
    if (kTowers.contains(name)) {
      towers.push_back(i);
    } else if (kPredicting.contains(name) || is_behind_the_last(model, i)) {
      predicting.push_back(i);
    } else {
      continue;
    }
    is_inside[i] = true;
  }
  if (!has_text) return;
  summary.towers = std::move(towers);
  summary.predicting_layers = std::move(predicting);
}

}  // namespace weigh
