#include "conventions/rank_splits.h"

#include <algorithm>
#include <array>

namespace weigh::conventions {
namespace {

// clang-format off: a row on each line
constexpr auto kRows = std::to_array<RankSplitRow>({
    {{"wq", "queries, by heads", "llama: ColumnParallelLinear", "RankFiles.OfMetaAreSplitByRowsOrColumns"}, 0},
    {{"wk", "keys, by heads", "llama: ColumnParallelLinear", "RankFiles.OfMetaAreSplitByRowsOrColumns"}, 0},
    {{"wv", "values, by heads", "llama: ColumnParallelLinear", "RankFiles.OfMetaAreSplitByRowsOrColumns"}, 0},
    {{"wo", "output of attention", "llama: RowParallelLinear", "RankFiles.OfMetaAreSplitByRowsOrColumns"}, 1},
    {{"w1", "gate of the feed-forward layer", "llama: ColumnParallelLinear", "RankFiles.OfMetaAreSplitByRowsOrColumns"},
     0},
    {{"w2", "its output", "llama: RowParallelLinear", "RankFiles.OfMetaAreSplitByRowsOrColumns"}, 1},
    {{"w3", "its input", "llama: ColumnParallelLinear", "RankFiles.OfMetaAreSplitByRowsOrColumns"}, 0},
    {{"output", "logits, by words", "llama: ColumnParallelLinear", "RankFiles.OfMetaAreSplitByRowsOrColumns"}, 0},
    {{"tok_embeddings", "embedding, by columns; since Llama 3 by words", "llama: ParallelEmbedding",
      "RankFiles.OfMetaAreSplitByRowsOrColumns"},
     1},
});
// clang-format on

}  // namespace

std::optional<unsigned> llama_split(std::string_view path, bool has_whole_width) {
  const std::size_t end = path.rfind('.');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view module = path.substr(0, end);
  const std::string_view name = module.substr(module.rfind('.') + 1);
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const RankSplitRow& one) { return one.name == name; });
  if (row == kRows.end()) return std::nullopt;
  return name == "tok_embeddings" && has_whole_width ? 0 : row->along;
}

std::span<const RankSplitRow> llama_split_rows() { return kRows; }

}  // namespace weigh::conventions
