// What differs between two models, as a table and as Markdown.
#include "weigh/diff.h"

#include <utility>

#include <fmt/format.h>

#include "render/diff_words.h"
#include "render/glyphs.h"
#include "render/html/diff_part.h"
#include "render/layout.h"
#include "render/markup.h"
#include "render/text.h"
#include "render/units.h"

namespace weigh {
namespace {

std::string_view color_of(char mark) {
  switch (mark) {
    case '+': return "\x1b[32m";
    case '-': return "\x1b[31m";
    case '>': return "\x1b[36m";
    default: return "\x1b[33m";
  }
}

// "gat.pt · PyTorch, pickled module · GAT"
std::string head_of(const Model& model, bool unicode) {
  const std::string_view dot = unicode ? " · " : " - ";
  std::string text = printable(model.source.empty() ? "." : model.source, unicode);
  text.append(dot).append(model.format);
  if (!model.kind.empty()) text += ", " + model.kind;
  if (!model.architecture.empty()) text.append(dot) += printable(model.architecture, unicode);
  return text;
}

// Without the line of titles.
void add_grid(std::string& out, std::vector<GridColumn> columns, const RenderOptions& options, bool has_marks) {
  if (columns[0].cells.empty()) return;
  for (GridColumn& column : columns) column.title.clear();
  const std::string_view ellipsis = glyphs(options.unicode).ellipsis;
  fit(columns, options.width > kIndent ? options.width - kIndent : 0, ellipsis);
  bool is_title = true;
  for_each_line(columns, [&](std::string_view line) {
    if (std::exchange(is_title, false)) return;
    const bool is_colored = has_marks && options.color;
    out.append(kIndent, ' ').append(is_colored ? color_of(line[0]) : "").append(line);
    out.append(is_colored ? kPlain : "") += '\n';
  });
  out += '\n';
}

}  // namespace

std::string left_out(const Diff& diff, std::size_t most) {
  const std::size_t shown = lines_shown(diff, most);
  if (shown == diff.differences.size()) return "";
  return fmt::format("{} more differences; --top 0 shows all", with_commas(diff.differences.size() - shown));
}

std::vector<GridColumn> fact_columns(const Diff& diff, const RenderOptions& options) {
  std::vector<GridColumn> columns = {{"", false, false, {}}, {"A", false, false, {}}, {"B", false, false, {}}};
  for (const DifferingFact& fact : differing_facts(diff, options)) {
    columns[0].cells.push_back(fact.name);
    columns[1].cells.push_back(fact.values.a.empty() ? "none" : fact.values.a);
    columns[2].cells.push_back(fact.values.b.empty() ? "none" : fact.values.b);
  }
  return columns;
}

std::vector<GridColumn> columns_by_name(const Diff& diff, const RenderOptions& options, std::size_t most) {
  std::vector<GridColumn> columns = difference_columns(diff, options, most);
  for (std::size_t i = 0; i < columns[0].cells.size(); ++i) columns[0].cells[i] = name(diff.differences[i].change);
  std::swap(columns[0], columns[1]);
  return columns;
}

std::string render_diff_table(const Diff& diff, const RenderOptions& options, std::size_t most) {
  std::string out =
      fmt::format("A  {}\nB  {}\n\n", head_of(*diff.a.model, options.unicode), head_of(*diff.b.model, options.unicode));
  add_grid(out, difference_columns(diff, options, most), options, true);
  if (const std::string more = left_out(diff, most); !more.empty()) out += fmt::format("  {}\n\n", more);
  std::vector<GridColumn> facts = fact_columns(diff, options);
  for (std::string& cell : facts[2].cells) cell = fmt::format("{} {}", glyphs(options.unicode).arrow, cell);
  add_grid(out, std::move(facts), options, false);
  for (const std::string& text : conclusions(diff, options)) out += fmt::format("  {}\n", text);
  return out;
}

std::string render_diff_markdown(const Diff& diff, const RenderOptions& options, std::size_t most) {
  std::string out = fmt::format("**A** {}\n**B** {}\n", markdown_escaped(head_of(*diff.a.model, true)),
                                markdown_escaped(head_of(*diff.b.model, true)));
  RenderOptions in_unicode = options;
  in_unicode.unicode = true;
  const std::vector<GridColumn> columns = columns_by_name(diff, in_unicode, most);  // a mark would be a list
  if (!columns[0].cells.empty()) {
    out += '\n';
    add_markdown_table(out, columns, true);
  }
  if (const std::string more = left_out(diff, most); !more.empty()) out += fmt::format("\n{}\n", more);
  if (const std::vector<GridColumn> facts = fact_columns(diff, in_unicode); !facts[0].cells.empty()) {
    out += '\n';
    add_markdown_table(out, facts, false);
  }
  for (const std::string& text : conclusions(diff, in_unicode)) out += fmt::format("\n{}\n", markdown_escaped(text));
  return out;
}

std::string render(const Diff& diff, const RenderOptions& options, std::size_t most) {
  switch (options.format) {
    case RenderFormat::json: return render_diff_json(diff);
    case RenderFormat::markdown: return render_diff_markdown(diff, options, most);
    case RenderFormat::html: return diff_page(diff, options, most);
    default: return render_diff_table(diff, options, most);
  }
}

}  // namespace weigh
