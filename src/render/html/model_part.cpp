#include "render/html/model_part.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "render/columns.h"
#include "render/facts.h"
#include "render/formats.h"
#include "render/given.h"
#include "render/html/escape.h"
#include "render/html/html_grid.h"
#include "render/html/map.h"
#include "render/html/picture.h"
#include "render/io_shape.h"
#include "render/text.h"

#include "weigh/limits.h"

namespace weigh {
namespace {

constexpr ReportLimits kLimits = {};
constexpr double kMostOfAll = 0.9;  // of a box that is opened where parts are compared
constexpr std::size_t kMostBars = 10;

struct Told {
  const Summary& summary;
  const Model& model;
  RenderOptions options;
  std::string name;  // escaped
  std::vector<MapBox> boxes;
  std::string out = {};

  NumberStyle style() const { return {options.exact, true}; }

  void paragraph(std::string_view kind, std::string_view text) {
    out += fmt::format("<p class=\"{}\">{}</p>\n", kind, escaped(text));
  }
  void begin_section(std::string_view kind, std::string_view title) {
    out += fmt::format("<section class=\"{}\"><h3>{}</h3>\n", kind, title);
  }
  void end_section() { out += "</section>\n"; }
};

void add_headline(Told& part) {
  std::vector<std::string> texts = headline_texts(part.summary);
  part.out += fmt::format("<header><h2>{}</h2>\n", escaped(texts[0]));
  texts.erase(texts.begin());
  part.paragraph("about", fmt::format("{}", fmt::join(texts, " · ")));
  part.out += "</header>\n";
}

// Facts that begin with a number; what has none belongs to the one before it.
std::vector<Figure> card_facts(const Summary& summary, NumberStyle style) {
  std::vector<Figure> cards;
  for (Figure& fact : total_facts(summary, style)) {
    if (fact.number.empty())
      cards.back().words += ", " + fact.words;
    else
      cards.push_back(std::move(fact));
  }
  const auto add = [&](std::vector<Figure> facts) {
    for (Figure& fact : facts)
      if (!fact.number.empty()) cards.push_back(std::move(fact));
  };
  if (std::optional<Figure> active = active_fact(summary, style)) cards.push_back(*std::move(active));
  add(packed_facts(summary, style));
  add(apart_facts(summary, style));
  return cards;
}

void add_cards(Told& part) {
  const std::vector<Figure> cards = card_facts(part.summary, part.style());
  const std::vector<Figure> exact = card_facts(part.summary, {.exact = true});
  part.out += "<dl class=\"cards\">\n";
  for (std::size_t i = 0; i < cards.size(); ++i) {
    part.out += fmt::format("<div><dt>{}</dt><dd>{}</dd>", escaped(cards[i].words.empty() ? "size" : cards[i].words),
                            escaped(cards[i].number));
    if (exact[i].number != cards[i].number)
      part.out += fmt::format("<dd class=\"digits\">{}</dd>", escaped(exact[i].number));
    part.out += "</div>\n";
  }
  part.out += "</dl>\n";
}

// What is said in words.
void add_sentences(Told& part) {
  for (const std::string& text : given_texts(part.model)) part.paragraph("said", text);
  for (const Figure& fact : packed_facts(part.summary, part.style()))
    if (fact.number.empty()) part.paragraph("said", fact.words);
  if (const std::string text = cache_text(part.model, part.options.cache, part.style()); !text.empty())
    part.paragraph("said", text);
  for (const std::string& text : section_texts(part.model, part.style())) part.paragraph("said", text);
  if (const std::vector<std::string> texts = metadata_texts(part.model, true); !texts.empty())
    part.paragraph("said", fmt::format("{}", fmt::join(texts, " · ")));
}

void add_uninitialized(Told& part) {
  const std::vector<Index>& all = part.summary.uninitialized;
  if (all.empty()) return;
  part.begin_section("uninitialized", "Not initialised");
  part.paragraph("warm", uninitialized_text(part.summary));
  part.out += "<ul class=\"list\">\n";
  for (std::size_t i = 0; i < std::min(all.size(), kLimits.lines); ++i) {
    const Tensor& tensor = part.model.tensors[all[i]];
    part.out += fmt::format("<li><code>{}</code> {}{}</li>\n", escaped(part.model.path_of(tensor)),
                            escaped(shape_text(part.model, tensor)), tensor.role == Role::buffer ? ", a buffer" : "");
  }
  part.out += "</ul>\n";
  if (all.size() > kLimits.lines)
    part.paragraph("said", fmt::format("{} more", with_commas(all.size() - kLimits.lines)));
  part.paragraph("said", remedy(part.summary));
  part.end_section();
}

// Of two or three ways the first is chosen.
void add_choice(Told& part, std::string_view name, std::string_view title,
                const std::vector<std::pair<std::string_view, std::string_view>>& ways) {
  part.out += fmt::format("<fieldset name=\"{}\"><legend>{}</legend>", name, title);
  for (const auto& [value, text] : ways)
    part.out += fmt::format("<button type=\"button\" value=\"{}\" aria-pressed=\"{}\">{}</button>", value,
                            value == ways[0].first, text);
  part.out += "</fieldset>\n";
}

void add_legend(Told& part, Shade shade, std::string_view value) {
  part.out += fmt::format("<ul class=\"legend\" data-shade=\"{}\"{}>\n", value, shade == Shade::dtype ? "" : " hidden");
  const auto swatch = [&](std::string_view inner, std::string_view text) {
    part.out += fmt::format("<li><svg class=\"map\" width=\"14\" height=\"14\" aria-hidden=\"true\">{}</svg>{}</li>\n",
                            inner, text);
  };
  for (const LegendEntry& entry : legend(part.boxes, shade))
    swatch(fmt::format("<rect class=\"s{}\" width=\"14\" height=\"14\"/>", entry.letter), escaped(entry.names));
  if (std::any_of(part.boxes.begin(), part.boxes.end(), [](const MapBox& box) { return !box.is_known; }))
    swatch("<svg class=\"box unknown\"><rect class=\"stripes\" width=\"14\" height=\"14\"/></svg>",
           "size not known: the area says nothing");
  part.out += "</ul>\n";
}

void add_treemap(Told& part) {
  if (part.boxes.size() < 2) return;
  part.begin_section("map-part", "Treemap");
  part.out += "<div class=\"tools\" hidden>\n";
  add_choice(part, "area", "Area", {{"bytes", "bytes"}, {"parameters", "parameters"}});
  add_choice(part, "shade", "Colour", {{"d", "dtype"}, {"k", "kind"}, {"e", "evidence"}});
  part.out += fmt::format(
      "</div>\n<nav class=\"crumbs\" aria-label=\"Path in the treemap of {0}\"></nav>\n"
      "<div class=\"treemap\"><svg class=\"map\" width=\"100%\" height=\"520\" role=\"img\" "
      "aria-label=\"Treemap of {1}\" data-area=\"bytes\" data-shade=\"d\">\n{2}</svg></div>\n<p "
      "class=\"detail\"></p>\n",
      part.name, escaped(part.boxes[0].told), map_elements(part.boxes));
  add_legend(part, Shade::dtype, "d");
  add_legend(part, Shade::kind, "k");
  add_legend(part, Shade::evidence, "e");
  part.end_section();
}

struct Bar {
  std::string name;
  char letter;
  double bytes;
  std::array<std::string, kAreas> texts;
};

void add_bars(Told& part, std::string_view title, const std::vector<Bar>& bars) {
  if (bars.size() < 2) return;
  double all = 0;
  for (const Bar& bar : bars) all += bar.bytes;
  part.out += fmt::format(
      "<table><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">Share</th>"
      "<th scope=\"col\" class=\"num\">Params</th><th scope=\"col\" class=\"num\">Size</th></tr></thead>\n<tbody>\n",
      title);
  for (const Bar& bar : bars) {
    const double share = all > 0 ? 100 * bar.bytes / all : 0;
    part.out += fmt::format(
        "<tr><th scope=\"row\" title=\"{0}\">{0}</th><td><svg class=\"map\" width=\"100%\" height=\"10\" role=\"img\" "
        "aria-label=\"{1:.1f} %\"><rect class=\"s{2}\" width=\"{1:.2f}%\" height=\"10\"/></svg></td>"
        "<td class=\"num\">{3}</td><td class=\"num\">{4}</td></tr>\n",
        escaped(bar.name), share, bar.letter, escaped(bar.texts[1]), escaped(bar.texts[0]));
  }
  part.out += "</tbody></table>\n";
}

char letter_of(const std::vector<MapBox>& boxes, std::string_view dtype) {
  for (const MapBox& box : boxes)
    if (box.shades[0].name == dtype) return box.shades[0].letter;
  return 'x';
}

std::vector<Bar> dtype_bars(const Told& part) {
  std::vector<Bar> bars;
  for (const ElementShare& share : element_shares(part.summary.totals))
    bars.push_back({std::string(share.name),
                    letter_of(part.boxes, share.name),
                    static_cast<double>(share.bytes),
                    {bytes_text(share.bytes, part.style()), total_text(share.elements, part.style())}});
  return bars;
}

// What is at the top; where one box there holds nearly all, what is in it beside the others.
std::vector<Bar> part_bars(const Told& part) {
  std::vector<std::size_t> shown = part.boxes.empty() ? std::vector<std::size_t>() : part.boxes[0].boxes;
  if (!shown.empty() && part.boxes[shown[0]].areas[0] >= kMostOfAll * part.boxes[0].areas[0]) {
    const std::vector<std::size_t>& inner = part.boxes[shown[0]].boxes;
    if (!inner.empty()) shown.erase(shown.begin());
    shown.insert(shown.begin(), inner.begin(), inner.end());
  }
  const auto size = [&](std::size_t box) { return part.boxes[box].areas[0]; };
  std::stable_sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  std::vector<Bar> bars;
  for (std::size_t i = 0; i < std::min(shown.size(), kMostBars); ++i) {
    const MapBox& box = part.boxes[shown[i]];
    bars.push_back({box.label, 'c', box.areas[0], box.size_texts});
  }
  if (shown.size() <= kMostBars) return bars;
  Bar rest = {fmt::format("{} more", shown.size() - kMostBars), 'x', 0, {}};
  double parameters = 0;
  for (std::size_t i = kMostBars; i < shown.size(); ++i) {
    rest.bytes += size(shown[i]);
    parameters += part.boxes[shown[i]].areas[1];
  }
  rest.texts = {human_bytes(static_cast<std::uint64_t>(rest.bytes)), human(static_cast<std::uint64_t>(parameters))};
  bars.push_back(std::move(rest));
  return bars;
}

void add_shares(Told& part) {
  const std::vector<Bar> dtypes = dtype_bars(part);
  const std::vector<Bar> parts = part_bars(part);
  if (dtypes.size() < 2 && parts.size() < 2) return;
  part.begin_section("shares", "Shares of bytes");
  part.out += "<div class=\"bars\">\n";
  add_bars(part, "Dtype", dtypes);
  add_bars(part, "Part", parts);
  part.out += "</div>\n";
  part.end_section();
}

std::string row_attributes(const Summary& summary, std::size_t index) {
  const Row& row = summary.rows[index];
  constexpr std::uint32_t kDeepestIndent = 8;
  return fmt::format(" class=\"d{}{}\" data-depth=\"{}\" data-path=\"{}\"", std::min(row.depth, kDeepestIndent),
                     row.lazy ? " lazy" : "", row.depth, escaped(summary.model->path_of(row.module)));
}

// Names as they stand in the row above; where the rows are no tree, whole.
void name_in_tree(const Summary& summary, GridColumn& names) {
  std::vector<const Row*> above;  // by depth
  for (std::size_t i = 0; i < names.cells.size(); ++i) {
    const Row& row = summary.rows[i];
    above.resize(row.depth, nullptr);
    names.cells[i] = row_label(*summary.model, row, row.depth > 1 ? above[row.depth - 1] : nullptr, true);
    above.push_back(&row);
  }
}

void add_rows(Told& part) {
  const Summary& summary = part.summary;
  if (summary.rows.empty()) return;
  RenderOptions exact = part.options;
  exact.exact = true;
  std::vector<GridColumn> shown = fill_columns(summary, part.options, kLimits.rows);
  std::vector<GridColumn> digits = fill_columns(summary, exact, kLimits.rows);
  const std::vector<std::string>& chosen = part.options.columns;
  if (!summary.flat && (chosen.empty() || chosen[0] == "name")) {
    name_in_tree(summary, shown[0]);
    digits[0].cells = shown[0].cells;
  }
  part.begin_section("rows", "Modules");
  part.out += fmt::format(
      "<p class=\"search\" hidden><label>Search <input type=\"search\" "
      "autocomplete=\"off\"></label><output></output></p>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Modules of {}\">\n",
      part.name);
  part.out += html_grid(shown, digits, [&](std::size_t row) { return row_attributes(summary, row); });
  part.out += "</div>\n";
  const std::size_t left_out = summary.rows_left_out + summary.rows.size() - shown[0].cells.size();
  if (left_out > 0)
    part.paragraph("said", fmt::format("{} more rows; --depth and --filter choose others, --format csv tells all",
                                       with_commas(left_out)));
  part.end_section();
}

void add_notes(Told& part) {
  std::vector<const Note*> notes;
  for (const std::vector<Note>* some : {&part.model.notes, &part.summary.notes})
    for (const Note& note : *some)
      if (note.code != "uninitialized") notes.push_back(&note);
  if (notes.empty()) return;
  part.begin_section("notes", "Notes");
  part.out += "<ul class=\"list\">\n";
  for (std::size_t i = 0; i < std::min(notes.size(), kLimits.lines); ++i) {
    const bool has_place = !notes[i]->place.empty() && notes[i]->place != part.model.source;
    part.out +=
        fmt::format("<li>{}{}</li>\n", has_place ? fmt::format("<code>{}</code> ", escaped(notes[i]->place)) : "",
                    escaped(notes[i]->message));
  }
  part.out += "</ul>\n";
  if (notes.size() > kLimits.lines)
    part.paragraph("said",
                   fmt::format("{} more notes; --format json tells all", with_commas(notes.size() - kLimits.lines)));
  part.end_section();
}

// In the order of the page. What else is known of a model, such as a plan, is one more.
constexpr std::array kParts = {add_headline, add_cards,  add_sentences, add_uninitialized,
                               add_treemap,  add_shares, add_rows,      add_notes};

}  // namespace

std::string model_part(const Summary& summary, const RenderOptions& options) {
  Told part = {summary, *summary.model, options, escaped(headline_texts(summary)[0]), map_of(summary)};
  part.out = fmt::format("<article class=\"model\" aria-label=\"{}\">\n", part.name);
  for (const auto add : kParts) add(part);
  return std::move(part.out) + "</article>\n";
}

}  // namespace weigh
