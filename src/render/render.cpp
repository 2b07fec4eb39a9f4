#include "weigh/render.h"

#include <algorithm>
#include <memory>
#include <span>

#include "render/columns.h"
#include "render/formats.h"
#include "render/text.h"
#include "render/units.h"

#include "weigh/document.h"
#include "weigh/error.h"

namespace weigh {
namespace {

std::vector<const BuiltInColumn*> chosen_columns(const Summary& summary, const RenderOptions& options) {
  std::vector<const BuiltInColumn*> chosen;
  for (const std::string& key : options.columns) chosen.push_back(&built_in_column(key));
  if (!chosen.empty()) return chosen;
  for (const BuiltInColumn& column : built_in_columns())
    if (column.is_telling(summary)) chosen.push_back(&column);
  return chosen;
}

}  // namespace

std::vector<GridColumn> fill_columns(const Summary& summary, const RenderOptions& options, std::size_t most_rows) {
  const CellContext context{summary, {options.exact, options.unicode}, options.format == RenderFormat::table};
  const std::span<const Row> rows(summary.rows.data(), std::min(summary.rows.size(), most_rows));
  std::vector<GridColumn> columns;
  for (const BuiltInColumn* built_in : chosen_columns(summary, options)) {
    const bool is_essential = built_in->key == "name" || built_in->key == "params" || built_in->key == "marks";
    GridColumn& column = columns.emplace_back();
    column.title = built_in->title;
    column.right_aligned = built_in->right_aligned;
    column.optional = options.columns.empty() && !is_essential;
    for (const Row& row : rows) column.cells.push_back(built_in->cell(context, row));
  }
  for (const Column& own : options.own_columns) {
    GridColumn& column = columns.emplace_back();
    column.title = own.title;
    column.right_aligned = own.right_aligned;
    for (const Row& row : rows) column.cells.push_back(printable(own.cell(summary, row), options.unicode));
  }
  return columns;
}

std::string render(const Summary& summary, const RenderOptions& options) {
  for (const std::string& key : options.columns) built_in_column(key);  // also where there is no row to show it
  switch (options.format) {
    case RenderFormat::table: return render_table(summary, options);
    case RenderFormat::lightning: return render_lightning(summary);
    case RenderFormat::json: return render_json(summary, options.cache);
    case RenderFormat::csv: return render_csv(summary, options);
    case RenderFormat::markdown: return render_markdown(summary, options);
    case RenderFormat::html_table: return render_html_table(summary, options);
    case RenderFormat::svg: return render_svg(summary);
    case RenderFormat::html:
    case RenderFormat::cyclonedx:
    case RenderFormat::spdx: break;
  }
  const std::unique_ptr<Document> text = document(options);
  text->add(summary);
  return text->text();
}

std::string text(const Model& model, const Count& count) {
  return count_text(model, count, {.exact = true, .unicode = true});
}

}  // namespace weigh
