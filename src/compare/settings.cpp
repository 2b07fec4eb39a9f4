#include "compare/settings.h"

#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weigh {
namespace {

std::string number(std::uint64_t value) { return value == 0 ? "" : fmt::to_string(value); }

std::string ties(const Config& config) {
  if (config.tied_embeddings) return "true";
  return config.untied_embeddings ? "false" : "";
}

// In the order in which they are shown; "" for what is not told.
std::vector<std::pair<std::string, std::string>> told(const Model& model) {
  const Config& config = model.config;
  return {{"architecture", model.architecture},
          {"model_type", fmt::format("{}", fmt::join(config.types, ", "))},
          {"layers", number(config.layers)},
          {"predicting_layers", number(config.predicting_layers)},
          {"tied_embeddings", ties(config)},
          {"experts", fmt::format("{}", fmt::join(config.experts.pools, ", "))},
          {"experts.per_token", number(config.experts.per_token)},
          {"experts.shared", number(config.experts.shared)},
          {"context", number(config.cache.context)},
          {"quantization", config.quantization.method},
          {"quantization.bits", number(config.quantization.bits)},
          {"quantization.group_size", number(config.quantization.group_size)}};
}

std::map<std::string, std::string> optimizer_states(const Model& model) {
  std::map<std::string, std::string> states;
  for (const Section& section : model.sections)
    if (section.kind == SectionKind::optimizer_state)
      states[fmt::format("optimizer state '{}'", section.name)] =
          fmt::format("{} tensors, {} bytes", section.tensors, section.bytes);
  return states;
}

}  // namespace

std::vector<Setting> differing_settings(const Model& a, const Model& b) {
  std::vector<Setting> settings;
  const auto of_a = told(a);
  const auto of_b = told(b);
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    const auto& [name, text] = of_a[i];
    const std::string& other = of_b[i].second;
    if (!text.empty() && !other.empty() && text != other) settings.push_back({name, text, other});
  }
  const std::map<std::string, std::string> states = optimizer_states(a);
  std::map<std::string, std::string> others = optimizer_states(b);
  for (const auto& [name, text] : states) {
    const std::string other = std::exchange(others[name], text);
    if (text != other) settings.push_back({name, text, other});
  }
  for (const auto& [name, text] : others)
    if (!states.contains(name)) settings.push_back({name, "", text});
  return settings;
}

}  // namespace weigh
