#include "model/size_expression.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weigh {
namespace {

const std::map<std::string_view, std::int64_t> kSizes = {
    {"words", 5}, {"s77", 3}, {"height", 640}, {"batch-size", 2}, {"huge", INT64_MAX}};

std::optional<SizeExpression> evaluated(std::string_view text) {
  return evaluate(text, [](std::string_view name) {
    const auto found = kSizes.find(name);
    return found == kSizes.end() ? std::nullopt : std::optional(found->second);
  });
}

std::optional<std::int64_t> value(std::string_view text) {
  const std::optional<SizeExpression> size = evaluated(text);
  return size ? size->value : std::nullopt;
}

TEST(SizeExpression, IsReckonedAsItIsWritten) {
  EXPECT_EQ(value("words"), 5);
  EXPECT_EQ(value("2*words + 32"), 42);
  EXPECT_EQ(value("(2*words + 32)"), 42);
  EXPECT_EQ(value("2·s77"), 6);
  EXPECT_EQ(value("s77·(words + 1)"), 18);
  EXPECT_EQ(value("height/4 + 1"), 161);
  EXPECT_EQ(value("words - 2 - 1"), 2);
  EXPECT_EQ(value("2 * words // 3"), 3);
  EXPECT_EQ(value("(height - 1)//2 + 1"), 320);
  EXPECT_EQ(value("(words - 8)//2 + 3"), 1);
  EXPECT_EQ(value("batch-size + 1"), 3);
}

TEST(SizeExpression, KeepsNamesWithoutASizeInItsText) {
  const std::optional<SizeExpression> size = evaluated("(2*words + other)");
  ASSERT_TRUE(size);
  EXPECT_EQ(size->value, std::nullopt);
  EXPECT_EQ(size->text, "(2*5 + other)");
  EXPECT_EQ(size->wrong, "");
}

TEST(SizeExpression, SaysWhenItIsTooLarge) {
  for (const char* text : {"2*huge", "huge + 1", "0 - huge - 2"}) {
    const std::optional<SizeExpression> size = evaluated(text);
    ASSERT_TRUE(size) << text;
    EXPECT_EQ(size->wrong, "larger than 9223372036854775807") << text;
    EXPECT_EQ(size->value, std::nullopt) << text;
  }
}

TEST(SizeExpression, SaysWhenItIsNoSize) {
  EXPECT_EQ(evaluated("words - 7")->wrong, "-2");
  EXPECT_EQ(evaluated("words/2 + 1")->wrong, "a fraction");
  EXPECT_EQ(value("words - 7"), std::nullopt);
  EXPECT_EQ(value("words/2 + 1"), std::nullopt);
}

TEST(SizeExpression, IsNothingWhereItIsNotUnderstood) {
  for (const char* text : {"", "floor(words/2)", "words +", "(words", "words)", "words//0", "words/0", "words/height",
                           "2**words", "3d", "words  + 1", "99999999999999999999"})
    EXPECT_FALSE(evaluated(text)) << text;
  EXPECT_FALSE(evaluated(std::string(100'000, '(')));
}

}  // namespace
}  // namespace weigh
