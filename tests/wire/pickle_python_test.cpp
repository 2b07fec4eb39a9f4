// What CPython's pickle wrote (tools/fixtures/make_pickles.py), by every protocol.
#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/files.h"
#include "wire/pickle.h"
#include "wire/pickle_repr.h"

#include "weigh/error.h"

namespace weigh::pickle {
namespace {

using testing::repr;

class OfPython : public ::testing::TestWithParam<int> {
 protected:
  Value value(std::string_view key) const {
    const Value found = find(pickle_.root().entries(), key);
    EXPECT_FALSE(found.is(Kind::none)) << key;
    return found;
  }
  Value object(std::string_view key) const { return find(value("objects").entries(), key); }
  std::string shown(std::string_view key) const { return repr(value(key)); }

  const std::string bytes_ = testing::file("pickle/protocol" + std::to_string(GetParam()) + ".pkl");
  const Limits limits_{};
  const Pickle pickle_{"p.pkl", bytes_, limits_};
};

TEST_P(OfPython, IsReadToItsEnd) {
  EXPECT_EQ(pickle_.size(), bytes_.size());
  EXPECT_EQ(pickle_.root().entries().size(), 17U);
}

TEST_P(OfPython, HasItsNumbers) {
  EXPECT_EQ(shown("constants"), "[None, True, False]");
  EXPECT_EQ(shown("integers"),
            "[0, 1, 255, 256, 65535, 65536, 2147483647, 2147483648, -1, -2147483648, -2147483649, "
            "9223372036854775807, -9223372036854775808]");
  EXPECT_EQ(shown("floats"), "[0, -0, 0.1, 1e+300, -2.5, inf, -inf, nan]");
}

TEST_P(OfPython, HasItsLongIntegersAsTheStreamHasThem) {
  const bool decimal = GetParam() < 2;
  EXPECT_EQ(shown("big integers"),
            decimal ? "[big(9223372036854775808), big(-9223372036854775809), big(1000000000000000000000000000000), "
                      "big(-1000000000000000000000000000000)]"
                    : "[big(\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\\x00), big(\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
                      "\\x7f\\xff), big(\\x00\\x00\\x00@\\xea\\xedtF\\xd0\\x9c,\\x9f\\x0c), big(\\x00\\x00\\x00\\xc0"
                      "\\x15\\x12\\x8b\\xb9/c\\xd3`\\xf3)]");
  EXPECT_TRUE(value("long integer").is(Kind::big_integer));
  EXPECT_EQ(value("long integer").text().size(), decimal ? 617U : 257U);
}

TEST_P(OfPython, HasItsStrings) {
  EXPECT_EQ(shown("strings"),
            "['', 'plain', '\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80', 'back\\slash', '\\u0041', "
            "'line\\x0afeed', '\\x00\\x0d\\x1a', '\\xed\\xa0\\x80', 'it's']");
  EXPECT_EQ(value("long string").text(), std::string(300, 'x'));
}

TEST_P(OfPython, HasItsBytes) {
  const bool has_bytes = GetParam() >= 3;
  EXPECT_EQ(shown("bytes"), has_bytes ? "[b'', b'abc\\x00\\xff']"
                                      : "[<__builtin__ bytes>(), <_codecs encode>('abc\\x00\\xc3\\xbf', 'latin1')]");
  EXPECT_EQ(shown("bytearray"), GetParam() == 5 ? "b'abc'"
                                : has_bytes     ? "<builtins bytearray>(b'abc')"
                                                : "<__builtin__ bytearray>(<_codecs encode>('abc', 'latin1'))");
  const Value longest = value("long bytes");
  EXPECT_EQ((has_bytes ? longest : longest.object().arguments().items()[0]).text(), std::string(300, 'x'));
}

TEST_P(OfPython, HasItsContainers) {
  EXPECT_EQ(shown("tuples"), "[(), (1), (1, 2), (1, 2, 3), (1, 2, 3, 4)]");
  EXPECT_EQ(shown("lists"), "[[], [1], [[2, [3]], []]]");
  EXPECT_EQ(shown("dicts"), "[{}, {'a': 1}, {1: {2: 3}, (4): None}]");
  EXPECT_EQ(shown("sets"), GetParam() >= 4   ? "[set(1), set(2)]"
                           : GetParam() == 3 ? "[<builtins set>([1]), <builtins frozenset>([2])]"
                                             : "[<__builtin__ set>([1]), <__builtin__ frozenset>([2])]");
}

TEST_P(OfPython, SharesWhatPythonShared) {
  const auto items = value("shared").items();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(repr(items[0]), "['shared']");
  EXPECT_EQ(items[0].identity(), items[1].identity());
  EXPECT_NE(items[0].identity(), value("shared").identity());
}

TEST_P(OfPython, HasItsLoops) {
  const Entries loops = value("loops").entries();
  const Value list = find(loops, "list");
  ASSERT_EQ(list.items().size(), 1U);
  EXPECT_EQ(list.items()[0].identity(), list.identity());
  const Value dict = find(loops, "dict");
  EXPECT_EQ(find(dict.entries(), "self").identity(), dict.identity());
  const Value tuple = find(loops, "tuple");
  ASSERT_TRUE(tuple.is(Kind::tuple));
  EXPECT_EQ(tuple.items()[0].items()[0].identity(), tuple.identity());
}

TEST_P(OfPython, HasItsObjects) {
  const bool is_old = GetParam() < 2;  // before NEWOBJ
  const auto made = [&](const std::string& name) {
    return is_old ? "<copy_reg _reconstructor>(<fixture " + name + ">, <__builtin__ object>, None)"
                  : "<fixture " + name + ">()";
  };
  EXPECT_EQ(repr(object("plain")), made("Plain") + " state {'width': 7}");
  EXPECT_EQ(repr(object("slotted")), made("Slotted") + " state (None, {'x': 8})");
  EXPECT_EQ(repr(object("reduced")), "<fixture Reduced>(1, 'two') state {'state': 3} items [4, 5] entries {'key': 6}");
  EXPECT_EQ(repr(object("point")), is_old ? "<copy_reg _reconstructor>(<fixture Point>, <__builtin__ tuple>, (1, 2))"
                                          : "<fixture Point>(1, 2)");
  EXPECT_EQ(repr(object("ordered")), "<collections OrderedDict>() entries {'b': 1, 'a': 2}");
  EXPECT_EQ(repr(object("type")), "<fixture Plain>");
  EXPECT_EQ(repr(object("persistent")), "persistent('key-7')");
}

TEST_P(OfPython, HasTheKeywordsOfAConstruction) {
  const std::string shown = repr(object("keyword"));
  if (GetParam() >= 4) {
    EXPECT_EQ(shown, "<fixture Keyword>(1) keywords {'width': 2}");
  } else if (GetParam() >= 2) {
    const std::string builtins = GetParam() == 2 ? "__builtin__" : "builtins";
    const std::string made = "<" + builtins + " getattr>(<fixture Keyword>, '__new__')";
    EXPECT_EQ(shown,
              "<functools partial>(" + made + ") state (" + made + ", (<fixture Keyword>, 1), {'width': 2}, None)()");
  } else {
    EXPECT_EQ(shown, "<copy_reg _reconstructor>(<fixture Keyword>, <__builtin__ object>, None)");
  }
}

TEST_P(OfPython, NamesItsGlobalsOnce) {
  const auto& names = pickle_.globals();
  for (const std::string_view name : {"fixture Plain", "fixture Reduced", "collections OrderedDict"})
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
}

TEST_P(OfPython, IsRefusedWhereverItIsCut) {
  const auto read = [&](std::string_view prefix) { Pickle("p.pkl", prefix, limits_); };
  EXPECT_EQ(testing::every_prefix(bytes_, read), bytes_.size());
}

INSTANTIATE_TEST_SUITE_P(Protocol, OfPython, ::testing::Range(0, 6));

}  // namespace
}  // namespace weigh::pickle
