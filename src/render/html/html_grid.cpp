#include "render/html/html_grid.h"

#include <fmt/format.h>

#include "render/html/escape.h"

namespace weigh {
namespace {

std::string cell(std::string_view tag, std::string_view scope, const GridColumn& column, const std::string& text,
                 const std::string& exact) {
  return fmt::format("<{0}{1}{2}{3}>{4}</{0}>", tag, scope, column.right_aligned ? " class=\"num\"" : "",
                     text == exact ? "" : fmt::format(" title=\"{}\"", escaped(exact)), escaped(text));
}

}  // namespace

std::string html_grid(const std::vector<GridColumn>& shown, const std::vector<GridColumn>& exact,
                      const RowAttributes& attributes) {
  std::string out = "<table>\n<thead><tr>";
  for (const GridColumn& column : shown) {
    const std::string title = column.title.empty() ? "Marks" : column.title;
    out += cell("th", " scope=\"col\"", column, title, title);
  }
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t row = 0; !shown.empty() && row < shown[0].cells.size(); ++row) {
    out += fmt::format("<tr{}>", attributes ? attributes(row) : "");
    for (std::size_t i = 0; i < shown.size(); ++i)
      out += cell(i == 0 ? "th" : "td", i == 0 ? " scope=\"row\"" : "", shown[i], shown[i].cells[row],
                  exact[i].cells[row]);
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n";
}

}  // namespace weigh
