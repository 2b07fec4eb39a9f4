// RFC 4180, one line a row of the summary. Cells that a spreadsheet would run as a formula begin with an apostrophe.
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "render/columns.h"
#include "render/formats.h"
#include "render/given.h"
#include "render/markup.h"
#include "render/text.h"

namespace weigh {
namespace {

std::string cell(std::string_view text) {
  std::string safe = printable(text);
  if (!safe.empty() && std::string_view("=+-@").find(safe[0]) != std::string_view::npos) safe.insert(0, "'");
  if (safe.find_first_of(",\"") == std::string::npos) return safe;
  std::string quoted = "\"";
  for (char c : safe) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

constexpr NumberStyle kDigits = {.exact = true, .unicode = true, .commas = false};

const char* truth(bool value) { return value ? "true" : "false"; }

std::vector<std::string> facts(const Summary& summary, const Row& row) {
  const Model& model = *summary.model;
  const CellContext context{summary, kDigits};
  const Tally& tally = row.tally;
  const std::string path = model.path_of(row.module);
  const bool recorded = tally.trainable_recorded;
  return {row.own_only ? of_own_tensors(path) : path,
          built_in_column("type").cell(context, row),
          fmt::to_string(row.depth),
          fmt::to_string(row.repeat),
          fmt::to_string(tally.parameters.known()),
          truth(tally.parameters.is_exact()),
          tally.parameters.is_exact() ? "" : expression(model, tally.parameters, kDigits),
          recorded ? fmt::to_string(tally.trainable.known()) : "",
          fmt::to_string(tally.buffers.known()),
          fmt::to_string(tally.bytes.known()),
          truth(tally.bytes.is_exact()),
          fmt::to_string(tally.tensors),
          built_in_column("dtypes").cell(context, row),
          truth(row.lazy),
          built_in_column("mode").cell(context, row)};
}

}  // namespace

void add_csv_line(std::string& out, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) out += (i == 0 ? "" : ",") + cell(cells[i]);
  out += "\r\n";
}

// Sizes that were given stand in every line, in a column of their own.
void add_given(const Model& model, std::vector<std::string>& line, bool is_title) {
  if (!model.given.empty()) line.push_back(is_title ? "given" : given_sizes(model.given));
}

std::string render_csv(const Summary& summary, const RenderOptions& options) {
  std::string out;
  if (options.columns.empty() && options.own_columns.empty()) {
    std::vector<std::string> line = {"path",        "type",       "depth",     "repeat",  "parameters",
                                     "exact",       "expression", "trainable", "buffers", "bytes",
                                     "bytes_exact", "tensors",    "dtypes",    "lazy",    "mode"};
    add_given(*summary.model, line, true);
    add_csv_line(out, line);
    for (const Row& row : summary.rows) {
      line = facts(summary, row);
      add_given(*summary.model, line, false);
      add_csv_line(out, line);
    }
    return out;
  }
  RenderOptions exact = options;
  exact.exact = true;
  const std::vector<GridColumn> columns = fill_columns(summary, exact);
  std::vector<std::string> line;
  for (const GridColumn& column : columns) line.push_back(column.title);
  add_given(*summary.model, line, true);
  add_csv_line(out, line);
  for (std::size_t row = 0; row < summary.rows.size(); ++row) {
    line.clear();
    for (const GridColumn& column : columns) line.push_back(column.cells[row]);
    add_given(*summary.model, line, false);
    add_csv_line(out, line);
  }
  return out;
}

}  // namespace weigh
