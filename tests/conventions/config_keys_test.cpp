// Each key of the table in a configuration that shows it, beside what the model's own class says.
#include "conventions/config_keys.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/folder.h"
#include "model/cache_facts.h"
#include "places/config_keys.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

using Json = nlohmann::json;

Config config_of(const std::string& config) {
  const std::string header = R"({"embed_tokens.weight":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}})";
  const std::string file = little<std::uint64_t>(header.size()) + header + "1234";
  return read(*memory_folder("m", {{"model.safetensors", file}, {"config.json", config}}), "").config;
}

CacheFacts cache_facts_of(const std::string& config) {
  const std::unique_ptr<Folder> folder = memory_folder("", {{"config.json", config}});
  const std::unique_ptr<Source> source = folder->open("config.json");
  weigh::json::File read(*source, Limits());
  ConfigKeys keys;
  read.document().for_each_member(
      [&](std::string_view key, weigh::json::Value value) { keys.add(read.document(), key, value); });
  return keys.cache_facts();
}

std::uint64_t attending(const CacheFacts& facts) {
  std::uint64_t count = 0;
  for (const CachedLayer& layer : layer_caches(facts).layers)
    count += layer.kind != LayerCache::none && layer.kind != LayerCache::state ? 1 : 0;
  return count;
}

std::map<std::string, std::uint64_t> facts_of(const std::string& text) {
  const Config config = config_of(text);
  const CacheFacts cache = cache_facts_of(text);
  return {{"layers", config.layers},
          {"attending_layers", attending(cache)},
          {"predicting_layers", config.predicting_layers},
          {"key_value_heads", cache.heads.heads},
          {"head_size", cache.heads.key_size},
          {"latent", cache.latent},
          {"context", config.cache.context},
          {"window", cache.uses_window.value_or(true) ? cache.window.value_or(0) : 0},
          {"element_bytes", config.cache.element_bytes},
          {"experts", config.experts.pools.empty() ? 0 : config.experts.pools[0]},
          {"experts_per_token", config.experts.per_token},
          {"shared_experts", config.experts.shared},
          {"bits", config.quantization.bits},
          {"group_size", config.quantization.group_size},
          {"tied_embeddings", config.tied_embeddings ? 1U : 0U}};
}

TEST(ConfigKeys, TellWhatTheClassesOfTheModelsSay) {
  std::set<std::string> shown;
  for (const Json& entry : Json::parse(file("conventions/config_keys.json"))) {
    SCOPED_TRACE(entry["made_by"].get<std::string>() + ": " + entry["keys"].dump());
    const std::map<std::string, std::uint64_t> facts = facts_of(entry["config"].dump());
    for (const auto& [fact, value] : entry["told"].items())
      EXPECT_EQ(facts.at(fact), value.is_boolean() ? value.get<bool>() : value.get<std::uint64_t>()) << fact;
    for (const Json& key : entry["keys"]) shown.insert(key.get<std::string>());
  }
  for (const conventions::ConfigKeyRow& row : conventions::config_key_rows())
    if (row.fixture == "conventions/config_keys.json") EXPECT_TRUE(shown.contains(std::string(row.name))) << row.name;
}

}  // namespace
}  // namespace weigh::testing
