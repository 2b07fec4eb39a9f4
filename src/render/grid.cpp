#include "render/grid.h"

#include <algorithm>
#include <numeric>

#include "render/shorten.h"
#include "render/text.h"

namespace weigh {
namespace {

constexpr std::size_t kGap = 3;
constexpr std::size_t kNarrowestName = 12;
constexpr std::size_t kNarrowestText = 16;  // a shape of four dimensions, or both ends of a longer one

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

// The widths to which text may be shortened: what stands to the left is text, numbers stay whole. The first column
// keeps half of the table as long as another can be left out.
std::vector<std::size_t> least_widths(const std::vector<GridColumn>& columns, const std::vector<std::size_t>& widths,
                                      std::size_t first) {
  std::vector<std::size_t> least = widths;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!columns[i].right_aligned) least[i] = std::min(widths[i], i == 0 ? first : kNarrowestText);
  return least;
}

// Takes from the widest while there is too much.
void narrow(std::vector<std::size_t>& widths, const std::vector<std::size_t>& least, std::size_t width) {
  for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::min(widths[i], std::max(least[i], width));
  while (with_gaps(widths) > width) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (widths[i] > least[i] && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

}  // namespace

void fit(std::vector<GridColumn>& columns, std::size_t width, std::string_view ellipsis) {
  if (width == 0 || columns.empty()) return;
  std::vector<std::size_t> widths = widths_of(columns);
  if (with_gaps(widths) <= width) return;
  std::vector<std::size_t> least = least_widths(columns, widths, std::max(kNarrowestName, width / 2));
  for (std::size_t i = columns.size(); i-- > 1 && with_gaps(least) > width;) {
    if (!columns[i].optional) continue;
    const auto place = static_cast<std::ptrdiff_t>(i);
    columns.erase(columns.begin() + place);
    widths.erase(widths.begin() + place);
    least.erase(least.begin() + place);
  }
  if (with_gaps(least) > width) least = least_widths(columns, widths, kNarrowestName);
  narrow(widths, least, width);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].title = shorten(columns[i].title, widths[i], ellipsis);
    for (std::string& cell : columns[i].cells) cell = shorten(cell, widths[i], ellipsis);
  }
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
