// What modules and models amount to: sums, ties, copies, what is not initialised.
#include <gtest/gtest.h>

#include "analysis/build.h"

namespace weigh {
namespace {

using testing::Build;

Count parameters(Build& build, std::string_view path) {
  return summarize(build.model()).tallies[build.index(path)].parameters;
}

Count symbol(SymbolId id) { return Count::of(Extent::unknown(id)); }

TEST(Tally, SumsWhatLiesBelow) {
  Build b;
  b.add("net.fc1.weight", {4, 8});
  b.add("net.fc1.bias", {4});
  b.add("net.fc2.weight", {2, 4});
  b.add("scale", {1});
  const Summary summary = summarize(b.model());
  EXPECT_EQ(summary.tallies[b.index("net.fc1")].parameters, Count(36));
  EXPECT_EQ(summary.tallies[b.index("net")].parameters, Count(44));
  EXPECT_EQ(summary.tallies[b.index("net")].tensors, 3U);
  EXPECT_EQ(summary.totals.parameters, Count(45));
  EXPECT_EQ(summary.totals.trainable, Count(45));
  EXPECT_EQ(summary.totals.bytes, Count(180));
  EXPECT_EQ(summary.totals.tensors, 4U);
  EXPECT_EQ(summary.totals.modules, 3U);
}

TEST(Tally, TellsBuffersAndFrozenParametersApart) {
  Build b;
  b.add("bn.weight", {8});
  b.add("bn.bias", {8}).requires_grad = RequiresGrad::no;
  b.add("bn.running_mean", {3}).role = Role::buffer;
  const Totals totals = summarize(b.model()).totals;
  EXPECT_EQ(totals.parameters, Count(16));
  EXPECT_EQ(totals.trainable, Count(8));
  EXPECT_TRUE(totals.trainable_recorded);
  EXPECT_EQ(totals.buffers, Count(3));
  EXPECT_EQ(totals.bytes, Count(76));
  EXPECT_TRUE(totals.is_exact());
}

TEST(Tally, DoesNotKnowWhatIsTrainableWhereOneParameterDoesNotSay) {
  Build b;
  b.add("a.weight", {8});
  b.add("b.weight", {8}).requires_grad = RequiresGrad::not_recorded;
  b.add("c.mean", {8}).role = Role::buffer;
  const Summary summary = summarize(b.model());
  EXPECT_TRUE(summary.tallies[b.index("a")].trainable_recorded);
  EXPECT_FALSE(summary.tallies[b.index("b")].trainable_recorded);
  EXPECT_TRUE(summary.tallies[b.index("c")].trainable_recorded);
  EXPECT_FALSE(summary.totals.trainable_recorded);
}

TEST(Tally, OfWhatIsNotInitialisedIsAnExpression) {
  Build b;
  const Extent in = b.unknown("in", "conv");
  b.add_lazy("conv.l.weight", {Extent(8), in});
  b.add_lazy("conv.r.weight", {Extent(8), in});
  b.add("conv.bias", {8});
  b.add_lazy("bn.mean", {b.unknown("n", "bn")}).role = Role::buffer;
  const Summary summary = summarize(b.model());
  EXPECT_EQ(summary.totals.parameters, symbol(0) * 16 + 8);
  EXPECT_EQ(summary.totals.bytes, symbol(0) * 64 + symbol(1) * 4 + 32);
  EXPECT_EQ(summary.totals.buffers, symbol(1));
  EXPECT_EQ(summary.totals.uninitialized_parameters, 2U);
  EXPECT_EQ(summary.totals.uninitialized_buffers, 1U);
  EXPECT_EQ(summary.uninitialized, (std::vector<Index>{0, 1, 3}));
  EXPECT_FALSE(summary.totals.is_exact());
}

TEST(Tally, CountsATieWithinAModuleOnce) {
  Build b;
  b.add("lin.weight", {10});
  b.add_tied("lin.weight_again", "lin.weight");
  const Summary summary = summarize(b.model());
  EXPECT_EQ(summary.tallies[b.index("lin")].parameters, Count(10));
  EXPECT_EQ(summary.tallies[b.index("lin")].tensors, 2U);
  EXPECT_EQ(summary.totals.parameters, Count(10));
  EXPECT_EQ(summary.totals.bytes, Count(40));
}

TEST(Tally, CountsATieAcrossSiblingsInEachButOnceAbove) {
  Build b;
  b.add("a.wte.weight", {10});
  b.add("a.ln.weight", {3});
  b.add_tied("a.head.weight", "a.wte.weight");
  b.add_tied("out.weight", "a.wte.weight");
  EXPECT_EQ(parameters(b, "a.wte"), Count(10));
  EXPECT_EQ(parameters(b, "a.head"), Count(10));
  EXPECT_EQ(parameters(b, "a"), Count(13));
  EXPECT_EQ(parameters(b, "out"), Count(10));
  EXPECT_EQ(parameters(b, ""), Count(13));
}

TEST(Tally, CountsATieInThreePlacesOnceWhereverTheyMeet) {
  Build b;
  b.add("x.a.w", {5});
  b.add("y.w", {100});
  b.add_tied("x.b.w", "x.a.w");
  b.add_tied("y.c.w", "x.a.w");
  b.add_tied("y.c.again", "x.b.w");
  EXPECT_EQ(parameters(b, "x"), Count(5));
  EXPECT_EQ(parameters(b, "y.c"), Count(5));
  EXPECT_EQ(parameters(b, "y"), Count(105));
  EXPECT_EQ(parameters(b, ""), Count(105));
}

TEST(Tally, CountsATieBetweenAModuleAndOneBelowItOnce) {
  Build b;
  b.add("m.w", {7});
  b.add_tied("m.sub.w", "m.w");
  b.add_tied("root_w", "m.w");
  EXPECT_EQ(parameters(b, "m.sub"), Count(7));
  EXPECT_EQ(parameters(b, "m"), Count(7));
  EXPECT_EQ(parameters(b, ""), Count(7));
}

TEST(Tally, CountsALazyTieOnce) {
  Build b;
  b.add_lazy("l.weight", {Extent(8), b.unknown("in", "l")});
  b.add_tied("r.weight", "l.weight");
  const Totals totals = summarize(b.model()).totals;
  EXPECT_EQ(totals.parameters, symbol(0) * 8);
  EXPECT_EQ(totals.trainable, symbol(0) * 8);
  EXPECT_EQ(totals.uninitialized_parameters, 1U);
  EXPECT_EQ(totals.tensors, 2U);
}

TEST(Tally, LeavesACopyOutOfTheTotals) {
  Build b;
  b.section("state_dict", SectionKind::model);
  b.section("ema", SectionKind::copy);
  b.add("state_dict.fc.weight", {10});
  b.add("ema.fc.weight", {10});
  const Summary summary = summarize(b.model());
  EXPECT_EQ(summary.totals.parameters, Count(10));
  EXPECT_EQ(summary.totals.bytes, Count(40));
  EXPECT_EQ(summary.totals.modules, 1U);  // neither the roots of sections nor what is in a copy
  EXPECT_EQ(summary.tallies[b.index("ema")].parameters, Count(10));
  ASSERT_EQ(summary.totals.by_dtype.size(), 1U);
  EXPECT_EQ(summary.totals.by_dtype[0].elements, 10U);
}

TEST(Tally, CountsTiesOfACopyWithinIt) {
  Build b;
  b.section("state_dict", SectionKind::model);
  b.section("ema", SectionKind::copy);
  b.add("state_dict.wte.w", {10});
  b.add_tied("state_dict.head.w", "state_dict.wte.w");
  b.add_tied("ema.wte.w", "state_dict.wte.w");
  b.add_tied("ema.head.w", "state_dict.wte.w");
  EXPECT_EQ(parameters(b, "state_dict"), Count(10));
  EXPECT_EQ(parameters(b, "ema"), Count(10));
  EXPECT_EQ(parameters(b, ""), Count(10));
}

TEST(Tally, AddsSectionsThatAreNotCopies) {
  Build b;
  b.section("generator", SectionKind::model);
  b.section("discriminator", SectionKind::model);
  b.add("generator.w", {10});
  b.add("discriminator.w", {20});
  b.model().sections.push_back({"optimizer", SectionKind::optimizer_state, kNone, 6, 240});
  const Totals totals = summarize(b.model()).totals;
  EXPECT_EQ(totals.parameters, Count(30));
  EXPECT_EQ(totals.modules, 0U);
  EXPECT_EQ(totals.optimizer_tensors, 6U);
  EXPECT_EQ(totals.optimizer_bytes, 240U);
  EXPECT_EQ(totals.bytes, Count(120));
}

TEST(Totals, CountModulesByTheirMode) {
  Build b;
  b.module("a").mode = Mode::train;
  b.module("b").mode = Mode::eval;
  b.module("b.c").mode = Mode::eval;
  b.module("alias").mode = Mode::train;
  b.module("alias").alias_of = b.index("a");
  const Totals totals = summarize(b.model()).totals;
  EXPECT_EQ(totals.modules, 3U);
  EXPECT_EQ(totals.train_modules, 1U);
  EXPECT_EQ(totals.eval_modules, 2U);
  EXPECT_TRUE(totals.modes_recorded);
}

TEST(Totals, SayWhetherModesAndRolesAreRecorded) {
  Build b;
  b.add("a.w", {1});
  EXPECT_FALSE(summarize(b.model()).totals.modes_recorded);
  EXPECT_FALSE(summarize(b.model()).totals.roles_inferred);
  b.model().modules[0].mode = Mode::train;
  b.model().tensors[0].role_evidence = Evidence::assumed;
  EXPECT_TRUE(summarize(b.model()).totals.modes_recorded);
  EXPECT_TRUE(summarize(b.model()).totals.roles_inferred);
}

TEST(Totals, ShareBytesByDtypeTheLargestFirst) {
  Build b;
  b.add("a", {10}).dtype = DType::bfloat16;
  b.add("b", {100}).dtype = DType::float32;
  b.add("c", {3}).dtype = DType::int64;
  b.add("d", {5}).dtype = DType::bfloat16;
  b.add("none", {0}).dtype = DType::float64;
  b.add_tied("e", "b");
  const std::vector<DTypeShare> shares = summarize(b.model()).totals.by_dtype;
  ASSERT_EQ(shares.size(), 3U);
  EXPECT_EQ(shares[0].dtype, DType::float32);
  EXPECT_EQ(shares[0].elements, 100U);
  EXPECT_EQ(shares[0].bytes, 400U);
  EXPECT_EQ(shares[1].dtype, DType::bfloat16);
  EXPECT_EQ(shares[1].elements, 15U);
  EXPECT_EQ(shares[1].bytes, 30U);
  EXPECT_EQ(shares[2].dtype, DType::int64);
  EXPECT_EQ(shares[2].bytes, 24U);
}

TEST(Totals, OfAnEmptyModelAreNothing) {
  const Model model;
  const Summary summary = summarize(model);
  EXPECT_EQ(summary.totals.parameters, Count());
  EXPECT_EQ(summary.totals.modules, 0U);
  EXPECT_TRUE(summary.rows.empty());
  EXPECT_TRUE(summary.totals.is_exact());
}

}  // namespace
}  // namespace weigh
