// Whole screens of real files, as they are on a terminal: tests/golden/render.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "render/golden.h"

namespace weigh {
namespace {

struct Screen {
  std::string golden;
  std::string file;
  std::optional<int> depth;
};

const std::vector<Screen>& screens() {
  static const std::vector<Screen> all = {
      {"gat_module_before", "pytorch/gat_module_before.pt", {}},
      {"gat_module_after", "pytorch/gat_module_after.pt", {}},
      {"gat_state_before", "pytorch/gat_state_before.pt", {}},
      {"lightning_checkpoint", "pytorch/checkpoints/lightning_32-true.ckpt", {}},
      {"ema", "pytorch/checkpoints/ema.pt", {}},
      {"gpt_tied_depth2", "pytorch/modules/gpt_tied_module.pt", 2},
      {"frozen_backbone", "pytorch/modules/frozen_backbone_module.pt", {}},
      {"resnet", "pytorch/modules/resnet_module.pt", {}},
      {"every_lazy", "pytorch/lazy/every_module.pt", {}},
      {"plain_tensors", "pytorch/tensors/plain.pt", {}},
      {"sharded", "safetensors/sharded", {}},
  };
  return all;
}

class Screens : public ::testing::TestWithParam<Screen> {};

TEST_P(Screens, EqualTheirGoldenText) {
  const Model model = testing::read_bare(GetParam().file);
  SummaryOptions options;
  options.depth = GetParam().depth;
  const Summary summary = summarize(model, options);
  RenderOptions narrow, ascii, exact;
  narrow.width = 50;
  ascii.unicode = false;
  exact.exact = true;
  testing::expect_golden(GetParam().golden, render(summary) + "=== 50 columns\n" + render(summary, narrow) +
                                                "=== ASCII\n" + render(summary, ascii) + "=== exact\n" +
                                                render(summary, exact));
}

INSTANTIATE_TEST_SUITE_P(Of, Screens, ::testing::ValuesIn(screens()),
                         [](const auto& info) { return info.param.golden; });

TEST(Screen, WithColorsIsBoldAndWhatIsLazyIsYellow) {
  const Model model = testing::read_bare("pytorch/gat_module_before.pt");
  RenderOptions options;
  options.color = true;
  testing::expect_golden("gat_module_before_color", render(summarize(model), options));
}

// Besides the headline, which names the file.
TEST(Screen, IsNeverWiderThanTheTerminal) {
  for (const Screen& screen : screens()) {
    const Model model = testing::read_bare(screen.file);
    for (unsigned width : {40U, 60U, 80U}) {
      RenderOptions options;
      options.width = width;
      options.unicode = false;  // a byte is a column
      const std::string text = render(summarize(model), options);
      for (std::size_t begin = text.find('\n') + 1, end = 0; begin < text.size(); begin = end + 1) {
        end = text.find('\n', begin);
        EXPECT_LE(end - begin, width) << screen.golden << ": " << text.substr(begin, end - begin);
      }
    }
  }
}

TEST(Screen, OfEveryGoldenFileIsTested) {
  std::set<std::string> known = {"gat_module_before_color"};
  for (const Screen& screen : screens()) known.insert(screen.golden);
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(WEIGH_GOLDEN "/render"))
    if (entry.is_regular_file()) found.insert(entry.path().stem());
  EXPECT_EQ(found, known);
}

}  // namespace
}  // namespace weigh
