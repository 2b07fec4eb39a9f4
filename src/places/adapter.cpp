#include "places/adapter.h"

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "bytes/digits.h"
#include "conventions/adapter_keys.h"
#include "places/read.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

namespace fs = std::filesystem;
using conventions::AdapterFact;

constexpr std::string_view kName = "adapter_config.json";
constexpr std::size_t kMostTargets = 256;
constexpr std::size_t kLongestText = 1'000;  // an expression of targets

bool is_adapter(const Model& model) {
  const Module& root = model.modules[0];
  if (root.first_child != kNone && model.modules[root.first_child].name == "base_model") return true;
  return root.first_tensor != kNone && model.tensors[root.first_tensor].name == "prompt_embeddings";
}

void take_targets(json::Value& value, std::vector<std::string>& targets) {
  std::string_view text;
  if (value.type().value() == simdjson::ondemand::json_type::string) {
    if (!value.get_string().get(text)) targets.emplace_back(text.substr(0, kLongestText));
  } else if (value.type().value() == simdjson::ondemand::json_type::array) {
    json::Array names = value.get_array().value();
    for (auto name : names)
      if (targets.size() < kMostTargets && !name.get_string().get(text))
        targets.emplace_back(text.substr(0, kLongestText));
  }
}

// get_double() wants tables that the program lacks.
std::optional<double> number_in(json::Value& value) {
  if (value.type().value() != simdjson::ondemand::json_type::number) return std::nullopt;
  const std::string_view token = value.raw_json_token();
  return real_number_of(token.substr(0, token.find_last_not_of(" \t\r\n") + 1));
}

void take(AdapterFact fact, json::Value& value, AdapterConfig& adapter) {
  std::string_view text;
  switch (fact) {
    case AdapterFact::type:
      if (!value.get_string().get(text)) adapter.type = text.substr(0, kLongestText);
      break;
    case AdapterFact::base:
      if (!value.get_string().get(text)) adapter.base = text.substr(0, kLongestText);
      break;
    case AdapterFact::rank: {
      std::uint64_t rank = 0;
      if (!value.get_uint64().get(rank) && rank != 0) adapter.rank = rank;
      break;
    }
    case AdapterFact::alpha: adapter.alpha = number_in(value); break;
    case AdapterFact::targets: take_targets(value, adapter.targets); break;
  }
}

}  // namespace

void read_adapter(const Folder& folder, const ReadOptions& options, Model& model) {
  if (!is_adapter(model) || !folder.contains(kName)) return;
  AdapterConfig adapter;
  try {
    const std::unique_ptr<Source> source = folder.open(kName);
    json::File file(*source, options.limits);
    file.document().for_each_member([&](std::string_view key, json::Value& value) {
      if (const auto fact = conventions::adapter_fact(key)) take(*fact, value, adapter);
    });
  } catch (const Error& error) {
    model.notes.push_back({"config", std::string(kName), error.message()});
    return;
  }
  model.config.adapter = std::move(adapter);
}

void find_base(const std::string& path, const ReadOptions& options, Model& model) {
  if (!model.config.adapter) return;
  fs::path named(model.config.adapter->base);
  if (!named.has_filename()) named = named.parent_path();
  const fs::path name = named.filename();
  if (name.empty() || name == "." || name == "..") return;
  std::error_code error;
  const fs::path own = fs::canonical(path.empty() ? "." : path, error);
  if (error) return;
  for (const fs::path& place : std::array{own / name, own.parent_path() / name}) {
    if (place == own || !fs::is_directory(place, error)) continue;
    try {
      const std::unique_ptr<Folder> folder = open_folder(place.string());
      model.base = std::make_shared<const Model>(read(*folder, "", options));
    } catch (const Error& wrong) {
      model.notes.push_back({"adapter-base", place.filename().string(),
                             "is called like the base that adapter_config.json names: " + std::string(wrong.what())});
    }
    return;
  }
}

}  // namespace weigh
