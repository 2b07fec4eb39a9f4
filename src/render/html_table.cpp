// A table of HTML for notebooks: a fragment without script or style sheet. What a file says is escaped.
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "render/formats.h"
#include "render/given.h"
#include "render/html/escape.h"
#include "render/io_shape.h"
#include "render/text.h"
#include "render/units.h"

namespace weigh {
namespace {

void add_cell(std::string& out, std::string_view tag, const GridColumn& column, std::string_view text) {
  out += fmt::format("<{0} style=\"text-align: {1}; white-space: pre\">{2}</{0}>", tag,
                     column.right_aligned ? "right" : "left", escaped(text));
}

}  // namespace

std::string render_html_table(const Summary& summary, const RenderOptions& options) {
  const Model& model = *summary.model;
  const NumberStyle style{options.exact, true};
  std::string title = printable(model.source.empty() ? model.architecture : model.source) + " · " + model.format;
  if (!model.kind.empty()) title += ", " + model.kind;
  std::string out = fmt::format("<table>\n<caption>{}</caption>\n<thead><tr>", escaped(title));
  const std::vector<GridColumn> columns = fill_columns(summary, options);
  for (const GridColumn& column : columns) add_cell(out, "th", column, column.title);
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t row = 0; row < summary.rows.size(); ++row) {
    out += "<tr>";
    for (const GridColumn& column : columns) add_cell(out, "td", column, column.cells[row]);
    out += "</tr>\n";
  }
  out += fmt::format("</tbody>\n</table>\n<p>{} parameters, {}</p>\n",
                     escaped(total_text(summary.totals.parameters, style, 4)),
                     escaped(bytes_text(summary.totals.bytes, style, 4)));
  if (const std::vector<std::string> given = given_texts(model); !given.empty())
    out += fmt::format("<p>{}</p>\n", escaped(fmt::format("{}", fmt::join(given, "; "))));
  if (summary.uninitialized.empty()) return out;
  out += "<p>Not initialised yet:</p>\n<ul>\n";
  for (const Index index : summary.uninitialized) {
    const Tensor& tensor = model.tensors[index];
    out +=
        fmt::format("<li>{} {}</li>\n", escaped(printable(model.path_of(tensor))), escaped(shape_text(model, tensor)));
  }
  return out + "</ul>\n";
}

}  // namespace weigh
