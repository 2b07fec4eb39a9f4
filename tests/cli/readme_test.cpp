// The screens in the README are what the program prints.
#include <regex>
#include <string>

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

}  // namespace
}  // namespace weigh::cli
