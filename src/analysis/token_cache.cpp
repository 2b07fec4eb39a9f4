#include "weigh/token_cache.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bytes/checked.h"

namespace weigh {
namespace {

using Number = std::optional<std::uint64_t>;

constexpr std::array<std::pair<std::string_view, CacheElement>, 7> kElements = {{{"float32", {4, 1}},
                                                                                 {"float16", {2, 1}},
                                                                                 {"bfloat16", {2, 1}},
                                                                                 {"float8", {1, 1}},
                                                                                 {"int8", {1, 1}},
                                                                                 {"q8_0", {34, 32}},
                                                                                 {"q4_0", {18, 32}}}};

Number times(Number a, Number b) { return a && b ? checked_mul(*a, *b) : std::nullopt; }
Number plus(Number a, Number b) { return a && b ? checked_add(*a, *b) : std::nullopt; }

bool is_same(const CachedLayer& a, const CachedLayer& b) {
  return a.kind == b.kind && a.keeps_state == b.keeps_state && a.heads == b.heads && a.key_size == b.key_size &&
         a.value_size == b.value_size && a.window == b.window;
}

Number bytes_of(const CachedLayer& layer, const CacheElement& element) {
  const Number numbers = times(layer.heads, plus(layer.key_size, layer.value_size));
  if (!numbers || *numbers % element.elements != 0) return std::nullopt;
  return times(*numbers / element.elements, element.bytes);
}

// Configurations have a few kinds of layers; more are told as one list of each.
constexpr std::size_t kMostKinds = 256;

std::vector<CachedLayers> kinds_of(const std::vector<CachedLayer>& layers) {
  std::vector<CachedLayers> kinds;
  for (const CachedLayer& layer : layers) {
    const auto same =
        std::find_if(kinds.begin(), kinds.end(), [&](const CachedLayers& kind) { return is_same(kind.layer, layer); });
    if (same != kinds.end()) {
      ++same->count;
    } else if (kinds.size() < kMostKinds) {
      kinds.push_back({1, layer, 0});
    } else {
      return {};
    }
  }
  return kinds;
}

}  // namespace

std::optional<CacheElement> cache_element(std::string_view name) {
  const auto found =
      std::find_if(kElements.begin(), kElements.end(), [&](const auto& row) { return row.first == name; });
  return found == kElements.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string_view> cache_element_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, element] : kElements) names.push_back(name);
  return names;
}

std::optional<TokenCache> token_cache(const CacheConfig& config, const CacheQuestion& question) {
  const CacheElement element = question.element.value_or(CacheElement{config.element_bytes, 1});
  TokenCache cache;
  cache.layers = kinds_of(config.layers);
  cache.context = question.context.value_or(config.context);
  cache.batch = question.batch;
  Number per_token = 0;
  Number at_context = 0;
  for (CachedLayers& kind : cache.layers) {
    const Number bytes = bytes_of(kind.layer, element);
    kind.bytes_per_token = bytes.value_or(0);
    const std::uint64_t window = kind.layer.window == 0 ? cache.context : std::min(kind.layer.window, cache.context);
    per_token = plus(per_token, times(kind.count, bytes));
    at_context = plus(at_context, times(times(kind.count, bytes), window));
  }
  if (!per_token || *per_token == 0) return std::nullopt;
  cache.bytes_per_token = *per_token;
  if (cache.context != 0 && config.windows_known) cache.bytes_at_context = times(at_context, cache.batch);
  return cache;
}

}  // namespace weigh
