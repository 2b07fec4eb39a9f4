// What a language model keeps in memory of the text it has seen: keys and values of each token, for each layer.
#pragma once

#include <cstdint>
#include <optional>

#include "weigh/config.h"

namespace weigh {

struct TokenCache {
  std::uint64_t bytes_per_token = 0;   // of a text shorter than any window
  std::uint64_t context = 0;           // the longest text, in tokens; 0 where it is not told
  std::uint64_t bytes_at_context = 0;  // of it; sliding layers keep their window alone
};

// A layer keeps keys and values, 2 · key_value_heads · head_size numbers for a token; with latent attention
// (DeepSeek-V2, 2024, section 2.1) the compressed vector and the rotary key that all heads share. Numbers are of the
// dtype that the configuration names. Nothing where it leaves out one of these.
std::optional<TokenCache> token_cache(const CacheConfig& config);

}  // namespace weigh
