#include "formats/gguf/config.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "conventions/config_keys.h"
#include "conventions/gguf_layers.h"

namespace weigh {
namespace {

using conventions::ConfigFact;
using conventions::LayerKind;

class Facts {
 public:
  explicit Facts(const GgufHeader& header) : header_(header) {}

  // The number, or those of each layer; nothing where the file does not say.
  const std::vector<std::uint64_t>* list(ConfigFact fact) const {
    for (const std::string_view key : conventions::gguf_keys(fact)) {
      const auto found = header_.numbers.find(header_.architecture + "." + std::string(key));
      if (found != header_.numbers.end() && !found->second.empty()) return &found->second;
    }
    return nullptr;
  }
  bool has(ConfigFact fact) const { return list(fact) != nullptr; }
  // 0 where it is not said, or differs from layer to layer.
  std::uint64_t number(ConfigFact fact) const {
    const std::vector<std::uint64_t>* numbers = list(fact);
    const bool is_one = numbers != nullptr && std::all_of(numbers->begin(), numbers->end(),
                                                          [&](std::uint64_t n) { return n == numbers->front(); });
    return is_one ? numbers->front() : 0;
  }
  std::uint64_t bounded(ConfigFact fact) const {
    constexpr std::uint64_t kMost = 1ULL << 32;
    const std::uint64_t found = number(fact);
    return found < kMost ? found : 0;
  }

 private:
  const GgufHeader& header_;
};

std::uint64_t layers_of(const Facts& facts) {
  const std::uint64_t blocks = facts.number(ConfigFact::layers);
  const std::uint64_t predicting = facts.number(ConfigFact::predicting_layers);
  return blocks > predicting ? blocks - predicting : 0;
}

}  // namespace

// Layers behind the last, which predict further tokens, are counted among the blocks.
Config config_of(const GgufHeader& header) {
  const Facts facts(header);
  Config config;
  if (const std::uint64_t experts = facts.number(ConfigFact::experts); experts > 1) config.experts.pools = {experts};
  config.experts.per_token = facts.number(ConfigFact::experts_per_token);
  config.experts.shared = facts.number(ConfigFact::shared_experts);
  config.predicting_layers = facts.number(ConfigFact::predicting_layers);
  config.layers = layers_of(facts);
  config.cache.context = facts.number(ConfigFact::context);
  config.cache.element_bytes = 2;  // llama.cpp keeps F16 unless it is told otherwise
  return config;
}

CacheFacts cache_facts_of(const GgufHeader& header) {
  const Facts facts(header);
  CacheFacts cache;
  cache.layers = layers_of(facts);
  cache.query_heads = facts.bounded(ConfigFact::heads);
  cache.heads.heads =
      facts.has(ConfigFact::key_value_heads) ? facts.bounded(ConfigFact::key_value_heads) : cache.query_heads;
  if (const auto* list = facts.list(ConfigFact::key_value_heads); list != nullptr && list->size() > 1)
    cache.heads_of_layers = *list;
  cache.heads.key_size = facts.bounded(ConfigFact::head_size);
  const std::uint64_t width = facts.bounded(ConfigFact::width);
  if (cache.heads.key_size == 0 && cache.query_heads != 0 && width % cache.query_heads == 0)
    cache.heads.key_size = width / cache.query_heads;
  if (cache.heads.key_size == 0 && width == 0) cache.query_heads = 0;  // it hardly tells anything of attention
  cache.heads.value_size = facts.bounded(ConfigFact::value_size);
  // A file from before keys were kept as one vector has the sizes of whole heads.
  const std::uint64_t rank = facts.bounded(ConfigFact::latent_rank);
  const bool is_whole =
      cache.heads.heads > 1 && facts.has(ConfigFact::head_size) && !facts.has(ConfigFact::full_head_size);
  if (rank != 0 && !is_whole) cache.latent = rank + facts.bounded(ConfigFact::latent_rotary_size);
  cache.index = facts.bounded(ConfigFact::index_size);
  const conventions::GgufLayers layers = conventions::gguf_layers(header.architecture);
  cache.is_encoder_decoder = layers.is_encoder_decoder;
  cache.state_period =
      facts.has(ConfigFact::attention_interval) ? facts.number(ConfigFact::attention_interval) : layers.state_period;
  const bool is_part = !header.type.empty() && header.type != "model";  // an adapter, a tower, statistics
  if (layers.is_encoder || is_part) cache.looks_ahead = true;
  if (!is_part && facts.has(ConfigFact::looks_ahead)) cache.looks_ahead = facts.number(ConfigFact::looks_ahead) == 0;
  cache.shared_layers = facts.number(ConfigFact::shared_layers);
  if (layers.is_state) {
    cache.kinds.assign(std::min<std::uint64_t>(cache.layers, 65'536), LayerKind::state);
    return cache;
  }
  const std::uint64_t window = facts.bounded(ConfigFact::window);
  cache.window = window;
  const std::vector<std::uint64_t>* pattern = facts.list(ConfigFact::window_period);
  if (window == 0) return cache;
  if (pattern != nullptr && pattern->size() > 1) {
    for (const std::uint64_t slides : *pattern)
      cache.kinds.push_back(slides != 0 ? LayerKind::window : LayerKind::full);
  } else if (pattern != nullptr && pattern->front() > 1) {
    cache.window_period = pattern->front();
  } else if (layers.period > 1) {
    cache.window_period = layers.period;
  } else {
    cache.windows_unknown = true;
  }
  return cache;
}

}  // namespace weigh
