// docs/lightning.md shows the programs that are built, and what they print.
#include <array>
#include <cstdio>
#include <filesystem>

#include <gtest/gtest.h>

#include "support/files.h"

namespace weigh::lightning {
namespace {

using weigh::testing::read_file;

// Of both streams.
std::string printed(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen(("exec 2>&1; " + command).c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), got);
  EXPECT_EQ(pclose(pipe), 0) << text;
  return text;
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

}  // namespace
}  // namespace weigh::lightning
