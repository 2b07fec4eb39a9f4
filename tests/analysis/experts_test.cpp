// What a token uses, for every way in which experts are stored: four experts of which two are used, of 16 parameters
// each, beside an embedding of 40 and a router of 8.
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "analysis/build.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

constexpr std::uint64_t kRest = 40 + 8;

class Experts : public ::testing::Test {
 protected:
  Experts() {
    build_.add("embed_tokens.weight", {10, 4});
    build_.add("layers.0.moe.gate.weight", {4, 2});
    build_.model().config.experts = {{4}, 2, 0};
  }
  std::optional<std::uint64_t> active() { return summarize(build_.model()).totals.active_parameters; }

  Build build_;
};

TEST_F(Experts, AreNumberedModules) {
  for (int e = 0; e < 4; ++e) build_.add("layers.0.moe.experts." + std::to_string(e) + ".up.weight", {4, 4});
  EXPECT_EQ(active(), kRest + 32);
  EXPECT_EQ(summarize(build_.model()).totals.active_without_embedding, 8U + 32U);
}

TEST_F(Experts, AreTheFirstExtentOfATensor) {
  build_.add("layers.0.moe.experts.gate_up_proj", {4, 4, 4});
  EXPECT_EQ(active(), kRest + 32);
}

TEST_F(Experts, AreTheFirstExtentInAMixture) {
  build_.add("layers.0.moe.input_linear.weight", {4, 4, 4});
  EXPECT_EQ(active(), kRest + 32);
}

TEST_F(Experts, AreRowsBehindEachOther) {
  build_.add("layers.0.ffn.experts.mlp.w1", {16, 4});
  EXPECT_EQ(active(), kRest + 32);
}

TEST_F(Experts, InTwoExtentsOutsideAMixtureAreNone) {
  build_.add("layers.0.moe.experts.gate_up_proj", {4, 4, 4});
  build_.add("layers.0.conv.weight", {4, 3, 2});
  EXPECT_EQ(active(), kRest + 32 + 24);
}

TEST_F(Experts, OfLayersThatPredictAreNotAsked) {
  for (int e = 0; e < 4; ++e) build_.add("layers.0.moe.experts." + std::to_string(e) + ".up.weight", {4, 4});
  build_.add("mtp.experts.0.up.weight", {4, 4});
  EXPECT_EQ(active(), kRest + 32);
}

TEST_F(Experts, OfAnotherNumberThanTheConfigurationSaysAreNotTold) {
  for (int e = 0; e < 3; ++e) build_.add("layers.0.moe.experts." + std::to_string(e) + ".up.weight", {4, 4});
  EXPECT_EQ(active(), std::nullopt);
}

TEST_F(Experts, ThatDifferInSizeAreNotTold) {
  for (int e = 0; e < 4; ++e)
    build_.add("layers.0.moe.experts." + std::to_string(e) + ".up.weight", {4, e == 3 ? 5U : 4U});
  EXPECT_EQ(active(), std::nullopt);
}

TEST_F(Experts, OfWhichNobodySaysHowManyATokenUsesAreNotTold) {
  build_.model().config.experts.per_token = 0;
  build_.add("layers.0.moe.experts.gate_up_proj", {4, 4, 4});
  EXPECT_EQ(active(), std::nullopt);
}

TEST_F(Experts, AreTheFirstExtentBelowASwitch) {
  build_.add("layers.0.mlp.switch_mlp.up_proj.weight", {4, 4, 4});
  build_.add("layers.0.mlp.switch_mlp.up_proj.bias", {4, 4});
  EXPECT_EQ(active(), kRest + 32 + 8);
}

TEST_F(Experts, AreNumberedBelowEachMatrixOfOldGguf) {
  for (const char* matrix : {"gate", "up"})
    for (int e = 0; e < 4; ++e)
      build_.add("blk.0.ffn_" + std::string(matrix) + "." + std::to_string(e) + ".weight", {4, 4});
  EXPECT_EQ(active(), kRest + 64);
}

TEST_F(Experts, OfALayerThatHasFewer) {
  for (int e = 0; e < 4; ++e) build_.add("layers.0.moe.experts." + std::to_string(e) + ".up.weight", {4, 4});
  for (int e = 0; e < 3; ++e) build_.add("layers.1.moe.experts." + std::to_string(e) + ".up.weight", {4, 4});
  EXPECT_EQ(active(), kRest + 32 + 32);
}

TEST_F(Experts, OfALayerThatHasFewerThanATokenUsesAreNotTold) {
  for (int e = 0; e < 4; ++e) build_.add("layers.0.moe.experts." + std::to_string(e) + ".up.weight", {4, 4});
  build_.add("layers.1.moe.experts.0.up.weight", {4, 4});
  EXPECT_EQ(active(), std::nullopt);
}

TEST_F(Experts, OfEachLayerByItsNumberInTheConfiguration) {
  build_.model().config.experts = {{4, 3}, 2, 0};
  for (int e = 0; e < 4; ++e) build_.add("layers.0.moe.experts." + std::to_string(e) + ".up.weight", {4, 4});
  for (int e = 0; e < 3; ++e) build_.add("layers.1.moe.experts." + std::to_string(e) + ".up.weight", {4, 4});
  EXPECT_EQ(active(), kRest + 32 + 32);
}

TEST_F(Experts, ThatComputeNothingMakeTheNumberABound) {
  for (int e = 0; e < 4; ++e) build_.add("layers.0.mlp.experts." + std::to_string(e) + ".up.weight", {4, 4});
  EXPECT_TRUE(summarize(build_.model()).notes.empty());
  build_.add("layers.0.mlp.router.classifier.weight", {6, 2});
  const Summary summary = summarize(build_.model());
  ASSERT_EQ(summary.notes.size(), 1U);
  EXPECT_EQ(summary.notes[0].code, "active-at-most");
  EXPECT_EQ(summary.notes[0].place, "layers.0.mlp.router");
  EXPECT_EQ(
      summary.notes[0].message,
      "2 of the experts to choose among compute nothing, so a token uses fewer of the others at times: the active "
      "parameters are at most so many");
}

}  // namespace
}  // namespace weigh::testing
