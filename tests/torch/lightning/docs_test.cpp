// docs/lightning.md shows the programs that are built, and what they print.
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/process.h"

namespace weigh::lightning {
namespace {

using weigh::testing::read_file;

// Of both streams.
std::string printed(const std::string& command) {
  const testing::Ran ran = testing::shell(command);
  EXPECT_EQ(ran.code, 0) << ran.output;
  return ran.output;
}

const std::string kPage = read_file(WEIGH_SOURCE "/docs/lightning.md");

TEST(Page, ShowsBothProgramsWhole) {
  const std::string folder = WEIGH_SOURCE "/examples/side_by_side/";
  EXPECT_NE(kPage.find("```python\n" + read_file(folder + "karate.py") + "```\n"), std::string::npos);
  EXPECT_NE(kPage.find("```cpp\n" + read_file(folder + "karate.cpp") + "```\n"), std::string::npos);
}

TEST(Page, ShowsTheWarningOfAModelWithoutAnExampleInput) {
  const std::string folder = ::testing::TempDir() + "weigh_lightning_page";
  std::filesystem::remove_all(folder);
  const std::string text = printed(WEIGH_GATV2 " --no-example-input --epochs 1 --output " + folder);
  const std::string shown = text.substr(0, text.find("Sanity check"));
  EXPECT_NE(kPage.find("```\n" + shown.substr(0, shown.find("Epoch")) + "```\n"), std::string::npos) << text;
}

std::vector<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match)
    found.push_back((*match)[1]);
  return found;
}

TEST(Page, TellsTheOrderOfTheOptionsAndEachHasASetter) {
  std::string header = read_file(WEIGH_SOURCE "/include/weigh/lightning/trainer_options.h");
  header = header.substr(header.find("struct TrainerOptions"));
  const auto setters = header.find("#define");
  const std::vector<std::string> fields = matches(header.substr(0, setters), R"(\n  [^/\n][^=\n]* (\w+) = )");
  EXPECT_EQ(matches(header.substr(setters), R"(\n  WEIGH_SETTER\((\w+)\))"), fields);
  const auto begin = kPage.find("| how long |");
  EXPECT_EQ(matches(kPage.substr(begin, kPage.find("## Optimisation by hand") - begin), "`(\\w+)`"), fields);
  EXPECT_GT(fields.size(), 30U);
}

}  // namespace
}  // namespace weigh::lightning
