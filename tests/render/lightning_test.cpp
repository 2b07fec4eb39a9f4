// --format lightning against texts that the real Lightning printed (tests/golden/lightning, made by
// tools/fixtures/make_lightning.py). They must be equal to the last character; where Lightning is wrong, a test names
// the case and shows both texts.
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

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
    {"gat", kAll},                   // lazy counted as 0
    {"lazy_linear", kAll},           //
    {"lazy_cnn", kAll},              //
    {"direct_lazy", kAll},           //
    {"n9999", kAll},                 // 9,999 as 10.0 K
    {"counts_small", kWithRows},     //
    {"counts_large", kWithRows},     //
    {"half_350m", kAll},             // one global precision
    {"tied_and_direct", kWithRows},  // other params lost
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

// A screen as it stands in this file, below the line that opens it.
std::string screen(std::string_view text) { return std::string(text.substr(1)); }

// Each of conv1's two weights is [8, in]: Lightning takes both for nothing, and the total for exact.
TEST(LightningIsWrong, CountsWhatIsNotInitialisedAsNothing) {
  EXPECT_EQ(golden_text({"gat", 1}), screen(R"(
  | Name  | Type      | Params | Mode  | FLOPs
----------------------------------------------------
0 | conv1 | GATv2Conv | 32     | train | 0    
1 | fc    | Linear    | 18     | train | 0    
----------------------------------------------------
50        Trainable params
0         Non-trainable params
50        Total params
0.000     Total estimated model params size (MB)
5         Modules in train mode
0         Modules in eval mode
0         Total Flops
)"));
  EXPECT_EQ(our_text({"gat", 1}), screen(R"(
  | Name  | Type      | Params     | Mode  | FLOPs
--------------------------------------------------------
0 | conv1 | GATv2Conv | 16·in + 32 | train | 0    
1 | fc    | Linear    | 18         | train | 0    
--------------------------------------------------------
≥ 50      Trainable params
0         Non-trainable params
≥ 50      Total params
≥ 0.000   Total estimated model params size (MB)
5         Modules in train mode
0         Modules in eval mode
0         Total Flops
)"));
}

// The model owns 27 parameters that are in no layer. Lightning subtracts its rows, which hold the tied 40 twice, from
// the total of 67, and finds none left.
TEST(LightningIsWrong, LosesParametersOfTheModelItselfWhereOthersAreTied) {
  EXPECT_EQ(golden_text({"tied_and_direct", 1}), screen(R"(
  | Name      | Type      | Params | Mode  | FLOPs
--------------------------------------------------------
0 | embedding | Embedding | 40     | train | 0    
1 | head      | Linear    | 40     | train | 0    
--------------------------------------------------------
67        Trainable params
0         Non-trainable params
67        Total params
0.000     Total estimated model params size (MB)
2         Modules in train mode
0         Modules in eval mode
0         Total Flops
)"));
  EXPECT_EQ(our_text({"tied_and_direct", 1}), screen(R"(
  | Name         | Type      | Params | Mode  | FLOPs
-----------------------------------------------------------
0 | embedding    | Embedding | 40     | train | 0    
1 | head         | Linear    | 40     | train | 0    
  | other params | n/a       | 27     | n/a   | n/a  
-----------------------------------------------------------
67        Trainable params
0         Non-trainable params
67        Total params
0.000     Total estimated model params size (MB)
2         Modules in train mode
0         Modules in eval mode
0         Total Flops
)"));
}

// 9,999 is not 10.0 K.
TEST(LightningIsWrong, RoundsACountUpToTheNextDigit) {
  EXPECT_EQ(golden_text({"n9999", 1}), screen(R"(
  | Name  | Type   | Params | Mode  | FLOPs
-------------------------------------------------
0 | layer | Linear | 10.0 K | train | 0    
-------------------------------------------------
10.0 K    Trainable params
0         Non-trainable params
10.0 K    Total params
0.040     Total estimated model params size (MB)
1         Modules in train mode
0         Modules in eval mode
0         Total Flops
)"));
  EXPECT_EQ(our_text({"n9999", 1}), screen(R"(
  | Name  | Type   | Params  | Mode  | FLOPs
--------------------------------------------------
0 | layer | Linear | 9,999   | train | 0    
--------------------------------------------------
9,999     Trainable params
0         Non-trainable params
9,999     Total params
0.040     Total estimated model params size (MB)
1         Modules in train mode
0         Modules in eval mode
0         Total Flops
)"));
}

// 350 million parameters of two bytes are 700 MB, not 1,400.
TEST(LightningIsWrong, TakesOnePrecisionForAll) {
  EXPECT_EQ(golden_text({"half_350m", 1}), screen(R"(
  | Name       | Type   | Params | Mode  | FLOPs
------------------------------------------------------
0 | n350000000 | Linear | 350 M  | train | 0    
------------------------------------------------------
350 M     Trainable params
0         Non-trainable params
350 M     Total params
1,400.000 Total estimated model params size (MB)
1         Modules in train mode
0         Modules in eval mode
0         Total Flops
)"));
  EXPECT_EQ(our_text({"half_350m", 1}), screen(R"(
  | Name       | Type   | Params | Mode  | FLOPs
------------------------------------------------------
0 | n350000000 | Linear | 350 M  | train | 0    
------------------------------------------------------
350 M     Trainable params
0         Non-trainable params
350 M     Total params
700.000   Total estimated model params size (MB)
1         Modules in train mode
0         Modules in eval mode
0         Total Flops
)"));
}

}  // namespace
}  // namespace weigh
