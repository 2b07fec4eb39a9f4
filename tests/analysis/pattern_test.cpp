#include "analysis/pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace weigh {
namespace {

TEST(Pattern, MatchesTheBeginningAsPythonsReDoes) {
  const std::string path = "model.layers.12.mlp.down_proj";
  for (const char* pattern : {"", "model", ".*down_proj", ".*down_proj$", "model\\.layers\\.\\d+\\.mlp", "^model",
                              "model.layers.(11|12).*", "model.layers.[0-9]+.mlp.(up|down)_proj", "(?:m|x)odel",
                              ".*mlp.*", "model.layers.1?2", "(a|)model", ".*\\.(?:gate|down)_\\w+$", "[^x]odel"})
    EXPECT_TRUE(matches_beginning(pattern, path)) << pattern;
  for (const char* pattern : {"layers", "model$", ".*up_proj", "model\\.layers\\.13", "model.layers.[3-9]+", "x?layers",
                              ".*down$", "[^m]odel"})
    EXPECT_FALSE(matches_beginning(pattern, path)) << pattern;
}

TEST(Pattern, IsNoneThatIsNotUnderstood) {
  for (const char* pattern : {"(", ")", "*", "a)b", "(?!a).*", "(?P<n>a)", "a{2}", "[a", "\\", "\\bmodel", "(a"})
    EXPECT_FALSE(matches_beginning(pattern, "model")) << pattern;
  EXPECT_FALSE(matches_beginning(std::string(501, '.'), std::string(600, 'a')));
}

TEST(Pattern, TriesNothingTwice) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "(a*)*";
  EXPECT_FALSE(matches_beginning(pattern + "b", std::string(2'000, 'a')));
  EXPECT_TRUE(matches_beginning(pattern + "b", std::string(2'000, 'a') + "b"));
}

}  // namespace
}  // namespace weigh
