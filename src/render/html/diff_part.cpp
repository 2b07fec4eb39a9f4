#include "render/html/diff_part.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "render/diff_words.h"
#include "render/html/escape.h"
#include "render/html/html_grid.h"
#include "render/html/page.h"

namespace weigh {
namespace {

std::string table(std::string_view label, const std::vector<GridColumn>& columns) {
  if (columns[0].cells.empty()) return "";
  return fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n{}</div>\n", label,
                     html_grid(columns, columns));
}

std::string part_of(const Diff& diff, const RenderOptions& options, std::size_t most) {
  std::string out = "<ul class=\"list\">\n";
  for (const std::string& text : conclusions(diff, options)) out += fmt::format("<li>{}</li>\n", escaped(text));
  if (const std::string more = left_out(diff, most); !more.empty()) out += fmt::format("<li>{}</li>\n", escaped(more));
  out += "</ul>\n";
  out += table("Differences", columns_by_name(diff, options, most));
  std::vector<GridColumn> facts = fact_columns(diff, options);
  facts[0].title = "What";
  return out + table("Totals and settings that differ", facts);
}

}  // namespace

std::string diff_page(const Diff& diff, const RenderOptions& options, std::size_t most) {
  RenderOptions in_unicode = options;
  in_unicode.unicode = true;
  Page page(options, PagePart{"diff", "What differs", part_of(diff, in_unicode, most)});
  SummaryOptions whole;
  whole.depth = -1;
  for (const Model* model : {diff.a.model, diff.b.model}) page.add(summarize(*model, whole));
  return page.text();
}

}  // namespace weigh
