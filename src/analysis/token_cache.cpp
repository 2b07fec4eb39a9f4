#include "weigh/token_cache.h"

#include <algorithm>

#include "bytes/checked.h"

namespace weigh {
namespace {

using Number = std::optional<std::uint64_t>;

Number times(Number a, std::uint64_t b) { return a ? checked_mul(*a, b) : a; }
Number plus(Number a, Number b) { return a && b ? checked_add(*a, *b) : std::nullopt; }

}  // namespace

std::optional<TokenCache> token_cache(const CacheConfig& config) {
  const Number in_layer =
      times(config.latent != 0 ? Number(config.latent) : times(times(2, config.key_value_heads), config.head_size),
            config.element_bytes);
  const Number per_token = times(in_layer, config.layers);
  if (!per_token || *per_token == 0 || config.sliding_layers > config.layers) return std::nullopt;
  TokenCache cache;
  cache.bytes_per_token = *per_token;
  const std::uint64_t window = std::min(config.window, config.context);
  const Number full = times(times(in_layer, config.layers - config.sliding_layers), config.context);
  const Number all = plus(full, times(times(in_layer, config.sliding_layers), window));
  if (config.context == 0 || !all) return cache;
  cache.context = config.context;
  cache.bytes_at_context = *all;
  return cache;
}

}  // namespace weigh
