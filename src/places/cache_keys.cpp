// What a config.json says of keys and values, in any of the spellings that are about.
#include <algorithm>

#include "conventions/config_keys.h"
#include "conventions/transformers.h"
#include "places/config_keys.h"

namespace weigh {
namespace {

using conventions::config_keys;
using conventions::ConfigFact;
using conventions::LayerKind;

constexpr std::uint64_t kMost = 1ULL << 32;  // of anything in a layer
constexpr std::uint64_t kMostLayers = 65'536;

std::uint64_t bounded(std::uint64_t number) { return number < kMost ? number : 0; }

// "1, 0, 1" as kinds.
std::vector<LayerKind> kinds_of(const std::vector<std::uint64_t>& flags, LayerKind set, LayerKind unset) {
  std::vector<LayerKind> kinds;
  kinds.reserve(flags.size());
  for (const std::uint64_t flag : flags) kinds.push_back(flag != 0 ? set : unset);
  return kinds;
}

// As many as there are layers, one period after the other.
std::vector<LayerKind> repeated(const std::vector<LayerKind>& period, std::uint64_t layers) {
  std::vector<LayerKind> kinds(layers);
  for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] = period[i % period.size()];
  return kinds;
}

}  // namespace

CacheFacts ConfigKeys::cache_facts() const {
  CacheFacts facts;
  facts.model_type = text(ConfigFact::model_type);
  if (const auto whole = texts_.find("model_type"); whole != texts_.end()) facts.whole_type = whole->second;
  facts.layers = number(ConfigFact::layers);
  take_heads(facts);
  if (const std::optional<std::uint64_t> window = said(ConfigFact::window)) facts.window = bounded(*window);
  facts.chunk = bounded(number(ConfigFact::chunk));
  if (const auto uses = said(ConfigFact::uses_window)) facts.uses_window = *uses != 0;
  facts.window_from = said(ConfigFact::window_from);
  facts.shared_layers = number(ConfigFact::shared_layers);
  facts.sharing_factor = number(ConfigFact::sharing_factor);
  const std::vector<std::uint64_t>* ratios = find(lists_, ConfigFact::compressed);
  facts.has_compressed =
      ratios != nullptr && std::any_of(ratios->begin(), ratios->end(), [](std::uint64_t n) { return n > 1; });
  if (const auto decodes = said(ConfigFact::is_decoder)) facts.is_decoder = *decodes != 0;
  facts.is_encoder_decoder = said(ConfigFact::is_encoder_decoder).value_or(0) != 0;
  facts.looks_ahead = said(ConfigFact::looks_ahead).value_or(0) != 0;
  if (facts.layers <= kMostLayers) {
    take_kinds(facts);
    take_blocks(facts);
  }
  // Nemotron-H's newer files have no other word of how many there are.
  if (facts.layers == 0) facts.layers = facts.kinds.size();
  return facts;
}

void ConfigKeys::take_heads(CacheFacts& facts) const {
  facts.query_heads = bounded(number(ConfigFact::heads));
  facts.heads.heads = bounded(number(ConfigFact::key_value_heads));
  if (const auto* list = find(lists_, ConfigFact::key_value_heads)) facts.heads_of_layers = *list;
  if (facts.heads.heads == 0) facts.heads.heads = facts.query_heads;
  // Falcon and its kin: all heads share one, unless newer code puts them in groups; then it repeats them before it
  // keeps them (transformers 5.24: FalconAttention._split_heads).
  const bool is_default = facts.model_type == "gpt_bigcode" || facts.model_type == "falcon";
  facts.repeats_heads = said(ConfigFact::many_queries).value_or(0) != 0;
  const std::uint64_t shares = said(ConfigFact::multi_query).value_or(is_default ? 1 : 2);
  if (facts.repeats_heads || shares == 0) {
    facts.heads.heads = facts.query_heads;
  } else if (shares == 1) {
    facts.heads.heads = 1;
  }
  facts.heads.key_size = bounded(number(ConfigFact::head_size));
  const std::uint64_t width = number(ConfigFact::width);
  if (facts.heads.key_size == 0 && facts.query_heads != 0 && width % facts.query_heads == 0)
    facts.heads.key_size = bounded(width / facts.query_heads);
  facts.heads.value_size = bounded(number(ConfigFact::value_size));
  facts.window_heads = {number(ConfigFact::window_heads), number(ConfigFact::window_head_size),
                        number(ConfigFact::window_value_size)};
  facts.full_heads = {number(ConfigFact::full_heads), number(ConfigFact::full_head_size), 0};
  const std::uint64_t rank = bounded(number(ConfigFact::latent_rank));
  if (rank != 0) facts.latent = rank + bounded(number(ConfigFact::latent_rotary_size));
  facts.index = bounded(number(ConfigFact::index_size));
}

void ConfigKeys::take_kinds(CacheFacts& facts) const {
  const auto flags = [&](ConfigFact fact, LayerKind set, LayerKind unset) {
    const std::vector<std::uint64_t>* list = find(lists_, fact);
    if (list != nullptr) facts.kinds = kinds_of(*list, set, unset);
    return list != nullptr;
  };
  if (const auto* words = find(kinds_, ConfigFact::layer_kinds)) {
    facts.kinds = *words;
  } else if (const std::string_view letters = text(ConfigFact::layer_letters); !letters.empty()) {
    for (const char letter : letters) facts.kinds.push_back(conventions::layer_kind(letter));
  } else if (const auto* period = find(kinds_, ConfigFact::layers_repeat)) {
    facts.kinds = repeated(*period, facts.layers);
    // Recurrent Gemma's layers that attend look back at a window.
    if (facts.window.value_or(0) != 0 || facts.model_type == "recurrent_gemma")
      std::replace(facts.kinds.begin(), facts.kinds.end(), LayerKind::full, LayerKind::window);
  } else if (flags(ConfigFact::attending_flags, LayerKind::full, LayerKind::state) ||
             flags(ConfigFact::window_flags, LayerKind::window, LayerKind::full) ||
             flags(ConfigFact::chunk_flags, LayerKind::chunked, LayerKind::full)) {
    if (facts.chunk == 0) std::replace(facts.kinds.begin(), facts.kinds.end(), LayerKind::chunked, LayerKind::full);
  } else if (std::vector<LayerKind> kinds = kinds_by_numbers(facts.layers); !kinds.empty()) {
    facts.kinds = std::move(kinds);
  } else if (const std::uint64_t interval = number(ConfigFact::attention_interval); interval > 1) {
    facts.state_period = interval;
  } else if (const std::uint64_t period_of_states = number(ConfigFact::attention_period); period_of_states > 1) {
    facts.state_period = period_of_states;
    facts.state_offset = said(ConfigFact::attention_offset);
  } else if (const std::uint64_t window_period = number(ConfigFact::window_period); window_period > 1) {
    facts.window_period = window_period;
  } else if (const std::string_view pattern = text(ConfigFact::window_period); !pattern.empty()) {
    std::vector<LayerKind> period_of_letters;
    for (const char letter : pattern) period_of_letters.push_back(conventions::layer_kind(letter));
    facts.kinds = repeated(period_of_letters, facts.layers);
  } else if (const auto* windows = find(lists_, ConfigFact::window_period); windows != nullptr) {
    facts.kinds = kinds_of(*windows, LayerKind::window, LayerKind::full);
  }
}

// Lists of the numbers of layers that attend; the others keep a state.
std::vector<LayerKind> ConfigKeys::kinds_by_numbers(std::uint64_t layers) const {
  std::vector<LayerKind> kinds;
  const auto take = [&](ConfigFact fact, std::uint64_t first) {
    const std::vector<std::uint64_t>* list = find(lists_, fact);
    if (list == nullptr || !kinds.empty()) return;
    kinds.assign(layers, LayerKind::state);
    for (const std::uint64_t number : *list)
      if (number >= first && number - first < layers) kinds[number - first] = LayerKind::full;
  };
  take(ConfigFact::attending_layers, 0);
  take(ConfigFact::attending_ordinals, 1);
  return kinds;
}

// Nemotron-NAS: an object for each layer, which may not attend, and how many heads of its queries share a key.
void ConfigKeys::take_blocks(CacheFacts& facts) const {
  for (const std::string_view key : config_keys(ConfigFact::layer_blocks)) {
    const std::string begin = std::string(key) + ".";
    if (const auto any = numbers_.lower_bound(begin); any == numbers_.end() || !any->first.starts_with(begin)) continue;
    facts.heads_of_layers.assign(facts.layers, 0);
    for (std::uint64_t i = 0; i < facts.layers; ++i) {
      const auto of = [&](std::string_view name) -> std::uint64_t {
        const auto found = numbers_.find(begin + std::to_string(i) + ".attention." + std::string(name));
        return found == numbers_.end() ? 0 : found->second;
      };
      const std::uint64_t group = of("n_heads_in_group");
      if (of("no_op") != 0 || of("replace_with_linear") != 0) continue;
      facts.heads_of_layers[i] = group != 0 ? facts.query_heads / group : of("num_key_value_heads");
    }
    return;
  }
}

}  // namespace weigh
