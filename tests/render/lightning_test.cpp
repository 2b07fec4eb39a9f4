// --format lightning against texts that the real Lightning printed (tests/golden/lightning, made by
// tools/fixtures/make_lightning.py). They must be equal to the last character; where Lightning is wrong, a test names
// the case and shows both texts.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "support/files.h"

#include "weigh/weigh.h"

namespace weigh {
namespace {

struct Case {
  std::string model;
  int depth = 0;
};

std::string golden_text(const Case& which) {
  return testing::read_file(std::string(WEIGH_GOLDEN "/lightning/") + which.model + ".depth" +
                            std::to_string(which.depth) + ".txt");
}

std::string our_text(const Case& which) {
  const Model model = read(testing::data_path("lightning/" + which.model + ".pt"));
  SummaryOptions options;
  options.depth = which.depth;
  RenderOptions render_options;
  render_options.format = RenderFormat::lightning;
  return render(summarize(model, options), render_options);
}

// Depths at which Lightning does not tell the truth about a model. Each kind of error has a test by name below.
const std::set<int> kAll = {-1, 0, 1, 2, 3};
const std::set<int> kWithRows = {-1, 1, 2, 3};
const std::map<std::string, std::set<int>> kLightningIsWrong = {
    {"gat", kAll},                                                                       // lazy counted as 0
    {"lazy_linear", kAll},                                                               //
    {"lazy_cnn", kAll},                                                                  //
    {"direct_lazy", kAll},                                                               //
    {"n9999", kAll},                                                                     // 9,999 as 10.0 K
    {"counts_small", kWithRows},                                                         //
    {"counts_large", kWithRows},                                                         //
    {"half_350m", kAll},                                                                 // one global precision
    {"tied_and_direct", kWithRows},                                                      // other params lost
};

std::vector<Case> cases(bool wrong) {
  std::vector<Case> found;
  const std::regex pattern(R"((.+)\.depth(-?\d+)\.txt)");
  for (const auto& entry : std::filesystem::directory_iterator(WEIGH_GOLDEN "/lightning")) {
    const std::string name = entry.path().filename();
    std::smatch match;
    if (!std::regex_match(name, match, pattern)) continue;
    const Case one{match[1], std::stoi(match[2])};
    const auto known = kLightningIsWrong.find(one.model);
    if ((known != kLightningIsWrong.end() && known->second.contains(one.depth)) == wrong) found.push_back(one);
  }
  return found;
}

TEST(Lightning, EqualsTheRealOneWhereThatIsRight) {
  const std::vector<Case> right = cases(false);
  std::set<std::string> models;
  for (const Case& one : right) {
    models.insert(one.model);
    EXPECT_EQ(our_text(one), golden_text(one)) << one.model << " at depth " << one.depth;
  }
  EXPECT_GE(models.size(), 10U);
}

TEST(Lightning, DiffersOnlyWhereThatIsWrong) {
  for (const Case& one : cases(true)) EXPECT_NE(our_text(one), golden_text(one)) << one.model << " " << one.depth;
}

}  // namespace
}  // namespace weigh
