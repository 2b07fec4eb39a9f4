#include "cli/terminal.h"

#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace weigh::cli {
namespace {

Terminal described(std::map<std::string, std::string> environment, bool is_terminal = true, unsigned width = 80) {
  return describe_terminal(
      [&](const char* name) -> const char* {
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
      },
      is_terminal, width);
}

TEST(Terminal, HasColorAndItsWidth) {
  EXPECT_TRUE(described({}).color);
  EXPECT_EQ(described({}).width, 80U);
}

TEST(Terminal, APipeGetsPlainTextOf160Columns) {
  EXPECT_FALSE(described({}, false).color);
  EXPECT_EQ(described({}, false).width, 160U);
  EXPECT_EQ(described({{"COLUMNS", "40"}}, false).width, 160U);
}

TEST(Terminal, ObeysNoColorUnlessItIsEmpty) {
  EXPECT_FALSE(described({{"NO_COLOR", "1"}}).color);
  EXPECT_TRUE(described({{"NO_COLOR", ""}}).color);
  EXPECT_FALSE(described({{"TERM", "dumb"}}).color);
}

TEST(Terminal, ColumnsOverrideTheWindow) {
  EXPECT_EQ(described({{"COLUMNS", "132"}}).width, 132U);
  EXPECT_EQ(described({{"COLUMNS", "wide"}}).width, 80U);
}

TEST(Terminal, UsesUnicodeUnlessTheLocaleSaysOtherwise) {
  EXPECT_TRUE(described({}).unicode);
  EXPECT_TRUE(described({{"LANG", "de_DE.UTF-8"}}).unicode);
  EXPECT_TRUE(described({{"LC_ALL", "C.utf8"}}).unicode);
  EXPECT_FALSE(described({{"LANG", "C"}}).unicode);
  EXPECT_FALSE(described({{"LANG", "de_DE.UTF-8"}, {"LC_ALL", "POSIX"}}).unicode);
  EXPECT_TRUE(described({{"LANG", "C"}, {"LC_CTYPE", "en_US.UTF-8"}}).unicode);
}

std::optional<std::uint64_t> date(const char* value) {
  return source_date([&](const char* name) { return std::string(name) == "SOURCE_DATE_EPOCH" ? value : nullptr; });
}

TEST(SourceDate, IsANumberOfSecondsOrNothing) {
  EXPECT_EQ(date("1764522000"), 1'764'522'000U);
  EXPECT_EQ(date("0"), 0U);
  for (const char* value : {static_cast<const char*>(nullptr), "", "today", "12s", "-1", "99999999999999999999"})
    EXPECT_EQ(date(value), std::nullopt) << (value == nullptr ? "none" : value);
}

}  // namespace
}  // namespace weigh::cli
