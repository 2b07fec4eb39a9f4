#include "conventions/key_modules.h"

#include <gtest/gtest.h>

namespace weigh::conventions {
namespace {

TEST(KeyModules, AreKnownByTheirNames) {
  for (const char* name : {"k_proj", "key_proj", "wk", "key", "attn_k"}) EXPECT_EQ(key_module(name), KeyModule::keys);
  for (const char* name : {"v_proj", "value_proj", "wv", "value", "attn_v"})
    EXPECT_EQ(key_module(name), KeyModule::values);
  EXPECT_EQ(key_module("kv_proj"), KeyModule::keys_and_values);
  for (const char* name : {"qkv_proj", "query_key_value", "Wqkv", "wqkv", "c_attn", "W_pack", "attn_qkv"})
    EXPECT_EQ(key_module(name), KeyModule::queries_too);
  for (const char* name : {"kv_a_proj_with_mqa", "attn_kv_a_mqa"}) EXPECT_EQ(key_module(name), KeyModule::latent);
  EXPECT_EQ(key_module("indexer"), KeyModule::index);
  for (const char* name : {"linear_attn", "mamba", "cross_attn", "crossattention", "encoder_attn"})
    EXPECT_EQ(key_module(name), KeyModule::elsewhere);
  EXPECT_EQ(key_module("q_proj"), KeyModule::none);
  EXPECT_EQ(key_module(""), KeyModule::none);
}

}  // namespace
}  // namespace weigh::conventions
