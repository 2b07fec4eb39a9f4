// Several models, a line each: as a table, as CSV, as Markdown.
#include "weigh/listing.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "render/formats.h"
#include "render/given.h"
#include "render/glyphs.h"
#include "render/grid.h"
#include "render/layout.h"
#include "render/markup.h"
#include "render/shorten.h"
#include "render/text.h"
#include "render/units.h"

namespace weigh {
namespace {

std::string format_of(const ListedModel& model) {
  return model.kind.empty() ? model.format : model.format + ", " + model.kind;
}

// What every model of the list holds for; "" where nothing was given.
std::string given_text(const Listing& listing, bool unicode) {
  if (listing.models.empty() || listing.models[0].given.empty()) return "";
  return fmt::format("with {} (given)", given_sizes(listing.models[0].given, unicode));
}

std::string table(const Listing& listing, const RenderOptions& options) {
  std::vector<GridColumn> columns = listing_columns(listing, options);
  fit(columns, options.width > kIndent ? options.width - kIndent : 0, glyphs(options.unicode).ellipsis);
  const std::string source = printable(listing.source.empty() ? "." : listing.source, options.unicode);
  const std::string count = fmt::format(" {} {} model{}", options.unicode ? "·" : "-",
                                        with_commas(listing.models.size()), listing.models.size() == 1 ? "" : "s");
  const std::size_t beside = options.width - std::min<std::size_t>(options.width, display_width(count));
  const std::string headline =
      (options.width == 0 ? source : shorten(source, beside, glyphs(options.unicode).ellipsis)) + count;
  std::string out = options.color ? fmt::format("{}{}{}\n\n", kBold, headline, kPlain) : headline + "\n\n";
  bool is_title = true;
  const std::size_t room = options.width > kIndent ? options.width - kIndent : std::string_view::npos;
  for_each_line(columns, [&](std::string_view whole) {
    const std::string line = cut_to(whole, room, glyphs(options.unicode).ellipsis);
    const bool is_bold = std::exchange(is_title, false) && options.color;
    out.append(kIndent, ' ').append(is_bold ? kBold : "").append(line).append(is_bold ? kPlain : "") += '\n';
  });
  if (const std::string given = given_text(listing, options.unicode); !given.empty())
    out.append(1, '\n').append(kIndent, ' ').append(given) += '\n';
  return out;
}

std::string csv(const Listing& listing) {
  std::string out;
  const bool is_given = !listing.models.empty() && !listing.models[0].given.empty();
  std::vector<std::string> line = {"name",    "format",        "kind",    "architecture", "parameters",
                                   "exact",   "active",        "buffers", "bytes",        "bytes_exact",
                                   "tensors", "uninitialized", "notes"};
  if (is_given) line.emplace_back("given");
  add_csv_line(out, line);
  for (const ListedModel& model : listing.models) {
    const Totals& totals = model.totals;
    const auto truth = [](bool value) { return value ? "true" : "false"; };
    line = {model.name,
            model.format,
            model.kind,
            model.architecture,
            fmt::to_string(totals.parameters.known()),
            truth(totals.parameters.is_exact()),
            totals.active_parameters ? fmt::to_string(*totals.active_parameters) : "",
            fmt::to_string(totals.buffers.known()),
            fmt::to_string(totals.bytes.known()),
            truth(totals.bytes.is_exact()),
            fmt::to_string(totals.tensors),
            fmt::to_string(totals.uninitialized_parameters + totals.uninitialized_buffers),
            fmt::to_string(model.notes)};
    if (is_given) line.push_back(given_sizes(model.given));
    add_csv_line(out, line);
  }
  return out;
}

std::string markdown(const Listing& listing, const RenderOptions& options) {
  std::string out = fmt::format("**{}**: {} models\n\n", markdown_escaped(printable(listing.source)),
                                with_commas(listing.models.size()));
  add_markdown_table(out, listing_columns(listing, options), true);
  if (const std::string given = given_text(listing, true); !given.empty())
    out += fmt::format("\n{}\n", markdown_escaped(given));
  return out;
}

}  // namespace

std::vector<GridColumn> listing_columns(const Listing& listing, const RenderOptions& options) {
  const NumberStyle style{options.exact, options.unicode};
  std::vector<GridColumn> columns;
  const auto add = [&](const char* title, bool is_number, bool is_optional, auto&& cell) {
    GridColumn& column = columns.emplace_back();
    column.title = title;
    column.right_aligned = is_number;
    column.optional = is_optional;
    column.cells.reserve(listing.models.size());
    for (const ListedModel& model : listing.models) column.cells.push_back(cell(model));
    const bool is_empty =
        std::all_of(column.cells.begin(), column.cells.end(), [](auto& cell) { return cell.empty(); });
    if (is_empty && !listing.models.empty()) columns.pop_back();
  };
  add("Name", false, false, [&](auto& model) { return printable(model.name, options.unicode); });
  add("Params", true, false, [&](auto& model) { return total_text(model.totals.parameters, style); });
  add("Active", true, true, [&](auto& model) {
    return model.totals.active_parameters ? total_text(*model.totals.active_parameters, style) : "";
  });
  add("Size", true, true, [&](auto& model) { return bytes_text(model.totals.bytes, style); });
  add("Tensors", true, true, [&](auto& model) { return with_commas(model.totals.tensors); });
  add("Notes", true, true, [&](auto& model) { return model.notes == 0 ? "" : with_commas(model.notes); });
  add("Format", false, true, [&](auto& model) { return printable(format_of(model), options.unicode); });
  add("Architecture", false, true, [&](auto& model) { return printable(model.architecture, options.unicode); });
  return columns;
}

ListedModel listed(const Summary& summary, std::string name) {
  const Model& model = *summary.model;
  return {std::move(name), model.format,  model.kind, model.architecture, model.notes.size() + summary.notes.size(),
          model.given,     summary.totals};
}

std::string render(const Listing& listing, const RenderOptions& options) {
  switch (options.format) {
    case RenderFormat::csv: return csv(listing);
    case RenderFormat::markdown: return markdown(listing, options);
    default: return table(listing, options);
  }
}

}  // namespace weigh
