#include "analysis/parts.h"

#include <cstdint>
#include <iterator>
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

// In the order of the modules, each once, and none below another.
void keep_topmost(const Model& model, std::vector<Index>& modules) {
  std::vector<bool> is_one(model.modules.size());
  for (const Index module : modules) is_one[module] = true;
  modules.clear();
  for (Index i = 1; i < is_one.size(); ++i) {
    const bool is_below = is_one[model.modules[i].parent];
    if (is_one[i] && !is_below) modules.push_back(i);
    is_one[i] = is_one[i] || is_below;
  }
}

// What stands beside the language model, or beside what holds it, and is no output layer: a text token passes none of
// it. Only of a model that has a tower: else it is a head of its own.
void add_beside(const Model& model, Index language_model, std::vector<Index>& towers) {
  for (Index inside = language_model; inside != 0; inside = model.modules[inside].parent) {
    const Index above = model.modules[inside].parent;
    for (Index beside = model.modules[above].first_child; beside != kNone; beside = model.modules[beside].next) {
      const std::string_view name = model.modules[beside].name;
      const bool is_other = beside != inside && !conventions::may_be_output_embedding(name) &&
                            conventions::part_kind(name) == PartKind::none && model.modules[beside].alias_of == kNone;
      if (is_other) towers.push_back(beside);
    }
  }
}

}  // namespace

bool is_text_embedding(const Model& model, Index module) {
  const std::string_view name = model.modules[module].name;
  if (conventions::is_text_embedding(name)) return true;
  if (!conventions::may_be_text_embedding(name)) return false;
  const Index first = model.modules[module].first_tensor;
  return first != kNone && model.tensors[first].name == "weight" && model.tensors[first].rank == 2;
}

void find_parts(Summary& summary) {
  const Model& model = *summary.model;
  std::vector<bool> is_inside(model.modules.size());  // of a part that was found
  std::vector<Index> towers;
  std::vector<Index> bridges;
  std::vector<Index> predicting;
  std::vector<bool> holds_text(model.modules.size());
  Index language_model = kNone;
  for (Index i = 1; i < model.modules.size(); ++i) {
    is_inside[i] = is_inside[model.modules[i].parent];
    if (is_inside[i] || model.modules[i].alias_of != kNone) continue;
    const std::string_view name = model.modules[i].name;
    const PartKind kind = conventions::part_kind(name);
    if (kind == PartKind::language_model || is_text_embedding(model, i))
      for (Index j = i; !holds_text[j]; j = model.modules[j].parent) {
        holds_text[j] = true;
        if (j == 0) break;
      }
    if (kind == PartKind::language_model && language_model == kNone) language_model = i;
    if (kind == PartKind::tower) {
      towers.push_back(i);
    } else if (kind == PartKind::predicting || is_behind_the_last(model, i)) {
      predicting.push_back(i);
    } else {
      if (conventions::may_be_bridge(name)) bridges.push_back(i);
      continue;
    }
    is_inside[i] = true;
  }
  if (!holds_text[0]) return;
  if (!towers.empty()) {
    if (language_model != kNone) add_beside(model, language_model, bridges);
    std::erase_if(bridges, [&](Index bridge) { return holds_text[bridge]; });
    std::move(bridges.begin(), bridges.end(), std::back_inserter(towers));
    keep_topmost(model, towers);
  }
  summary.towers = std::move(towers);
  summary.predicting_layers = std::move(predicting);
}

}  // namespace weigh
