#include "formats/pytorch/metadata.h"

#include <optional>
#include <string>

#include <fmt/format.h>

namespace weigh::pytorch {
namespace {

constexpr std::size_t kMostFacts = 64;
constexpr std::size_t kLongestText = 200;

std::optional<std::string> text_of(Value value) {
  switch (value.kind()) {
    case Kind::boolean: return value.boolean() ? "True" : "False";
    case Kind::integer: return fmt::to_string(value.integer());
    case Kind::real: return fmt::format("{}", value.real());
    case Kind::string:
      return value.text().size() > kLongestText ? std::nullopt : std::optional(std::string(value.text()));
    default: return std::nullopt;
  }
}

void add_facts(Value mapping, const std::string& prefix, Model& model) {
  for (const auto& [key, value] : mapping_entries(mapping)) {
    if (model.metadata.size() >= kMostFacts) return;
    if (!key.is(Kind::string) || key.text().size() > kLongestText) continue;
    if (std::optional<std::string> text = text_of(value))
      model.metadata.emplace_back(prefix + std::string(key.text()), *text);
  }
}

}  // namespace

bool is_lightning_checkpoint(Value root) {
  const Entries entries = mapping_entries(root);
  return !pickle::find(entries, "pytorch-lightning_version").is(Kind::none) &&
         is_mapping(pickle::find(entries, "state_dict"));
}

void describe_checkpoint(Value root, Model& model) {
  add_facts(root, "", model);
  add_facts(pickle::find(mapping_entries(root), "hyper_parameters"), "hyper_parameters.", model);
}

}  // namespace weigh::pytorch
