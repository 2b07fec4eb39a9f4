// Which siblings fold into one row.
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "model/shapes.h"

namespace weigh {
namespace {

using testing::Build;
using testing::levels;
using testing::Options;

constexpr const char* kLayers[] = {"h.0", "h.1", "h.2"};

// Three typed layers of two tensors each below a typed container "h".
void add_layers(Build& b) {
  b.module("h").type = "ModuleList";
  for (const std::string layer : kLayers) {
    b.module(layer).type = "Block";
    b.add(layer + ".fc.weight", {4, 4});
    b.add(layer + ".fc.bias", {4});
  }
}

std::vector<std::uint32_t> repeats(Build& b, SummaryOptions options = {}) {
  options.depth = 2;
  std::vector<std::uint32_t> found;
  for (const Row& row : summarize(b.model(), options).rows)
    if (row.depth == 2) found.push_back(row.repeat);
  return found;
}

using Repeats = std::vector<std::uint32_t>;

TEST(Fold, MakesOneRowOfIdenticalSiblings) {
  Build b;
  add_layers(b);
  EXPECT_EQ(repeats(b), Repeats{3});
}

TEST(Fold, LeavesTheLengthOfTextsOutAndAddsThem) {
  Build b;
  add_layers(b);
  for (std::uint64_t length : {81, 82, 83})
    b.add(kLayers[length - 81] + std::string(".fc.quant_state.bitsandbytes__nf4"), {length}).dtype = DType::uint8;
  EXPECT_EQ(repeats(b), Repeats{3});
  EXPECT_EQ(summarize(b.model(), levels(2)).rows[1].tally.parameters, Count(60 + 81 + 82 + 83));
}

TEST(Fold, AddsTheCountsOfARow) {
  Build b;
  add_layers(b);
  b.add("h.0.mean", {2}).role = Role::buffer;
  b.add("h.1.mean", {2}).role = Role::buffer;
  b.add("h.2.mean", {2}).role = Role::buffer;
  const Summary summary = summarize(b.model(), levels(2));
  ASSERT_EQ(summary.rows.size(), 2U);
  const Row& row = summary.rows[1];
  EXPECT_EQ(row.module, b.index("h.0"));
  EXPECT_EQ(row.last_module, b.index("h.2"));
  EXPECT_EQ(row.repeat, 3U);
  EXPECT_EQ(row.tally.parameters, Count(60));
  EXPECT_EQ(row.tally.trainable, Count(60));
  EXPECT_EQ(row.tally.buffers, Count(6));
  EXPECT_EQ(row.tally.bytes, Count(264));
  EXPECT_EQ(row.tally.tensors, 9U);
  EXPECT_EQ(summary.tallies[b.index("h")].parameters, row.tally.parameters);
}

TEST(Fold, DoesNotCareForNumbersOfTensors) {
  Build b;
  b.module("h").type = "ModuleList";
  for (const std::string layer : kLayers) b.add(layer + ".fc.onnx::MatMul_7" + layer.substr(2), {4, 4});
  EXPECT_EQ(repeats(b), Repeats{3});
}

TEST(Fold, DoesNotHoldForDifferentFlops) {
  Build b;
  add_layers(b);
  b.model().runs.resize(b.model().modules.size());
  for (const std::string layer : kLayers) b.model().runs[b.index(layer)].flops = 8;
  EXPECT_EQ(repeats(b), Repeats{3});
  b.model().runs[b.index("h.2")].flops = 4;
  EXPECT_EQ(repeats(b), (Repeats{2, 1}));
}

TEST(Fold, IsLeftOutOnRequest) {
  Build b;
  add_layers(b);
  EXPECT_EQ(repeats(b, Options().unfolded()), (Repeats{1, 1, 1}));
}

TEST(Fold, HoldsOnlyForNumbers) {
  Build b;
  for (const std::string layer : {"h.first", "h.second"}) b.add(layer + ".weight", {4});
  EXPECT_EQ(repeats(b), (Repeats{1, 1}));
}

TEST(Fold, DoesNotCareForTheOrderOfTensors) {
  Build b;
  b.module("h").type = "ModuleList";
  b.add("h.0.a.weight", {4, 4});
  b.add("h.0.b.weight", {8});
  b.add("h.1.b.weight", {8});
  b.add("h.1.a.weight", {4, 4});
  EXPECT_EQ(repeats(b), Repeats{2});
}

// Each changes the layer in the middle, so that nothing can fold.
struct Difference {
  std::string name;
  std::function<void(Build&)> make;
};

class FoldOfDifferent : public ::testing::TestWithParam<Difference> {};

TEST_P(FoldOfDifferent, SiblingsDoesNotHappen) {
  Build b;
  add_layers(b);
  GetParam().make(b);
  EXPECT_EQ(repeats(b), (Repeats{1, 1, 1}));
}

Tensor& middle_weight(Build& b) { return b.model().tensors[2]; }
void give_middle_weight(Build& b, const std::vector<Extent>& shape) {
  middle_weight(b).first_extent = Shapes(b.model().extents).add(shape);
}

INSTANTIATE_TEST_SUITE_P(
    By, FoldOfDifferent,
    ::testing::Values(Difference{"dtype", [](Build& b) { middle_weight(b).dtype = DType::bfloat16; }},
                      Difference{"shape",
                                 [](Build& b) {
                                   give_middle_weight(b, {Extent(5), Extent(2)});
                                 }},
                      Difference{"order_of_extents",
                                 [](Build& b) {
                                   give_middle_weight(b, {Extent(2), Extent(8)});
                                 }},
                      Difference{"role", [](Build& b) { middle_weight(b).role = Role::buffer; }},
                      Difference{"state", [](Build& b) { middle_weight(b).state = State::meta; }},
                      Difference{"gradient", [](Build& b) { middle_weight(b).requires_grad = RequiresGrad::no; }},
                      Difference{"layout", [](Build& b) { middle_weight(b).layout = Layout::sparse; }},
                      Difference{"stored_bytes", [](Build& b) { middle_weight(b).stored_bytes = 1; }},
                      Difference{"type", [](Build& b) { b.module("h.1").type = "OtherBlock"; }},
                      Difference{"type_below", [](Build& b) { b.module("h.1.fc").type = "Linear"; }},
                      Difference{"mode", [](Build& b) { b.module("h.1").mode = Mode::eval; }},
                      Difference{"lazy_class", [](Build& b) { b.module("h.1.fc").lazy = true; }},
                      Difference{"one_more_module", [](Build& b) { b.module("h.1.dropout"); }},
                      Difference{"one_more_tensor", [](Build& b) { b.add("h.1.fc.extra", {1}); }},
                      Difference{"alias", [](Build& b) { b.module("h.1").alias_of = b.index("h.0"); }}),
    [](const auto& info) { return info.param.name; });

TEST(Fold, TellsNamesOfTensorsAndModulesApart) {
  Build b;
  b.module("h").type = "ModuleList";
  b.add("h.0.a.weight", {4});
  b.add("h.1.b.weight", {4});
  b.add("h.2.b.bias", {4});
  EXPECT_EQ(repeats(b), (Repeats{1, 1, 1}));
}

// The tie is counted in both, and the whole is not a multiple of either.
TEST(Fold, DoesNotHoldForTies) {
  Build b;
  b.module("h").type = "ModuleList";
  b.add("h.0.weight", {4});
  b.add_tied("h.1.weight", "h.0.weight");
  b.add_tied("h.2.weight", "h.0.weight");
  EXPECT_EQ(repeats(b), (Repeats{1, 1, 1}));
}

// Each has an extent of its own.
TEST(Fold, DoesNotHoldForWhatIsNotInitialised) {
  Build b;
  b.module("h").type = "ModuleList";
  for (const std::string layer : kLayers) b.add_lazy(layer + ".weight", {Extent(8), b.unknown("in", layer)});
  EXPECT_EQ(repeats(b), (Repeats{1, 1, 1}));
}

TEST(Fold, HoldsForRunsOfSiblings) {
  Build b;
  b.module("h").type = "ModuleList";
  for (int i = 0; i < 6; ++i) b.add("h." + std::to_string(i) + ".weight", {i == 0 || i == 3 ? 8U : 4U});
  EXPECT_EQ(repeats(b), (Repeats{1, 2, 1, 2}));
}

// Layers that hold an attention, three experts and a tensor of their own, behind one that is another.
void add_mixture(Build& b) {
  b.add("h.0.fc.weight", {5});
  for (const std::string layer : {"h.1", "h.2"}) {
    b.add(layer + ".attn.weight", {4});
    for (const char* expert : {"0", "1", "2"}) b.add(layer + ".moe.experts." + expert + ".up.weight", {2, 4});
    b.add(layer + ".moe.gate.weight", {3});
    b.add(layer + ".scale", {1});
  }
}

// "depth first-last xN: parameters tensors" for each row.
std::vector<std::string> opened(Build& b, const SummaryOptions& options) {
  std::vector<std::string> found;
  const Model& model = b.model();
  for (const Row& row : summarize(model, options).rows) {
    std::string line = std::to_string(row.depth) + " " + model.path_of(row.module);
    if (row.own_only) line += " own";
    if (row.repeat > 1) line += "-" + model.path_of(row.last_module) + " x" + std::to_string(row.repeat);
    found.push_back(line + ": " + std::to_string(row.tally.parameters.known()) + " " +
                    std::to_string(row.tally.tensors));
  }
  return found;
}

TEST(FoldOpened, ShowsTheFirstMemberOnceWithTheCountsOfAll) {
  Build b;
  add_mixture(b);
  EXPECT_EQ(
      opened(b, levels(-1)),
      (std::vector<std::string>{"1 h.0: 5 1", "2 h.0.fc: 5 1", "1 h.1-h.2 x2: 64 12", "2 h.1.attn-h.2.attn x2: 8 2",
                                "2 h.1.moe-h.2.moe x2: 54 8", "3 h.1.moe.experts.0-h.2.moe.experts.2 x6: 48 6",
                                "4 h.1.moe.experts.0.up-h.2.moe.experts.2.up x6: 48 6",
                                "3 h.1.moe.gate-h.2.moe.gate x2: 6 2", "2 h.1 own-h.2 x2: 2 2"}));
}

TEST(FoldOpened, GoesAsDeepAsTheDepth) {
  Build b;
  add_mixture(b);
  EXPECT_EQ(opened(b, levels(1)), (std::vector<std::string>{"1 h.0: 5 1", "1 h.1-h.2 x2: 64 12"}));
  EXPECT_EQ(opened(b, levels(2)), (std::vector<std::string>{"1 h.0: 5 1", "2 h.0.fc: 5 1", "1 h.1-h.2 x2: 64 12",
                                                            "2 h.1.attn-h.2.attn x2: 8 2", "2 h.1.moe-h.2.moe x2: 54 8",
                                                            "2 h.1 own-h.2 x2: 2 2"}));
}

TEST(FoldOpened, IsSortedCutAndFilteredAsOtherRows) {
  Build b;
  add_mixture(b);
  EXPECT_EQ(opened(b, levels(2).by(SortKey::parameters).first(2)),
            (std::vector<std::string>{"1 h.1.moe-h.2.moe x2: 54 8", "1 h.1.attn-h.2.attn x2: 8 2"}));
  EXPECT_EQ(opened(b, levels(-1).matching("gate")), (std::vector<std::string>{"1 h.1.moe.gate-h.2.moe.gate x2: 6 2"}));
}

// Members are matched by name: the order may be an accident, and texts of bitsandbytes differ in length.
TEST(FoldOpened, AddsWhatHasTheSameName) {
  Build b;
  b.module("h").type = "ModuleList";
  b.add("h.0.a.weight", {4});
  b.add("h.0.a.quant_state.bitsandbytes__nf4", {81}).dtype = DType::uint8;
  b.add("h.0.b.weight", {8});
  b.add("h.1.b.weight", {8});
  b.add("h.1.a.weight", {4});
  b.add("h.1.a.quant_state.bitsandbytes__nf4", {83}).dtype = DType::uint8;
  EXPECT_EQ(opened(b, levels(3)), (std::vector<std::string>{"1 h: 188 6", "2 h.0-h.1 x2: 188 6",
                                                            "3 h.0.a-h.1.a x2: 172 4", "3 h.0.b-h.1.b x2: 16 2"}));
}

TEST(FoldOpened, CountsWhatIsNotInitialisedInAll) {
  Build b;
  b.module("h").type = "ModuleList";
  for (const std::string layer : kLayers) b.add_lazy(layer + ".fc.weight", {Extent(8)}).role = Role::parameter;
  const Summary summary = summarize(b.model(), levels(3));
  ASSERT_EQ(summary.rows.size(), 3U);
  EXPECT_EQ(summary.rows[2].repeat, 3U);
  EXPECT_TRUE(summary.rows[2].lazy);
  EXPECT_EQ(summary.rows[2].tally.uninitialized_parameters, 3U);
}

}  // namespace
}  // namespace weigh
