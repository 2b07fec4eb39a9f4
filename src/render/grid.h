// Columns of text side by side, made to fit a width.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace weigh {

struct GridColumn {
  std::string title;
  bool right_aligned = false;
  bool optional = false;  // may be left out where the width does not suffice
  std::vector<std::string> cells;
};

// Makes the grid at most `width` columns wide (0: no limit): takes the middle out of long text, leaves out optional
// columns from the right where that does not suffice, then shortens the first column more. Numbers stay whole: what is
// left may be wider.
void fit(std::vector<GridColumn>& columns, std::size_t width, std::string_view ellipsis);

// The title line, then one line for each row; no blanks at the ends of lines.
std::vector<std::string> lines_of(const std::vector<GridColumn>& columns);
// The same one by one: a line is there during its call only.
void for_each_line(const std::vector<GridColumn>& columns, const std::function<void(std::string_view)>& visit);

}  // namespace weigh
