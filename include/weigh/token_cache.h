// What a language model keeps in memory of the text it has seen: keys and values of each token, for each layer.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "weigh/config.h"

namespace weigh {

// What the numbers of a cache are stored as: so many bytes for so many numbers (llama.cpp's q8_0: 34 for 32).
struct CacheElement {
  unsigned bytes = 0;
  unsigned elements = 1;
};

// "float16", "q8_0"; nothing of a name that is not known.
std::optional<CacheElement> cache_element(std::string_view name);
std::vector<std::string_view> cache_element_names();

// What is asked beside what the model says.
struct CacheQuestion {
  std::optional<std::uint64_t> context;  // tokens; otherwise the longest text
  std::uint64_t batch = 1;               // texts at once
  std::optional<CacheElement> element;   // otherwise what the model computes in
};

// Layers that keep the same.
struct CachedLayers {
  std::uint64_t count = 0;
  CachedLayer layer;
  std::uint64_t bytes_per_token = 0;  // of one layer
};

struct TokenCache {
  std::uint64_t bytes_per_token = 0;  // of one text, shorter than any window
  std::uint64_t context = 0;          // tokens; 0 where it is not told
  std::uint64_t batch = 1;            // texts
  // Of all texts; nothing without a context, or where windows are not known.
  std::optional<std::uint64_t> bytes_at_context;
  std::vector<CachedLayers> layers;  // in the order of the first of each
};

// A layer keeps keys and values, heads · (key size + value size) numbers for a token; with latent attention
// (DeepSeek-V2, 2024, section 2.1) the compressed vector and the rotary key that all heads share. Layers with a window
// keep that of a longer text. Nothing where the model makes no text, or where it is not known what its layers keep.
std::optional<TokenCache> token_cache(const CacheConfig& config, const CacheQuestion& question = {});

}  // namespace weigh
