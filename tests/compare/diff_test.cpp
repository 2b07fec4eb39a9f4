// In what two models differ, and how it is folded.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/build.h"
#include "compare/described.h"

namespace weigh {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Differences : public ::testing::Test {
 protected:
  std::vector<std::string> lines(const DiffOptions& options = {}) {
    return testing::described(diff(a_.model(), b_.model(), options));
  }

  testing::Build a_, b_;
};

TEST_F(Differences, TellShapeAndDtype) {
  a_.add("fc.weight", {2, 8});
  a_.add("fc.bias", {2});
  b_.add("fc.weight", {2, 16});
  b_.add("fc.bias", {2}).dtype = DType::bfloat16;
  EXPECT_THAT(lines(), ElementsAre("changed fc.weight x1: shape", "changed fc.bias x1: dtype"));
}

TEST_F(Differences, TellRoleStateAndGradient) {
  for (const char* name : {"role", "state", "gradient", "same"}) {
    a_.add(name, {2});
    b_.add(name, {2});
  }
  b_.model().tensors[0].role = Role::buffer;
  b_.model().tensors[1].state = State::uninitialised;
  b_.model().tensors[2].requires_grad = RequiresGrad::no;
  b_.model().tensors[3].requires_grad = RequiresGrad::not_recorded;
  EXPECT_THAT(lines(),
              ElementsAre("changed role x1: role", "changed state x1: state", "changed gradient x1: requires_grad"));
}

TEST_F(Differences, CompareUnknownSizesByTheirNames) {
  const auto add = [](testing::Build& b, const char* name) {
    b.index("conv1");
    b.add_lazy("conv1.weight", {Extent(8), b.unknown(name, "conv1")});
  };
  add(a_, "in");
  add(b_, "in");
  EXPECT_THAT(lines(), IsEmpty());
  testing::Build other;
  add(other, "out");
  EXPECT_THAT(testing::described(diff(a_.model(), other.model())), ElementsAre("changed conv1.weight x1: shape"));
}

TEST_F(Differences, TellTiesWhicheverOfThemStandsFirst) {
  a_.add("embed.weight", {8, 2});
  a_.add_tied("head.weight", "embed.weight");
  b_.add("head.weight", {8, 2});
  b_.add_tied("embed.weight", "head.weight");
  EXPECT_THAT(lines(), IsEmpty());
  testing::Build untied;
  untied.add("embed.weight", {8, 2});
  untied.add("head.weight", {8, 2});
  EXPECT_THAT(testing::described(diff(a_.model(), untied.model())), ElementsAre("changed head.weight x1: tie"));
  EXPECT_THAT(testing::described(diff(untied.model(), b_.model())), ElementsAre("changed embed.weight x1: tie"));
}

TEST_F(Differences, TellTypesWhereBothAreRecorded) {
  for (testing::Build* b : {&a_, &b_}) {
    b->add("conv.weight", {2});
    b->add("fc.weight", {2});
  }
  a_.module("conv").type = "GATConv";
  b_.module("conv").type = "GATv2Conv";
  b_.module("fc").type = "Linear";
  EXPECT_THAT(lines(), ElementsAre("changed conv.* x1: type"));
}

TEST_F(Differences, TellAModuleWithAllBelowItOnce) {
  a_.add("fc.weight", {2});
  a_.add("head.a.weight", {2, 3});
  a_.add("head.b.weight", {2, 3});
  b_.add("fc.weight", {2});
  b_.add("fc.lora_A.weight", {5, 2});
  const Diff found = diff(a_.model(), b_.model());
  EXPECT_THAT(testing::described(found), ElementsAre("went head.* x1", "came fc.lora_A.* x1"));
  EXPECT_EQ(found.went, 2U);
  EXPECT_EQ(found.came, 1U);
}

TEST_F(Differences, TellModulesWithoutTensorsWhereBothFilesHaveThem) {
  a_.add("fc.weight", {2});
  a_.module("fc").type = "Linear";
  a_.module("act").type = "ReLU";
  b_.add("fc.weight", {2});
  EXPECT_THAT(lines(), IsEmpty());  // a state dict names no such module
  b_.module("fc").type = "Linear";
  EXPECT_THAT(lines(), ElementsAre("went act.* x1"));
}

TEST_F(Differences, FoldGridsOfNumbers) {
  for (int layer = 0; layer < 4; ++layer) {
    for (int expert = 0; expert < 5; ++expert) {
      const std::string name = fmt::format("layers.{}.experts.{}.up", layer, expert);
      a_.add(name, {8, 4});
      b_.add(name, {8, layer == 2 ? 6U : 5U});
    }
  }
  EXPECT_THAT(lines(), ElementsAre("changed layers.0.experts.0.up to layers.1.experts.4.up x10: shape",
                                   "changed layers.2.experts.0.up to layers.2.experts.4.up x5: shape",
                                   "changed layers.3.experts.0.up to layers.3.experts.4.up x5: shape"));
  EXPECT_EQ(lines({.fold = false}).size(), 20U);
}

TEST_F(Differences, DoNotFoldOverGaps) {
  for (const char* number : {"0", "1", "3", "04"}) {
    a_.add(fmt::format("h.{}.w", number), {2});
    b_.add(fmt::format("h.{}.w", number), {3});
  }
  EXPECT_THAT(lines(),
              ElementsAre("changed h.0.w to h.1.w x2: shape", "changed h.3.w x1: shape", "changed h.04.w x1: shape"));
}

TEST_F(Differences, FoldModulesThatHoldTheSame) {
  a_.add("h.0.w", {2});
  for (int i = 0; i < 4; ++i) b_.add(fmt::format("h.{}.w", i), {i == 3 ? 5U : 2U});
  EXPECT_THAT(lines(), ElementsAre("came h.1.* to h.2.* x2", "came h.3.* x1"));
}

TEST_F(Differences, TellWhatConfigurationsTell) {
  a_.add("w", {2});
  b_.add("w", {2});
  a_.model().architecture = "LlamaForCausalLM";
  b_.model().architecture = "MistralForCausalLM";
  a_.model().config.layers = 32;  // the other does not say
  a_.model().config.experts.pools = {8};
  b_.model().config.experts.pools = {16};
  b_.model().sections.push_back({"adam", SectionKind::optimizer_state, kNone, 18, 616});
  EXPECT_THAT(lines(), ElementsAre("architecture: LlamaForCausalLM -> MistralForCausalLM", "experts: 8 -> 16",
                                   "optimizer state 'adam':  -> 18 tensors, 616 bytes"));
}

TEST_F(Differences, OfEmptyModelsAreNone) {
  EXPECT_THAT(lines(), IsEmpty());
  a_.add("w", {2});
  EXPECT_THAT(lines(), ElementsAre("went w x1"));
}

}  // namespace
}  // namespace weigh
