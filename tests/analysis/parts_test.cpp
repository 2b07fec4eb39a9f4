// Parts that a text token does not pass.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

std::string paths(const Model& model, const std::vector<Index>& modules) {
  std::string all;
  for (const Index module : modules) all += (all.empty() ? "" : " ") + model.path_of(module);
  return all;
}

std::string towers(Build& build) { return paths(build.model(), summarize(build.model()).towers); }
std::string predicting(Build& build) { return paths(build.model(), summarize(build.model()).predicting_layers); }

TEST(Parts, AreTheTopmostTowersBesideALanguageModel) {
  Build build;
  build.add("model.embed_tokens.weight", {10, 4});
  build.add("model.layers.0.weight", {4, 4});
  build.add("vision_model.visual.weight", {3, 3});
  build.add("model.resampler.weight", {2, 2});
  EXPECT_EQ(towers(build), "vision_model model.resampler");
  EXPECT_EQ(predicting(build), "");
}

TEST(Parts, AreTowersBesideALanguageModelWhateverItsEmbeddingIsCalled) {
  Build build;
  build.add("language_model.model.embeddings.weight", {10, 4});
  build.add("vision_tower.weight", {3, 3});
  EXPECT_EQ(towers(build), "vision_tower");
}

TEST(Parts, ANetworkForImagesAloneIsNoTower) {
  Build build;
  build.add("vit.embeddings.weight", {10, 4});
  build.add("classifier.weight", {2, 4});
  EXPECT_EQ(towers(build), "");
}

TEST(Parts, AnEmbeddingInsideATowerMakesNoLanguageModel) {
  Build build;
  build.add("vision_model.embed_tokens.weight", {10, 4});
  EXPECT_EQ(towers(build), "");
}

TEST(Parts, LayersBehindTheLastPredict) {
  Build build;
  build.add("embed_tokens.weight", {10, 4});
  for (const char* number : {"0", "1", "2", "x"}) build.add(std::string("layers.") + number + ".weight", {4, 4});
  build.add("mtp.weight", {4, 4});
  EXPECT_EQ(predicting(build), "mtp") << "nobody says how many layers there are";
  build.model().config.layers = 2;
  build.model().config.predicting_layers = 1;
  EXPECT_EQ(predicting(build), "layers.2 mtp");
}

TEST(Parts, OfAnotherNameBesideALanguageModelWithATowerAreNoText) {
  Build build;
  build.add("model.embed_vision.weight", {4, 4});
  build.add("model.anything.weight", {4, 4});
  build.add("model.language_model.embed_tokens.weight", {10, 4});
  build.add("model.language_model.layers.0.weight", {4, 4});
  build.add("lm_head.weight", {10, 4});
  build.add("connector.weight", {4, 4});
  EXPECT_EQ(towers(build), "model.embed_vision model.anything connector");
}

TEST(Parts, BesideALanguageModelWithoutATowerAreItsOwn) {
  Build build;
  build.add("language_model.embed_tokens.weight", {10, 4});
  build.add("projector.weight", {4, 4});
  EXPECT_EQ(towers(build), "");
}

TEST(Parts, ThatHoldTheTextAreNoBridges) {
  Build build;
  build.add("multimodal.llm.embed_tokens.weight", {10, 4});
  build.add("multimodal.vision.weight", {4, 4});
  EXPECT_EQ(towers(build), "multimodal.vision");
}

TEST(Parts, AreFoundBesideAnEmbeddingThatHoldsAMatrix) {
  Build build;
  build.add("embed.weight", {10, 4});
  build.add("layers.0.weight", {4, 4});
  build.add("vision.patch.weight", {4, 4});
  EXPECT_EQ(towers(build), "vision");
}

}  // namespace
}  // namespace weigh::testing
