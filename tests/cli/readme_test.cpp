// The screens in the README and in the pages of commands are what the program prints, and snippets are programs.
#include <filesystem>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bytes/folder.h"
#include "cli/run.h"
#include "support/files.h"

namespace weigh::cli {
namespace {

TEST(Readme, ShowsRealScreens) {
  const std::string readme = testing::read_file(WEIGH_SOURCE "/README.md");
  const std::regex screen(R"(<!-- screen: tests/data/(\S+) -->\n```\n\$ weigh (.*)\n([^`]*)```)");
  int screens = 0;
  for (std::sregex_iterator match(readme.begin(), readme.end(), screen), end; match != end; ++match, ++screens) {
    const std::string name = (*match)[2];
    const auto folder = memory_folder("", {{name, testing::file((*match)[1].str())}});
    std::string out;
    Console console;
    console.out = [&](std::string_view text) { out += text; };
    console.err = [](std::string_view) {};
    console.read = [&](const std::string& path) { return read(*folder, path); };
    EXPECT_EQ(run({name}, console), kDone);
    EXPECT_EQ(out, (*match)[3].str());
  }
  EXPECT_EQ(screens, 2);
}

// Of commands on fixtures of tests/data/pytorch.
TEST(Pages, ShowRealScreens) {
  for (const char* page : {"plan.md", "diff.md", "check.md"}) {
    const std::string text = testing::read_file(WEIGH_SOURCE "/docs/" + std::string(page));
    const std::regex screen(R"(```\n\$ weigh (.*)\n([^`]*)```)");
    int screens = 0;
    for (std::sregex_iterator match(text.begin(), text.end(), screen), end; match != end; ++match, ++screens) {
      std::istringstream words((*match)[1]);
      const std::vector<std::string> arguments{std::istream_iterator<std::string>(words), {}};
      std::string out;
      Console console;
      console.out = [&](std::string_view said) { out += said; };
      console.err = [](std::string_view) {};
      console.read = [](const std::string& name) {
        return read(*memory_folder("", {{name, testing::file("pytorch/" + name)}}), name);
      };
      (void)run(arguments, console);
      EXPECT_EQ(out, (*match)[2].str());
    }
    EXPECT_EQ(screens, 1) << page;
  }
}

// Snippets are whole programs: files that are built.
TEST(Readme, AndPagesOfLibtorchShowProgramsThatAreBuilt) {
  namespace fs = std::filesystem;
  std::set<std::string> programs;
  for (const auto& entry : fs::recursive_directory_iterator(WEIGH_SOURCE "/examples"))
    if (entry.path().extension() == ".cpp") programs.insert(testing::read_file(entry.path()));
  const std::string open = "```cpp\n";
  std::size_t shown = 0;
  for (const char* page : {"README.md", "docs/lazy.md", "docs/lightning.md", "docs/weights.md"}) {
    const std::string text = testing::read_file(WEIGH_SOURCE "/" + std::string(page));
    for (auto at = text.find(open); at != std::string::npos; at = text.find(open, at + 1), ++shown) {
      const std::string snippet = text.substr(at + open.size(), text.find("```", at + open.size()) - at - open.size());
      EXPECT_TRUE(programs.contains(snippet)) << page << " shows what is no file of examples:\n" << snippet;
    }
  }
  EXPECT_GE(shown, 5U);
}

}  // namespace
}  // namespace weigh::cli
