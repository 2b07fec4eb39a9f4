// Public models whose headers are remade from tests/data/seed_models: what is in them, and what a token uses. The
// numbers are those of the issue and of each file's `derived`. Which of its facts are certain each file says itself:
// of Kimi-K2, MiniMax-M2, GOT-OCR and (but for the dtype) HunyuanVideo all counts are; of ERNIE the absence of a stored
// head, and of MiniCPM-V the size of the vocabulary, are inferred.
#include "support/giants.h"

#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "weigh/weigh.h"

namespace weigh {
namespace {

struct Giant {
  const char* name;
  std::size_t tensors;
  std::uint64_t parameters;
  std::optional<std::uint64_t> active;
  std::optional<std::uint64_t> active_without_embedding;
  std::uint64_t bytes;
};

class Giants : public ::testing::TestWithParam<Giant> {};

TEST_P(Giants, AreWeighedRight) {
  const Giant& giant = GetParam();
  const testing::GiantFolder folder(giant.name);
  const Model model = read(folder.path());
  const Summary summary = summarize(model);
  EXPECT_EQ(model.tensors.size(), giant.tensors);
  EXPECT_EQ(summary.totals.parameters.known(), giant.parameters);
  EXPECT_TRUE(summary.totals.is_exact());
  EXPECT_EQ(summary.totals.active_parameters, giant.active);
  EXPECT_EQ(summary.totals.active_without_embedding, giant.active_without_embedding);
  EXPECT_EQ(summary.totals.bytes.known(), giant.bytes);
  for (const Note& note : model.notes) ADD_FAILURE() << note.code << ": " << note.place << ": " << note.message;
}

INSTANTIATE_TEST_SUITE_P(All, Giants,
                         ::testing::Values(Giant{"Kimi-K2-Thinking", 208'276, 1'026'408'232'448, 32'861'500'928,
                                                 31'687'095'808, 594'205'920'512},
                                           Giant{"MiniMax-M2", 96'103, 228'689'764'864, 11'030'553'088, 10'415'956'480,
                                                 230'121'630'720},
                                           Giant{"ERNIE-4.5-VL-28B-A3B-Thinking", 11'105, 29'399'294'336, 3'352'150'208,
                                                 3'087'384'768, 58'816'290'304},
                                           Giant{"HunyuanVideo-1.5", 1'793, 8'326'608'160, {}, {}, 33'306'432'640},
                                           Giant{"MiniCPM-V-4_5", 849, 8'695'895'280, {}, {}, 17'391'790'560},
                                           Giant{"GOT-OCR-2.0-hf", 472, 560'528'640, {}, {}, 1'432'066'560}),
                         [](const auto& info) { return testing::test_name(info.param.name); });

}  // namespace
}  // namespace weigh
