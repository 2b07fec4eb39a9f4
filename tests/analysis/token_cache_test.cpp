#include "weigh/token_cache.h"

#include <gtest/gtest.h>

namespace weigh {
namespace {

CachedLayer full() {
  CachedLayer layer;
  layer.kind = LayerCache::full;
  layer.heads = 8;
  layer.key_size = layer.value_size = 128;
  return layer;
}

CachedLayer window() {
  CachedLayer layer = full();
  layer.kind = LayerCache::window;
  layer.window = 1'024;
  return layer;
}

CacheConfig llama() {
  CacheConfig config;
  config.layers.assign(32, full());
  config.context = 8'192;
  config.element_bytes = 2;
  return config;
}

TEST(TokenCache, HoldsKeysAndValuesOfEachLayer) {
  const auto cache = token_cache(llama());
  ASSERT_TRUE(cache);
  EXPECT_EQ(cache->bytes_per_token, 131'072U);  // the number that is given for Llama 3 8B
  EXPECT_EQ(cache->context, 8'192U);
  EXPECT_EQ(cache->bytes_at_context, 1'073'741'824U);
  ASSERT_EQ(cache->layers.size(), 1U);
  EXPECT_EQ(cache->layers[0].count, 32U);
  EXPECT_EQ(cache->layers[0].bytes_per_token, 4'096U);
}

TEST(TokenCache, HoldsTheLatentVectorWhereAttentionIsLatent) {
  CacheConfig config = llama();
  CachedLayer latent;
  latent.kind = LayerCache::latent;
  latent.heads = 1;
  latent.key_size = 576;
  config.layers.assign(61, latent);
  EXPECT_EQ(token_cache(config)->bytes_per_token, 70'272U);  // the number that is given for Kimi-K2
}

TEST(TokenCache, HoldsAWindowInSlidingLayers) {
  CacheConfig config = llama();
  for (std::size_t i = 0; i < 24; ++i) config.layers[i] = window();
  EXPECT_EQ(token_cache(config)->bytes_per_token, 131'072U);
  EXPECT_EQ(token_cache(config)->bytes_at_context, 4'096U * (8 * 8'192 + 24 * 1'024));
  EXPECT_EQ(token_cache(config)->layers.size(), 2U);
  config.windows_known = false;
  EXPECT_EQ(token_cache(config)->bytes_at_context, std::nullopt);
}

TEST(TokenCache, LayersThatShareOrKeepAStateHoldNothingOfAToken) {
  CacheConfig config = llama();
  config.layers[1] = {.kind = LayerCache::shared};
  config.layers[2] = {.kind = LayerCache::state, .keeps_state = true};
  config.layers[3] = {};
  EXPECT_EQ(token_cache(config)->bytes_per_token, 29U * 4'096);
  config.layers.assign(4, {.kind = LayerCache::state, .keeps_state = true});
  EXPECT_FALSE(token_cache(config));
}

TEST(TokenCache, IsOfTheTextsThatAreAskedFor) {
  const auto cache = token_cache(llama(), {.context = 1'000, .batch = 3, .element = cache_element("q8_0")});
  EXPECT_EQ(cache->bytes_per_token, 32U * 2'048 / 32 * 34);
  EXPECT_EQ(cache->context, 1'000U);
  EXPECT_EQ(cache->bytes_at_context, 3U * 1'000 * 69'632);
  EXPECT_FALSE(cache_element("q9_0"));
}

TEST(TokenCache, IsNotToldWhereTheConfigurationLeavesOutOrLies) {
  CacheConfig config = llama();
  config.layers.clear();
  EXPECT_FALSE(token_cache(config));
  config = llama();
  config.element_bytes = 0;
  EXPECT_FALSE(token_cache(config));
  config = llama();
  config.layers[5].heads = std::uint64_t{1} << 60;
  EXPECT_FALSE(token_cache(config));
  config = llama();
  config.layers[5].key_size = 101;
  EXPECT_FALSE(token_cache(config, {.element = cache_element("q4_0")})) << "no whole blocks";
  config = llama();
  config.context = 0;
  EXPECT_EQ(token_cache(config)->context, 0U);
  EXPECT_EQ(token_cache(config)->bytes_at_context, std::nullopt);
  EXPECT_EQ(token_cache(llama(), {.context = std::uint64_t{1} << 60})->bytes_at_context, std::nullopt);
}

}  // namespace
}  // namespace weigh
