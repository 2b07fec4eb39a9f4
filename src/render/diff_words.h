// What the forms of a diff share: paths of what was folded, and facts as words.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "render/grid.h"

#include "weigh/diff.h"

namespace weigh {

std::string render_diff_table(const Diff& diff, const RenderOptions& options, std::size_t most);
std::string render_diff_markdown(const Diff& diff, const RenderOptions& options, std::size_t most);
std::string render_diff_json(const Diff& diff);

// Two texts, of A and of B.
struct FromTo {
  std::string a;
  std::string b;
  std::string text(bool unicode) const;  // "8 → 16"
};

// "layers.0…31.fc" of the first and the last; "" of none. As the file has it: not made printable.
std::string path_text(const Model& model, bool is_module, Index first, Index last, std::string_view ellipsis);

FromTo fact_texts(const Diff& diff, const Difference& difference, Fact fact, bool unicode);

// How far apart values are: "3 of 288 numbers differ, by 0.5 at most, 0.01 on average".
std::string distance_text(const Distance& distance);

// The line of a difference: mark, name, how many, what. `most`: 0 for all.
std::vector<GridColumn> difference_columns(const Diff& diff, const RenderOptions& options, std::size_t most);
// How many of the differences have a line: of two models that are foreign to each other few.
std::size_t lines_shown(const Diff& diff, std::size_t most);

// Totals and settings that differ, by name.
struct DifferingFact {
  std::string name;
  FromTo values;
};
std::vector<DifferingFact> differing_facts(const Diff& diff, const RenderOptions& options);

// As columns: what, A, B.
std::vector<GridColumn> fact_columns(const Diff& diff, const RenderOptions& options);

// difference_columns with the names first, and each change in a word instead of a mark.
std::vector<GridColumn> columns_by_name(const Diff& diff, const RenderOptions& options, std::size_t most);

// "12 more differences; --top 0 shows all"; "" where all are shown.
std::string left_out(const Diff& diff, std::size_t most);

// What it comes to: "8 tensors: 6 equal, 2 changed".
std::vector<std::string> conclusions(const Diff& diff, const RenderOptions& options);

}  // namespace weigh
