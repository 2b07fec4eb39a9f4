#include "weigh/sizes.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "support/files.h"

#include "weigh/error.h"
#include "weigh/summary.h"

namespace weigh {
namespace {

using testing::Build;
using Names = std::vector<std::string>;

// Two lazy layers that call their input by one name, and what a forward tells in sizes of the root.
class Sizes : public ::testing::Test {
 protected:
  Sizes() {
    Model& model = b_.model();
    model.source = "net.pt";
    b_.add_lazy("net.conv1.weight", {Extent(8), b_.unknown("in", "net.conv1")}).dtype = DType::float32;
    b_.add_lazy("net.conv2.weight", {Extent(4), b_.unknown("in", "net.conv2")}).dtype = DType::float32;
    b_.add("fc.bias", {2});
    batch_ = extent("batch");
    words_ = extent("words");
    model.runs.resize(model.modules.size());
    weigh::Run& run = model.runs[b_.index("fc")];
    run.in =
        IOShape::list({IOShape::tensor({batch_, words_}), IOShape::dictionary({"x"}, {IOShape::tensor({batch_})})});
    run.out = IOShape::tensor({batch_, extent("(2*words + 32)")});
    run.flops = Count(3) * Count::of(batch_) * Count::of(words_) + Count(1);
    run.activation_bytes = Count(4) * Count::of(batch_);
  }

  Extent extent(std::string_view name) {
    b_.model().symbols.push_back({name, 0});
    return Extent::unknown(static_cast<SymbolId>(b_.model().symbols.size() - 1));
  }

  std::string error(const std::vector<GivenSize>& sizes) {
    const std::vector<Extent> before = b_.model().extents;
    const std::string message = testing::error_of([&] { set_sizes(b_.model(), sizes); });
    EXPECT_EQ(b_.model().extents, before);
    EXPECT_TRUE(b_.model().given.empty());
    EXPECT_EQ(b_.model().runs[b_.index("fc")].in.items[0].extents[0], batch_);
    return message;
  }

  Count parameters(std::string_view path) { return summarize(b_.model()).tallies[b_.index(path)].parameters; }
  const weigh::Run& run() { return b_.model().runs[b_.index("fc")]; }

  Build b_;
  Extent batch_, words_;
};

TEST_F(Sizes, HaveTheNamesOfTheirLayers) {
  EXPECT_EQ(unknown_sizes(b_.model()), (Names{"net.conv1.in", "net.conv2.in", "batch", "words"}));
}

TEST_F(Sizes, HoldForEveryLayerByTheirName) {
  set_sizes(b_.model(), {{"in", 16}});
  EXPECT_EQ(parameters("net.conv1"), Count(128));
  EXPECT_EQ(parameters("net"), Count(192));
  EXPECT_EQ(unknown_sizes(b_.model()), (Names{"batch", "words"}));
  ASSERT_EQ(b_.model().given.size(), 1U);
  EXPECT_EQ(b_.model().given[0].name, "in");
  EXPECT_EQ(b_.model().given[0].size, 16U);
  EXPECT_EQ(b_.model().tensors[0].state, State::uninitialised);
}

TEST_F(Sizes, HoldForOneLayerByItsName) {
  set_sizes(b_.model(), {{"in", 16}, {"conv1.in", 3}});
  EXPECT_EQ(parameters("net.conv1"), Count(24));
  EXPECT_EQ(parameters("net.conv2"), Count(64));
  Build other;
  other.add_lazy("xconv1.weight", {other.unknown("in", "xconv1")});
  EXPECT_EQ(testing::error_of([&] {
              set_sizes(other.model(), {{"conv1.in", 3}});
            }),
            "no unknown size is called 'conv1.in'; there is xconv1.in");
}

TEST_F(Sizes, HoldForWhatAForwardTold) {
  set_sizes(b_.model(), {{"batch", 2}, {"words", 5}});
  EXPECT_EQ(run().in.items[0].extents, (std::vector<Extent>{Extent(2), Extent(5)}));
  EXPECT_EQ(run().in.items[1].items[0].extents, std::vector<Extent>{Extent(2)});
  EXPECT_EQ(run().out.extents, (std::vector<Extent>{Extent(2), Extent(42)}));
  EXPECT_EQ(run().flops, Count(31));
  EXPECT_EQ(run().activation_bytes, Count(8));
}

TEST_F(Sizes, HoldInAPartOfAnExpression) {
  const Extent mixed = extent("batch·words + 1");
  b_.model().runs[b_.index("fc")].out = IOShape::tensor({mixed});
  set_sizes(b_.model(), {{"words", 5}});
  EXPECT_EQ(run().flops, Count(15) * Count::of(batch_) + Count(1));
  EXPECT_EQ(b_.model().symbols[mixed.symbol()].name, "batch·5 + 1");
  EXPECT_EQ(unknown_sizes(b_.model()), (Names{"net.conv1.in", "net.conv2.in", "batch"}));
  set_sizes(b_.model(), {{"batch", 2}, {"in", 1}});
  EXPECT_EQ(run().out.extents, std::vector<Extent>{Extent(11)});
  EXPECT_EQ(unknown_sizes(b_.model()), Names{});
  EXPECT_EQ(b_.model().given.size(), 3U);
}

TEST_F(Sizes, MayBeTheWholeOfWhatIsNoExpression) {
  b_.model().runs[b_.index("fc")].out = IOShape::tensor({extent("(floor(height/2))")});
  EXPECT_EQ(unknown_sizes(b_.model()).back(), "floor(height/2)");
  set_sizes(b_.model(), {{"floor(height/2)", 320}});
  EXPECT_EQ(run().out.extents, std::vector<Extent>{Extent(320)});
}

// A convolution in two groups: each sees half of what comes in.
TEST_F(Sizes, HoldForAPartOfThem) {
  Build b;
  b.add_lazy("conv.weight", {Extent(8), b.unknown("in/2", "conv"), Extent(3)}).dtype = DType::float32;
  EXPECT_EQ(unknown_sizes(b.model()), Names{"conv.in"});
  EXPECT_EQ(testing::error_of([&] {
              set_sizes(b.model(), {{"in", 7}});
            }),
            "the size 'in/2' becomes a fraction with in = 7");
  set_sizes(b.model(), {{"in", 8}});
  EXPECT_EQ(summarize(b.model()).totals.parameters, Count(8 * 4 * 3));
}

TEST_F(Sizes, MayBeZero) {
  set_sizes(b_.model(), {{"batch", 0}});
  EXPECT_EQ(run().flops, Count(1));
}

TEST_F(Sizes, ThatAreNotThereAreRefusedWithThoseThatAre) {
  EXPECT_EQ(error({{"inn", 16}}),
            "net.pt: no unknown size is called 'inn'; there are net.conv1.in, net.conv2.in, batch, words");
  EXPECT_EQ(error({{"in", 16}, {"onv1.in", 16}}),
            "net.pt: no unknown size is called 'onv1.in'; there are net.conv1.in, net.conv2.in, batch, words");
  Model empty;
  EXPECT_EQ(testing::error_of([&] {
              set_sizes(empty, {{"in", 16}});
            }),
            "no unknown size is called 'in': none that is unknown has a name");
  Build many;
  for (int i = 0; i < 10; ++i) {
    const std::string layer = "h." + std::to_string(i);
    many.add_lazy(layer + ".weight", {many.unknown("in", layer)});
  }
  EXPECT_EQ(testing::error_of([&] {
              set_sizes(many.model(), {{"h.9.out", 16}});
            }),
            "no unknown size is called 'h.9.out'; there are h.9.in, h.0.in, h.1.in, h.2.in, h.3.in, h.4.in, h.5.in, "
            "h.6.in and 2 more");
}

TEST_F(Sizes, ThatContradictEachOtherAreRefused) {
  EXPECT_EQ(error({{"in", 16}, {"in", 8}}), "'in' is given twice: 16 and 8");
  set_sizes(b_.model(), {{"in", 16}, {"in", 16}});
  EXPECT_EQ(b_.model().given.size(), 1U);
}

TEST_F(Sizes, ThatAreTooLargeAreRefusedWithTheirPlace) {
  EXPECT_EQ(error({{"in", UINT64_MAX}}),
            "'in' cannot be 18446744073709551615: the largest size is 9223372036854775807");
  EXPECT_EQ(error({{"in", INT64_MAX}}),
            "net.pt: 'net.conv1.weight' [8, 9223372036854775807] has more than 18446744073709551615 bytes with in = "
            "9223372036854775807");
  EXPECT_EQ(error({{"conv1.in", std::uint64_t{1} << 58}, {"conv2.in", std::uint64_t{1} << 59}}),
            "net.pt: 'net.conv2.weight' [4, 576460752303423488], with the tensors before it, has more than "
            "18446744073709551615 bytes with conv1.in = 288230376151711744, conv2.in = 576460752303423488");
  EXPECT_EQ(error({{"batch", INT64_MAX}, {"words", 2}}),
            "net.pt: 'fc' takes more than 18446744073709551615 FLOPs with batch = 9223372036854775807, words = 2");
  EXPECT_EQ(error({{"words", INT64_MAX}}),
            "net.pt: the size '(2*words + 32)' becomes larger than 9223372036854775807 with words = "
            "9223372036854775807");
  b_.model().runs[b_.index("fc")].out = IOShape::tensor({extent("words - 8")});
  EXPECT_EQ(error({{"words", 5}}), "net.pt: the size 'words - 8' becomes -3 with words = 5");
}

}  // namespace
}  // namespace weigh
