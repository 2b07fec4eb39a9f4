#include "analysis/glob.h"

#include <string>

#include <gtest/gtest.h>

namespace weigh {
namespace {

TEST(Glob, MatchesTheWholeText) {
  EXPECT_TRUE(matches_glob("layers.0", "layers.0"));
  EXPECT_FALSE(matches_glob("layers", "layers.0"));
  EXPECT_FALSE(matches_glob("layers.0", "layers"));
  EXPECT_FALSE(matches_glob("", "a"));
  EXPECT_TRUE(matches_glob("", ""));
}

TEST(Glob, StarStandsForAnyText) {
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("*", "a.b"));
  EXPECT_TRUE(matches_glob("layers.*.attn", "layers.10.attn"));
  EXPECT_TRUE(matches_glob("layers.*.attn", "layers.1.x.attn"));
  EXPECT_FALSE(matches_glob("layers.*.attn", "layers.10.attn.q"));
  EXPECT_TRUE(matches_glob("*attn*", "layers.0.attn.q"));
  EXPECT_TRUE(matches_glob("a**b", "ab"));
  EXPECT_TRUE(matches_glob("*ab", "aab"));
  EXPECT_FALSE(matches_glob("a*b*c", "acb"));
}

TEST(Glob, QuestionMarkStandsForOneCharacter) {
  EXPECT_TRUE(matches_glob("layers.?", "layers.0"));
  EXPECT_FALSE(matches_glob("layers.?", "layers.10"));
  EXPECT_FALSE(matches_glob("layers.?", "layers."));
  EXPECT_TRUE(matches_glob("?*?", "ab"));
  EXPECT_FALSE(matches_glob("?*?", "a"));
}

// A naive matcher would not end here.
TEST(Glob, OfManyStarsEnds) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(10'000, 'a')));
  EXPECT_TRUE(matches_glob(pattern, std::string(10'000, 'a')));
}

}  // namespace
}  // namespace weigh
