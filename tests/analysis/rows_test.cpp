// Which modules become rows: depths, wrappers, containers, own tensors, marks.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "support/files.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using testing::Build;
using testing::levels;
using Lines = std::vector<std::string>;

// "1 net.fc" for each row; "own" and "×3" where it stands for own tensors or for several.
Lines lines(Build& b, const SummaryOptions& options = {}) {
  Lines found;
  for (const Row& row : summarize(b.model(), options).rows) {
    std::string line = std::to_string(row.depth) + " " + b.model().path_of(row.module);
    if (row.own_only) line += " own";
    if (row.repeat > 1) line += " x" + std::to_string(row.repeat);
    found.push_back(line);
  }
  return found;
}

void add_net(Build& b) {
  b.add("enc.conv.weight", {10});
  b.add("enc.bn.weight", {5});
  b.add("dec.fc.weight", {10});
}

TEST(Rows, OfTheFirstLevelAreTheChildrenOfTheRoot) {
  Build b;
  add_net(b);
  EXPECT_EQ(lines(b, levels(1)), (Lines{"1 enc", "1 dec"}));
}

TEST(Rows, OfAllLevelsStandBelowTheirParents) {
  Build b;
  add_net(b);
  const Lines all = {"1 enc", "2 enc.conv", "2 enc.bn", "1 dec", "2 dec.fc"};
  EXPECT_EQ(lines(b, levels(-1)), all);
  EXPECT_EQ(lines(b, levels(2)), all);
  EXPECT_EQ(lines(b, levels(1'000'000)), all);
}

TEST(Rows, OfDepthZeroAreNone) {
  Build b;
  add_net(b);
  EXPECT_EQ(lines(b, levels(0)), Lines{});
}

TEST(Rows, OfADepthBelowMinusOneAreRefused) {
  Build b;
  EXPECT_EQ(testing::error_of([&] { summarize(b.model(), levels(-2)); }),
            "the depth can be -1 (all), 0 (totals only) or more, got -2");
  try {
    summarize(b.model(), levels(-2));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
}

TEST(Rows, OpenAWrapperByThemselves) {
  Build b;
  b.add("model.encoder.weight", {900});
  b.add("model.norm.weight", {50});
  b.add("head.weight", {50});
  EXPECT_EQ(lines(b), (Lines{"1 model", "2 model.encoder", "2 model.norm", "1 head"}));
  EXPECT_EQ(lines(b, levels(1)), (Lines{"1 model", "1 head"}));
}

TEST(Rows, OpenWrappersInWrappers) {
  Build b;
  b.add("model.model.a.weight", {1});
  b.add("model.model.b.weight", {1});
  EXPECT_EQ(lines(b), (Lines{"1 model", "2 model.model", "3 model.model.a", "3 model.model.b"}));
}

TEST(Rows, DoNotOpenWhatHoldsLessThanNineTenths) {
  Build b;
  b.add("model.a.weight", {899});
  b.add("head.weight", {101});
  EXPECT_EQ(lines(b), (Lines{"1 model", "1 head"}));
}

TEST(Rows, DoNotOpenWhatOwnsTensorsItself) {
  Build b;
  b.add("model.a.weight", {1});
  b.add("model.scale", {1});
  EXPECT_EQ(lines(b), Lines{"1 model"});
}

TEST(Rows, ShowTensorsBesideChildrenAsARowOfTheirOwn) {
  Build b;
  b.add("m.scale", {1});
  b.add("m.fc.weight", {4});
  b.add("top", {2});
  EXPECT_EQ(lines(b, levels(-1)), (Lines{"1 m", "2 m.fc", "2 m own", "1  own"}));
  const Summary summary = summarize(b.model(), levels(-1));
  EXPECT_EQ(summary.rows[2].tally.parameters, Count(1));
  EXPECT_EQ(summary.rows[3].tally.parameters, Count(2));
}

TEST(Rows, ShowNoOwnTensorsWhereThereIsNothingElse) {
  Build b;
  b.add("weight", {4});
  b.add("bias", {4});
  EXPECT_EQ(lines(b, levels(-1)), Lines{});
}

TEST(Rows, ShowThePartsOfAPlainContainerInItsPlace) {
  Build b;
  for (int i = 0; i < 12; ++i) b.add("h." + std::to_string(i) + ".weight", {i == 0 ? 8U : 4U});
  b.add("ln.weight", {4});
  EXPECT_EQ(lines(b), (Lines{"1 h.0", "1 h.1 x11", "1 ln"}));
}

TEST(Rows, KeepAContainerOfManyDifferentParts) {
  Build b;
  for (int i = 0; i < 4; ++i) b.add("h." + std::to_string(i) + ".weight", {4U + static_cast<unsigned>(i)});
  b.add("ln.weight", {40});
  EXPECT_EQ(lines(b, levels(1)), (Lines{"1 h", "1 ln"}));
  EXPECT_EQ(lines(b, levels(2)), (Lines{"1 h", "2 h.0", "2 h.1", "2 h.2", "2 h.3", "1 ln"}));
}

TEST(Rows, KeepAContainerWithATypeOrTensorsOrNames) {
  Build b;
  b.add("typed.0.weight", {4});
  b.module("typed").type = "ModuleList";
  b.add("owner.0.weight", {4});
  b.add("owner.scale", {4});
  b.add("named.0.weight", {4});
  b.add("named.norm.weight", {4});
  EXPECT_EQ(lines(b), (Lines{"1 typed", "1 owner", "1 named"}));
}

TEST(Rows, KeepContainersWhereNothingIsFolded) {
  Build b;
  b.add("h.0.weight", {4});
  b.add("h.1.weight", {4});
  b.add("ln.weight", {4});
  EXPECT_EQ(lines(b, levels(1).unfolded()), (Lines{"1 h", "1 ln"}));
  EXPECT_EQ(lines(b, levels(1)), (Lines{"1 h.0 x2", "1 ln"}));
}

TEST(Rows, SayWhatIsLazy) {
  Build b;
  b.add_lazy("conv.lin.weight", {Extent(8), b.unknown("in", "conv")});
  b.add_lazy("bn.mean", {b.unknown("n", "bn")}).role = Role::buffer;
  b.add("fc.weight", {4});
  b.module("empty").lazy = true;  // a lazy class whose tensors are not in the file
  std::vector<bool> lazy;
  for (const Row& row : summarize(b.model(), levels(1)).rows) lazy.push_back(row.lazy);
  EXPECT_EQ(lazy, (std::vector<bool>{true, true, false, true}));
}

// Paths of the rows that are marked as tied.
Lines tied(Build& b) {
  Lines found;
  for (const Row& row : summarize(b.model(), levels(-1).unfolded()).rows)
    if (row.tied) found.emplace_back(b.model().path_of(row.module) + (row.own_only ? " own" : ""));
  return found;
}

TEST(Rows, SayWhatIsTiedToSomethingOutside) {
  Build b;
  b.add("wte.weight", {4});
  b.add_tied("lm.head.weight", "wte.weight");
  EXPECT_EQ(tied(b), (Lines{"lm", "lm.head"}));
}

TEST(Rows, DoNotCallAModuleTiedForATieWithinIt) {
  Build b;
  b.add("m.a.weight", {4});
  b.add_tied("m.b.weight", "m.a.weight");
  b.add_tied("m.a.again", "m.a.weight");
  EXPECT_EQ(tied(b), Lines{"m.b"});
}

TEST(Rows, SayWhatIsTiedInsideAndOutside) {
  Build b;
  b.add("z.weight", {4});
  b.add("m.a.weight", {4});
  b.add_tied("m.b.inner", "m.a.weight");
  b.add_tied("m.b.outer", "z.weight");
  EXPECT_EQ(tied(b), (Lines{"m", "m.b"}));
}

TEST(Rows, SayThatOwnTensorsAreTied) {
  Build b;
  b.add("m.fc.weight", {4});
  b.add_tied("m.alias", "m.fc.weight");
  b.add("n.fc.weight", {4});
  b.add("n.scale", {4});
  b.add_tied("n.scale_again", "n.scale");
  EXPECT_EQ(tied(b), Lines{"m own"});
}

TEST(Rows, RefuseACountAbove64BitsByTheNameOfTheFile) {
  Build b;
  b.model().source = "huge.pt";
  b.add("a.w", {std::uint64_t{1} << 61});
  b.add("b.w", {std::uint64_t{1} << 61});
  EXPECT_EQ(testing::error_of([&] { summarize(b.model()); }),
            "huge.pt: a count of elements or bytes exceeds 64 bits; no model is that large");
}

}  // namespace
}  // namespace weigh
