// The screens in the README and in the pages of commands are what the program prints.
#include <iterator>
#include <regex>
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

}  // namespace
}  // namespace weigh::cli
