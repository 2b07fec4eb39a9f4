#include "analysis/parts.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/digits.h"
#include "conventions/embeddings.h"
#include "conventions/parts.h"

namespace weigh {
namespace {

using conventions::PartKind;

// "model.layers.61" of a model that says it has 61 layers, and further ones that predict.
bool is_behind_the_last(const Model& model, Index module) {
  const Config& config = model.config;
  const std::string_view parent = model.modules[model.modules[module].parent].name;
  if (config.predicting_layers == 0 || config.layers == 0) return false;
  if (conventions::part_kind(parent) != PartKind::layers) return false;
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
    const PartKind kind = conventions::part_kind(name);
    has_text |= kind == PartKind::language_model || conventions::is_text_embedding(name);
    if (kind == PartKind::tower) {
      towers.push_back(i);
    } else if (kind == PartKind::predicting || is_behind_the_last(model, i)) {
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
