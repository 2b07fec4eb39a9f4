// The table on a terminal: what the file is, the tree of modules, the totals, what is not initialised.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "render/columns.h"
#include "render/facts.h"
#include "render/formats.h"
#include "render/given.h"
#include "render/io_shape.h"
#include "render/layout.h"
#include "render/shorten.h"
#include "render/text.h"

#include "weigh/stopped.h"

namespace weigh {
namespace {

constexpr std::size_t kMostListed = 12;  // uninitialised tensors

constexpr std::string_view kYellow = "\x1b[33m";

// Labels with the branches of the tree before them. Rows at depth 1 stand at the left edge.
std::vector<std::string> tree_labels(const Summary& summary, bool unicode) {
  const Glyphs& signs = glyphs(unicode);
  const std::vector<Row>& rows = summary.rows;
  // Whether another row of the same depth follows before the tree goes up: read from the end.
  std::vector<bool> has_sibling(rows.size());
  std::vector<bool> seen;
  for (std::size_t i = rows.size(); i-- > 0;) {
    seen.resize(rows[i].depth + 1);
    has_sibling[i] = seen[rows[i].depth];
    seen[rows[i].depth] = true;
  }
  std::vector<std::string> labels;
  std::vector<std::size_t> open;  // the rows above, by depth
  for (std::size_t i = 0; i < rows.size(); ++i) {
    open.resize(rows[i].depth - 1);
    std::string label;
    for (std::size_t above = 1; above < open.size(); ++above)
      label += has_sibling[open[above]] ? signs.trunk : std::string(signs.trunk == "│ " ? 2 : 3, ' ');
    if (!open.empty()) label += has_sibling[i] ? signs.branch : signs.last_branch;
    const Row* above = open.empty() ? nullptr : &rows[open.back()];
    labels.push_back(label + row_label(*summary.model, rows[i], above, unicode));
    open.push_back(i);
  }
  return labels;
}

class TableText {
 public:
  TableText(const Summary& summary, const RenderOptions& options)
      : summary_(summary),
        model_(*summary.model),
        options_(options),
        style_{options.exact, options.unicode},
        separator_(fmt::format(" {} ", options.unicode ? "·" : "-")) {}

  std::string text() && {
    headline();
    rows();
    totals();
    stopped();
    lines(given_texts(model_, options_.unicode));
    if (const std::string text = adapter_text(summary_, style_); !text.empty()) line(text);
    cache();
    uninitialised();
    sections();
    facts();
    return std::move(out_);
  }

 private:
  // Columns behind the indent; 0: no limit.
  std::size_t room() const { return options_.width > kIndent ? options_.width - kIndent : 0; }

  std::string shortened(std::string text, std::size_t width) const {
    return width == 0 ? std::move(text) : shorten(text, width, glyphs(options_.unicode).ellipsis);
  }

  void line(std::string_view text, std::string_view color = "") {
    out_.append(text.empty() ? 0 : kIndent, ' ');
    if (!color.empty() && options_.color) out_ += color;
    out_ += room() == 0 ? std::string(text) : cut_to(text, room(), glyphs(options_.unicode).ellipsis);
    if (!color.empty() && options_.color) out_ += kPlain;
    out_ += '\n';
  }

  // Parts in a row, in as many lines as it takes.
  void lines(const std::vector<std::string>& parts, std::string_view color = "") {
    for (const std::string& text : broken(parts, room())) line(text, color);
  }

  // The first line is `first` columns wide at most, the others as wide as there is room behind the indent.
  std::vector<std::string> broken(const std::vector<std::string>& parts, std::size_t first) const {
    std::vector<std::string> lines;
    for (const std::string& part : parts) {
      const std::size_t width = lines.size() < 2 ? first : room();
      const bool fits =
          !lines.empty() &&
          (width == 0 || display_width(lines.back()) + display_width(separator_) + display_width(part) <= width);
      if (fits) {
        lines.back() += separator_ + part;
      } else {
        lines.push_back(shortened(part, lines.empty() ? first : room()));
      }
    }
    return lines;
  }

  std::string safe(std::string_view text) const { return printable(text, options_.unicode); }

  void headline() {
    const std::string text =
        fmt::format("{}", fmt::join(broken(headline_texts(summary_, options_.unicode), options_.width), "\n  "));
    out_ += options_.color ? fmt::format("{}{}{}\n\n", kBold, text, kPlain) : text + "\n\n";
  }

  void rows() {
    if (summary_.rows.empty()) return;
    std::vector<GridColumn> columns = fill_columns(summary_, options_);
    const bool begins_with_name = options_.columns.empty() || options_.columns.front() == "name";
    if (begins_with_name && !summary_.flat) columns[0].cells = tree_labels(summary_, options_.unicode);
    fit(columns, room(), glyphs(options_.unicode).ellipsis);
    const std::vector<std::string> lines = lines_of(columns);
    for (std::size_t i = 0; i < lines.size(); ++i)
      line(lines[i], i == 0 ? kBold : summary_.rows[i - 1].lazy ? kYellow : "");
    if (summary_.rows_left_out > 0) line(fmt::format("{} more rows", with_commas(summary_.rows_left_out)));
    line("");
  }

  void totals() {
    std::vector<std::string> parts;
    for (const Figure& fact : total_facts(summary_, style_)) parts.push_back(fact.text());
    lines(parts, kBold);
    if (const std::optional<Figure> active = active_fact(summary_, style_)) line(active->text());
    parts.clear();
    for (const Figure& fact : packed_facts(summary_, style_)) parts.push_back(fact.text());
    lines(parts);
    for (const Figure& fact : apart_facts(summary_, style_)) line(fact.text());
    dtypes();
  }

  void dtypes() {
    const Totals& totals = summary_.totals;
    if (totals.by_dtype.size() + totals.by_scheme.size() < 2) return;
    std::vector<std::string> parts;
    for (const ElementShare& share : element_shares(totals))
      parts.push_back(
          fmt::format("{} {} ({})", share.name, total_text(share.elements, style_), bytes_text(share.bytes, style_)));
    lines(parts);
  }

  void cache() {
    if (const std::string text = cache_text(model_, options_.cache, style_); !text.empty()) line(text);
  }

  // Where and why a forward did not come to its end, and what to do.
  void stopped() {
    for (const Note& note : model_.notes)
      if (tells_a_stop(note))
        sentence(fmt::format("the forward stopped in {}: {}", safe(note.place), safe(note.message)));
  }

  // Broken between words, in as many lines as it takes.
  void sentence(std::string_view text) {
    std::string line_so_far;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find(' ', begin), text.size());
      const std::string_view word = text.substr(begin, end - begin);
      if (!line_so_far.empty() && room() != 0 && display_width(line_so_far) + 1 + display_width(word) > room())
        line(std::exchange(line_so_far, ""), kYellow);
      line_so_far.append(line_so_far.empty() ? "" : " ").append(word);
      begin = end + 1;
    }
    line(line_so_far, kYellow);
  }

  void uninitialised() {
    const std::size_t all = summary_.uninitialized.size();
    if (all == 0) return;
    line("");
    line(uninitialized_text(summary_), kYellow);
    const std::size_t listed = std::min(all, kMostListed);
    list_tensors(
        {summary_.uninitialized.begin(), summary_.uninitialized.begin() + static_cast<std::ptrdiff_t>(listed)});
    if (all > listed)
      line(fmt::format("  and {} more; {} lists them all", all - listed, model_.is_live ? "JSON" : "--format json"));
    line(remedy(summary_));
  }

  // Paths with their shapes beside them; below them, where there is no room.
  void list_tensors(const std::vector<Index>& tensors) {
    std::vector<std::pair<std::string, std::string>> listed;
    std::size_t widest = 0;
    std::size_t widest_shape = 0;
    for (const Index index : tensors) {
      const Tensor& tensor = model_.tensors[index];
      listed.emplace_back(safe(model_.path_of(tensor)), shape_and_more(tensor));
      widest = std::max(widest, display_width(listed.back().first));
      widest_shape = std::max(widest_shape, display_width(listed.back().second));
    }
    const bool fits = room() == 0 || kIndent + widest + 3 + widest_shape <= room();
    for (const auto& [path, shape] : listed) {
      if (fits) {
        line(fmt::format("  {}   {}", pad_right(path, widest), shape));
      } else {
        line("  " + shortened(path, room() - std::min(room() - 1, kIndent)));
        line("    " + shape);
      }
    }
  }

  std::string shape_and_more(const Tensor& tensor) const {
    return fmt::format("{}{}{}", shape_text(model_, tensor, style_.unicode),
                       tensor.role == Role::buffer ? "   buffer" : "",
                       tensor.tied_to == kNone ? "" : "   = " + safe(model_.path_of(model_.tensors[tensor.tied_to])));
  }

  void sections() {
    const std::vector<std::string> texts = section_texts(model_, style_);
    if (!texts.empty()) line("");
    for (const std::string& text : texts) line(text);
  }

  void facts() {
    const std::vector<std::string> texts = metadata_texts(model_, options_.unicode);
    if (!texts.empty()) line("");
    lines(texts);
  }

  const Summary& summary_;
  const Model& model_;
  const RenderOptions& options_;
  NumberStyle style_;
  std::string separator_;
  std::string out_;
};

}  // namespace

std::string render_table(const Summary& summary, const RenderOptions& options) {
  return TableText(summary, options).text();
}

}  // namespace weigh
