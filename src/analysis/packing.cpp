#include "analysis/packing.h"

#include <algorithm>

#include "analysis/packed_solver.h"
#include "analysis/pattern.h"
#include "conventions/embeddings.h"

namespace weigh {
namespace {

constexpr std::string_view kExpression = "re:";

bool is_target_by_name(std::string_view target, std::string_view path) {
  if (target.starts_with(kExpression)) return matches_beginning(target.substr(kExpression.size()), path);
  return target == path;
}

// A class is not recorded: what is no embedding is a Linear.
bool is_target_by_class(std::string_view target, std::string_view path) {
  const bool is_embedding = conventions::is_text_embedding(path.substr(path.rfind('.') + 1));
  return (target == "Embedding" && is_embedding) || (target == "Linear" && !is_embedding);
}

}  // namespace

bool tells_of_layers(const QuantizationConfig& config) { return !config.layers.empty() || !config.targets.empty(); }

std::vector<Packing> packings_for(const QuantizationConfig& config, std::string_view path) {
  const auto own = std::lower_bound(config.layers.begin(), config.layers.end(), path,
                                    [](const auto& layer, std::string_view name) { return layer.first < name; });
  if (own != config.layers.end() && own->first == path) return {own->second};
  std::vector<Packing> packings;
  // A name is more than a class.
  for (const PackingTarget& target : config.targets)
    if (is_target_by_name(target.target, path)) packings.push_back(target.packing);
  if (packings.empty())
    for (const PackingTarget& target : config.targets)
      if (is_target_by_class(target.target, path)) packings.push_back(target.packing);
  if (packings.empty()) packings = config.groups;
  if (packings.empty()) return {Packing{config.bits, config.group_size}};
  for (Packing& packing : packings)
    if (packing.group_size == 0) packing.group_size = kWholeRow;
  return packings;
}

}  // namespace weigh
