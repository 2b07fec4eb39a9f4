// A GitHub-flavoured Markdown table, for pull requests and model cards. What a file says stands in code spans or is
// escaped: it cannot become markup.
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "render/columns.h"
#include "render/formats.h"
#include "render/given.h"
#include "render/io_shape.h"
#include "render/markup.h"
#include "render/text.h"

namespace weigh {

std::string markdown_escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("\\`*_{}[]<>#|!&~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// Nothing but the bar and the backtick means anything inside of code in a table.
std::string markdown_code(std::string_view text) {
  if (text.empty()) return "";
  if (text.find_first_of("`|") != std::string_view::npos) return markdown_escaped(text);
  return fmt::format("`{}`", text);
}

void add_markdown_table(std::string& out, const std::vector<GridColumn>& columns, bool begins_with_name) {
  for (const GridColumn& column : columns) out += "| " + markdown_escaped(column.title) + " ";
  out += "|\n";
  for (const GridColumn& column : columns) out += column.right_aligned ? "|--:" : "|---";
  out += "|\n";
  for (std::size_t row = 0; !columns.empty() && row < columns.front().cells.size(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& cell = columns[i].cells[row];
      out += fmt::format("| {} ", i == 0 && begins_with_name ? markdown_code(cell) : markdown_escaped(cell));
    }
    out += "|\n";
  }
}

std::string render_markdown(const Summary& summary, const RenderOptions& options) {
  const Model& model = *summary.model;
  const NumberStyle style{options.exact, true};
  const bool is_named_by_type = model.source.empty();  // as a live model is
  const std::string& name = is_named_by_type ? model.architecture : model.source;
  std::string out =
      fmt::format("**{}**: {}", markdown_escaped(printable(name.empty() ? "." : name)), markdown_escaped(model.format));
  if (!model.kind.empty()) out += ", " + markdown_escaped(model.kind);
  if (!model.architecture.empty() && !is_named_by_type) out += ", " + markdown_escaped(printable(model.architecture));
  out += "\n\n";

  const std::vector<GridColumn> columns = fill_columns(summary, options);
  add_markdown_table(out, columns, options.columns.empty() || options.columns.front() == "name");
  out += fmt::format("\n{} parameters, {}\n", total_text(summary.totals.parameters, style, 4),
                     bytes_text(summary.totals.bytes, style, 4));
  if (const std::vector<std::string> given = given_texts(model); !given.empty())
    out += fmt::format("\n{}\n", markdown_escaped(fmt::format("{}", fmt::join(given, "; "))));
  if (summary.uninitialized.empty()) return out;
  out += "\nNot initialised yet:\n\n";
  for (Index index : summary.uninitialized) {
    const Tensor& tensor = model.tensors[index];
    out += fmt::format("- {} {}\n", markdown_code(printable(model.path_of(tensor))),
                       markdown_code(shape_text(model, tensor)));
  }
  return out;
}

}  // namespace weigh
