// A word for a layer, beside the class of the cache that transformers gives such a layer.
#include "conventions/layer_kinds.h"

#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weigh::conventions {
namespace {

const std::map<std::string, std::vector<LayerKind>> kKindsOfClasses = {
    {"DynamicLayer", {LayerKind::full}},
    {"DynamicSlidingWindowLayer", {LayerKind::window, LayerKind::chunked}},
    {"DynamicIndexedLayer", {LayerKind::indexed}},
    {"MiniMaxM3VLSparseCacheLayer", {LayerKind::indexed}},
    {"LinearAttentionLayer", {LayerKind::state}},
    {"LinearAttentionAndFullAttentionLayer", {LayerKind::full_and_state}},
    {"LinearAttentionAndSlidingWindowAttentionLayer", {LayerKind::window_and_state}},
    {"DeepseekV4HCACache", {LayerKind::compressed}},
    {"DeepseekV4CSACache", {LayerKind::compressed}},
    {"UnlimitedOcrDynamicReferenceSlidingWindowLayer", {LayerKind::window_of_answer}},
    {"DummyLayer", {LayerKind::none}},
};

TEST(LayerKinds, AreWhatTransformersKeeps) {
  std::ifstream stream(WEIGH_TEST_DATA "/conventions/layer_kinds.json");
  const nlohmann::json classes = nlohmann::json::parse(stream);
  for (const LayerKindRow& row : layer_kind_rows()) {
    SCOPED_TRACE(std::string(row.name));
    if (row.fixture != "conventions/layer_kinds.json") continue;
    ASSERT_TRUE(classes.contains(std::string(row.name)));
    const std::vector<LayerKind>& kinds = kKindsOfClasses.at(classes[std::string(row.name)].get<std::string>());
    EXPECT_NE(std::find(kinds.begin(), kinds.end(), row.kind), kinds.end());
    EXPECT_EQ(layer_kind(row.name), row.kind);
  }
  EXPECT_EQ(layer_kind("oblique"), LayerKind::unknown);
}

}  // namespace
}  // namespace weigh::conventions
