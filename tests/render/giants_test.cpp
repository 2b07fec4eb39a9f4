// The first screen of each public giant: it fits a terminal of 80 columns and 24 lines, and says what the model is.
#include "support/giants.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "render/golden.h"
#include "render/text.h"

namespace weigh {
namespace {

class GiantScreens : public ::testing::TestWithParam<const char*> {};

TEST_P(GiantScreens, FitEightyColumnsAndTwentyFourLines) {
  const std::string name = GetParam();
  const testing::GiantFolder folder(name);
  Model model = read(folder.path());
  model.source = name;
  SummaryOptions options;
  options.depth = 1;
  RenderOptions terminal;
  terminal.width = 80;
  const std::string text = render(summarize(model, options), terminal);
  testing::expect_golden("giants/" + name, text);
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 24);  // one is left for what is typed next
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
    EXPECT_LE(display_width(rest.substr(0, end)), 80U) << rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GiantScreens,
                         ::testing::Values("Kimi-K2-Thinking", "MiniMax-M2", "ERNIE-4.5-VL-28B-A3B-Thinking",
                                           "HunyuanVideo-1.5", "MiniCPM-V-4_5", "GOT-OCR-2.0-hf"),
                         [](const auto& info) { return testing::test_name(info.param); });

}  // namespace
}  // namespace weigh
