#include "weigh/token_cache.h"

#include <gtest/gtest.h>

namespace weigh {
namespace {

CacheConfig llama() {
  CacheConfig config;
  config.layers = 32;
  config.key_value_heads = 8;
  config.head_size = 128;
  config.context = 8'192;
  config.element_bytes = 2;
  return config;
}

TEST(TokenCache, HoldsKeysAndValuesOfEachLayer) {
  const auto cache = token_cache(llama());
  ASSERT_TRUE(cache);
  EXPECT_EQ(cache->bytes_per_token, 131'072U);
  EXPECT_EQ(cache->context, 8'192U);
  EXPECT_EQ(cache->bytes_at_context, std::uint64_t{1} << 30);
}

TEST(TokenCache, HoldsTheLatentVectorWhereAttentionIsLatent) {
  CacheConfig config = llama();
  config.layers = 61;
  config.latent = 512 + 64;
  EXPECT_EQ(token_cache(config)->bytes_per_token, 61U * 576 * 2);
}

TEST(TokenCache, HoldsAWindowInSlidingLayers) {
  CacheConfig config = llama();
  config.sliding_layers = 24;
  config.window = 1'024;
  EXPECT_EQ(token_cache(config)->bytes_per_token, 131'072U);
  EXPECT_EQ(token_cache(config)->bytes_at_context, 4'096U * (8 * 8'192 + 24 * 1'024));
}

TEST(TokenCache, IsNotToldWhereTheConfigurationLeavesOutOrLies) {
  for (auto member : {&CacheConfig::layers, &CacheConfig::key_value_heads, &CacheConfig::head_size}) {
    CacheConfig config = llama();
    config.*member = 0;
    EXPECT_FALSE(token_cache(config));
    config.*member = UINT64_MAX;
    EXPECT_FALSE(token_cache(config));
  }
  CacheConfig config = llama();
  config.element_bytes = 0;
  EXPECT_FALSE(token_cache(config));
  config = llama();
  config.context = UINT64_MAX;
  EXPECT_EQ(token_cache(config)->context, 0U);
}

}  // namespace
}  // namespace weigh
