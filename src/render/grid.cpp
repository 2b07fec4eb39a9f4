#include "render/grid.h"

#include <algorithm>
#include <numeric>

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

std::vector<std::size_t> widths_of(const std::vector<GridColumn>& columns) {
  std::vector<std::size_t> widths(columns.size());
  std::transform(columns.begin(), columns.end(), widths.begin(), [](const auto& column) { return width_of(column); });
  return widths;
}

std::size_t with_gaps(const std::vector<std::size_t>& widths) {
  const std::size_t all = std::accumulate(widths.begin(), widths.end(), widths.size() * kGap);
  return all - std::min(all, kGap);
}

// Writes over `text`.
void make_line(std::string& text, const std::vector<GridColumn>& columns, const std::vector<std::size_t>& widths,
               auto&& cell) {
  text.clear();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) text.append(kGap, ' ');
    const std::string& content = cell(columns[i]);
    const std::size_t blanks = widths[i] - display_width(content);
    if (columns[i].right_aligned) text.append(blanks, ' ');
    text += content;
    if (!columns[i].right_aligned) text.append(blanks, ' ');
  }
  text.erase(text.find_last_not_of(' ') + 1);
}

}  // namespace

void fit(std::vector<GridColumn>& columns, std::size_t width, std::string_view ellipsis) {
  if (width == 0 || columns.empty()) return;
  std::vector<std::size_t> widths = widths_of(columns);
  for (std::size_t i = columns.size(); i-- > 1 && with_gaps(widths) > width;) {
    if (!columns[i].optional) continue;
    columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(i));
    widths.erase(widths.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const std::size_t all = with_gaps(widths);
  if (all <= width) return;
  const std::size_t first = widths[0];
  const std::size_t excess = std::min(all - width, first);
  const std::size_t room = std::max(kNarrowestName, first - excess);
  for (std::string& cell : columns[0].cells) cell = cut_to(cell, room, ellipsis);
}

void for_each_line(const std::vector<GridColumn>& columns, const std::function<void(std::string_view)>& visit) {
  const std::vector<std::size_t> widths = widths_of(columns);
  std::string line;
  make_line(line, columns, widths, [](const GridColumn& c) -> const std::string& { return c.title; });
  visit(line);
  for (std::size_t row = 0; !columns.empty() && row < columns[0].cells.size(); ++row) {
    make_line(line, columns, widths, [row](const GridColumn& c) -> const std::string& { return c.cells[row]; });
    visit(line);
  }
}

std::vector<std::string> lines_of(const std::vector<GridColumn>& columns) {
  std::vector<std::string> lines;
  for_each_line(columns, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

}  // namespace weigh
