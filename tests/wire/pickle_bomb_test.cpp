// Small streams that would have a reader recurse, allocate or run without end.
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "support/files.h"
#include "wire/pickle.h"
#include "wire/pickle_repr.h"

#include "weigh/error.h"

namespace weigh::pickle {
namespace {

using namespace std::string_literals;
using testing::repr;

std::string repeated(std::string_view part, std::size_t count) {
  std::string whole;
  whole.reserve(part.size() * count);
  for (std::size_t i = 0; i < count; ++i) whole += part;
  return whole;
}

// The most memory that this process has had so far.
std::size_t peak_megabytes() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) / 1024;
}

class PickleBomb : public ::testing::Test {
 protected:
  const Limits limits_{};
};

TEST_F(PickleBomb, OfAListThatHoldsItselfIsReadInPeace) {
  const std::string stream = "]q\1h\1ah\1a.";
  const Pickle pickle("p.pkl", stream, limits_);
  ASSERT_EQ(pickle.root().items().size(), 2U);
  EXPECT_EQ(pickle.root().items()[0].identity(), pickle.root().identity());
  EXPECT_EQ(pickle.root().items()[1].identity(), pickle.root().identity());
  EXPECT_EQ(repr(pickle.root()), "[..., ...]");
}

TEST_F(PickleBomb, OfTwoToTheTenThousandLeavesIsTenThousandTuples) {
  const std::string stream = "K\1" + repeated("2\x86", 10'000) + ".";
  const Pickle pickle("p.pkl", stream, limits_);
  Value value = pickle.root();
  std::size_t depth = 0;
  for (; value.is(Kind::tuple); value = value.items()[0], ++depth) {
    ASSERT_EQ(value.items().size(), 2U);
    ASSERT_EQ(value.items()[0].identity(), value.items()[1].identity());
  }
  EXPECT_EQ(depth, 10'000U);
  EXPECT_EQ(value.integer(), 1);
}

TEST_F(PickleBomb, OfAMillionListsInEachOtherIsBuiltAndDestroyedWithoutRecursion) {
  const std::string stream = repeated("]", 1'000'000) + repeated("a", 999'999) + ".";
  const Pickle pickle("p.pkl", stream, limits_);
  Value value = pickle.root();
  std::size_t depth = 1;
  for (; !value.items().empty(); value = value.items()[0]) ++depth;
  EXPECT_EQ(depth, 1'000'000U);
}

TEST_F(PickleBomb, OfAMillionObjectsInEachOtherIsBuiltAndDestroyedWithoutRecursion) {
  const std::string stream = "N" + repeated("NR}b", 1'000'000) + ".";
  const Pickle pickle("p.pkl", stream, limits_);
  Value value = pickle.root();
  std::size_t depth = 0;
  for (; value.is(Kind::object); value = value.object().callable()) ++depth;
  EXPECT_EQ(depth, 1'000'000U);
}

TEST_F(PickleBomb, OfAHugeMemoNumberFillsNoGap) {
  const std::string stream =
      "K\1r\xf0\xff\xff\xffK\2p18446744073709551615\n0j\xf0\xff\xff\xff\x86g18446744073709551615\n\x86.";
  const Pickle pickle("p.pkl", stream, limits_);
  EXPECT_EQ(repr(pickle.root()), "((1, 1), 2)");
}

// Each number leaps just so far that the gap looks small.
TEST_F(PickleBomb, OfMemoNumbersThatLeapAgainAndAgainFillsNoGaps) {
  std::string stream = "N";
  for (std::uint32_t i = 1; i <= 90'000; ++i) {
    const std::uint32_t number = i * 1000;
    stream += 'r';
    for (int shift = 0; shift < 32; shift += 8) stream += static_cast<char>(number >> shift);
  }
  const std::size_t before = peak_megabytes();
  const std::string whole = stream + "j\xe8\3\0\0."s;
  const Pickle pickle("p.pkl", whole, limits_);
  EXPECT_TRUE(pickle.root().is(Kind::none));
  EXPECT_LT(peak_megabytes() - before, 200U);  // of 1440 that the numbers span
}

TEST_F(PickleBomb, MemoKeepsTheLastValueOfANumberWhereverItLies) {
  const std::string far = "K\1r\0\x10\0\0K\2r\0\x10\0\0j\0\x10\0\0."s;
  EXPECT_EQ(repr(Pickle("p.pkl", far, limits_).root()), "2");
  // 4096 lies far at first, and is near once as many values are stored.
  const std::string stream = "K\1r\0\x10\0\0"s + repeated("K\2\x94", 5000);
  EXPECT_EQ(repr(Pickle("p.pkl", stream + "j\0\x10\0\0."s, limits_).root()), "2");
}

// CPython takes the number of stored values, whatever their numbers are.
TEST_F(PickleBomb, MemoizeCountsWhatIsStored) {
  const std::string gap = "K\1q\5K\2\x94h\1.";
  EXPECT_EQ(repr(Pickle("p.pkl", gap, limits_).root()), "2");
  const std::string twice = "K\1q\0q\0K\2\x94h\1."s;
  EXPECT_EQ(repr(Pickle("p.pkl", twice, limits_).root()), "2");
}

TEST_F(PickleBomb, OfOneGlobalNamedAMillionTimesNamesItOnce) {
  const std::string stream = repeated("cos\nsystem\n0", 1'000'000) + "N.";
  EXPECT_EQ(Pickle("p.pkl", stream, limits_).globals().size(), 1U);
}

TEST(Pickle, LeavesWhatFollowsItsStop) {
  const Limits limits;
  const Pickle pickle("p.pkl", "K\1.garbage", limits);
  EXPECT_EQ(pickle.size(), 3U);
  EXPECT_EQ(repr(pickle.root()), "1");
}

TEST(Pickle, FindsTheLastValueOfAKey) {
  const Limits limits;
  const Pickle pickle("p.pkl", "}(U\1aK\1C\1aK\2U\1aK\3U\1bNK\1K\4u.", limits);
  EXPECT_EQ(find(pickle.root().entries(), "a").integer(), 3);
  EXPECT_TRUE(find(pickle.root().entries(), "b").is(Kind::none));
  EXPECT_TRUE(find(pickle.root().entries(), "absent").is(Kind::none));
}

TEST(Pickle, ValuesWithoutItemsHaveNone) {
  const Limits limits;
  const Pickle pickle("p.pkl", "K\1.", limits);
  EXPECT_TRUE(pickle.root().items().empty());
  EXPECT_TRUE(pickle.root().entries().empty());
  EXPECT_EQ(pickle.root().identity(), nullptr);
  EXPECT_FALSE(pickle.root().is_global("os system"));
}

TEST(Pickle, TellsAGlobalByItsWholeName) {
  const Limits limits;
  const Pickle pickle("p.pkl", "ctorch._utils\n_rebuild_tensor_v2\n.", limits);
  EXPECT_TRUE(pickle.root().is_global("torch._utils _rebuild_tensor_v2"));
  EXPECT_FALSE(pickle.root().is_global("torch._utils _rebuild_tensor"));
}

TEST(Pickle, KeepsStringsWhereTheyLieInTheStream) {
  const Limits limits;
  const std::string stream = "U\5words.";
  const Pickle pickle("p.pkl", stream, limits);
  EXPECT_EQ(pickle.root().text().data(), stream.data() + 2);
}

}  // namespace
}  // namespace weigh::pickle
