#include "render/grid.h"

#include <algorithm>

#include "render/text.h"

namespace weigh {
namespace {

constexpr std::size_t kGap = 3;
constexpr std::size_t kNarrowestName = 12;

std::size_t width_of(const GridColumn& column) {
  std::size_t width = display_width(column.title);
  for (const std::string& cell : column.cells) width = std::max(width, display_width(cell));
  return width;
}

std::size_t width_of(const std::vector<GridColumn>& columns) {
  std::size_t width = 0;
  for (const GridColumn& column : columns) width += width_of(column) + kGap;
  return width - std::min(width, kGap);
}

std::string line(const std::vector<GridColumn>& columns, const std::vector<std::size_t>& widths, auto&& cell) {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) text.append(kGap, ' ');
    const std::string& content = cell(columns[i]);
    text += columns[i].right_aligned ? pad_left(content, widths[i]) : pad_right(content, widths[i]);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

void fit(std::vector<GridColumn>& columns, std::size_t width, std::string_view ellipsis) {
  if (width == 0 || columns.empty()) return;
  for (std::size_t i = columns.size(); i-- > 1 && width_of(columns) > width;)
    if (columns[i].optional) columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(i));
  const std::size_t all = width_of(columns);
  if (all <= width) return;
  const std::size_t first = width_of(columns[0]);
  const std::size_t excess = std::min(all - width, first);
  const std::size_t room = std::max(kNarrowestName, first - excess);
  for (std::string& cell : columns[0].cells) cell = cut_to(cell, room, ellipsis);
}

std::vector<std::string> lines_of(const std::vector<GridColumn>& columns) {
  std::vector<std::size_t> widths;
  for (const GridColumn& column : columns) widths.push_back(width_of(column));
  std::vector<std::string> lines = {
      line(columns, widths, [](const GridColumn& c) -> const std::string& { return c.title; })};
  for (std::size_t row = 0; !columns.empty() && row < columns[0].cells.size(); ++row)
    lines.push_back(line(columns, widths, [row](const GridColumn& c) -> const std::string& { return c.cells[row]; }));
  return lines;
}

}  // namespace weigh
