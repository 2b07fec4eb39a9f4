// Each key of the table in a configuration that shows it, beside what the model's own class says.
#include "conventions/config_keys.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/folder.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

using nlohmann::json;

Config config_of(const std::string& config) {
  const std::string header = R"({"embed_tokens.weight":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}})";
  const std::string file = little<std::uint64_t>(header.size()) + header + "1234";
  return read(*memory_folder("m", {{"model.safetensors", file}, {"config.json", config}}), "").config;
}

std::map<std::string, std::uint64_t> facts_of(const Config& config) {
  return {{"layers", config.layers},
          {"attending_layers", config.cache.layers},
          {"predicting_layers", config.predicting_layers},
          {"key_value_heads", config.cache.key_value_heads},
          {"head_size", config.cache.head_size},
          {"latent", config.cache.latent},
          {"context", config.cache.context},
          {"window", config.cache.window},
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
  for (const json& entry : json::parse(file("conventions/config_keys.json"))) {
    SCOPED_TRACE(entry["made_by"].get<std::string>() + ": " + entry["keys"].dump());
    const std::map<std::string, std::uint64_t> facts = facts_of(config_of(entry["config"].dump()));
    for (const auto& [fact, value] : entry["told"].items())
      EXPECT_EQ(facts.at(fact), value.is_boolean() ? value.get<bool>() : value.get<std::uint64_t>()) << fact;
    for (const json& key : entry["keys"]) shown.insert(key.get<std::string>());
  }
  for (const conventions::ConfigKeyRow& row : conventions::config_key_rows())
    if (row.fixture == "conventions/config_keys.json") EXPECT_TRUE(shown.contains(std::string(row.name))) << row.name;
}

}  // namespace
}  // namespace weigh::testing
