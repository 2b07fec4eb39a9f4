// How ranks split the matrices of a model whose files do not tell it.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

struct RankSplitRow : Row {
  unsigned along = 0;  // the dimension: 0 for rows, 1 for columns
};

// Of Meta's own files of Llama, the dimension along which ranks split a tensor of this path; nothing where each has all
// of it. An embedding whose parts have the model's width is split by words, others by columns.
std::optional<unsigned> llama_split(std::string_view path, bool has_whole_width);

std::span<const RankSplitRow> llama_split_rows();

}  // namespace weigh::conventions
