#include "render/html/picture.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "render/formats.h"
#include "render/html/assets.h"
#include "render/html/escape.h"
#include "render/html/treemap.h"
#include "render/text.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr double kWidth = 1000;
constexpr double kHeight = 520;
constexpr double kHeader = 22;  // of a box that holds others: as in treemap.css
constexpr double kBorder = 2;
constexpr double kLowestHeader = 44;  // boxes lower than this have none
constexpr double kMargin = 6;         // of text
constexpr double kLetter = 6.5;
constexpr double kLine = 16;
constexpr std::size_t kFewestLetters = 3;

struct Place {
  Rectangle shares;  // of what the parent has inside of its border and header, in per cent
  double width = 0;  // in pixels
  double height = 0;
  bool has_header = true;
};

Rectangle inside(const Place& place) {
  const double top = place.has_header ? kHeader : kBorder;
  return {kBorder, top, std::max(place.width - 2 * kBorder, 0.0), std::max(place.height - top - kBorder, 0.0)};
}

std::vector<Place> places(const std::vector<MapBox>& boxes, Area by) {
  std::vector<Place> places(boxes.size());
  places[0] = {{0, 0, 100, 100}, kWidth, kHeight};
  const auto area = [&](std::size_t box) { return boxes[box].areas[static_cast<std::size_t>(by)]; };
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    places[i].has_header = places[i].height >= kLowestHeader;
    std::vector<std::size_t> order = boxes[i].boxes;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return area(a) > area(b); });
    std::vector<double> areas;
    for (const std::size_t box : order) areas.push_back(area(box));
    const Rectangle room = inside(places[i]);
    const std::vector<Rectangle> rectangles = squarify(areas, {0, 0, room.width, room.height});
    for (std::size_t j = 0; j < order.size(); ++j) {
      const Rectangle& r = rectangles[j];
      const auto share = [](double part, double whole) { return whole > 0 ? 100 * part / whole : 0; };
      places[order[j]] = {
          {share(r.x, room.width), share(r.y, room.height), share(r.width, room.width), share(r.height, room.height)},
          r.width,
          r.height};
    }
  }
  return places;
}

// The shortest text of two decimals.
std::string decimal(double number) {
  std::string text = fmt::format("{:.2f}", number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string classes(const MapBox& box, const Place& place) {
  std::string names = box.boxes.empty() ? "box" : place.has_header ? "box holds" : "box holds bare";
  constexpr std::string_view kWays = "dke";
  for (std::size_t i = 0; i < kShades && box.boxes.empty(); ++i) names += {' ', kWays[i], box.shades[i].letter};
  if (!box.is_known) names += " unknown";
  return names;
}

class Elements {
 public:
  explicit Elements(const std::vector<MapBox>& boxes)
      : boxes_(boxes), by_bytes_(places(boxes, Area::bytes)), by_parameters_(places(boxes, Area::parameters)) {}

  std::string text() && {
    std::vector<std::pair<std::size_t, bool>> open = {{0, false}};  // a box, and whether it is to be closed
    while (!open.empty()) {
      const auto [box, is_end] = open.back();
      open.pop_back();
      if (is_end) {
        out_ += "</svg></svg>\n";
        continue;
      }
      begin(box);
      const std::vector<std::size_t>& inner = boxes_[box].boxes;
      if (inner.empty()) {
        out_ += "</svg>\n";
        continue;
      }
      const Rectangle room = inside(by_bytes_[box]);
      out_ += fmt::format("<svg class=\"in\" x=\"{}\" y=\"{}\" width=\"{}%\" height=\"{}%\">\n", decimal(room.x),
                          decimal(room.y), decimal(100 * room.width / std::max(by_bytes_[box].width, 1.0)),
                          decimal(100 * room.height / std::max(by_bytes_[box].height, 1.0)));
      open.emplace_back(box, true);
      for (std::size_t i = inner.size(); i-- > 0;) open.emplace_back(inner[i], false);
    }
    return std::move(out_);
  }

 private:
  void begin(std::size_t index) {
    const MapBox& box = boxes_[index];
    const Rectangle& shares = by_bytes_[index].shares;
    const Rectangle& other = by_parameters_[index].shares;
    out_ += fmt::format(
        "<svg class=\"{}\" x=\"{}%\" y=\"{}%\" width=\"{}%\" height=\"{}%\" data-parameters=\"{} {} {} {}\">"
        "<title>{}</title><rect width=\"100%\" height=\"100%\"/>",
        classes(box, by_bytes_[index]), decimal(shares.x), decimal(shares.y), decimal(shares.width),
        decimal(shares.height), decimal(other.x), decimal(other.y), decimal(other.width), decimal(other.height),
        escaped(box.told));
    if (!box.is_known && box.boxes.empty())
      out_ += "<rect class=\"stripes\" width=\"100%\" height=\"100%\" fill=\"url(#stripes)\"/>";
    label(box, by_bytes_[index]);
  }

  // What has no room now may have it where the page is wider or the box is opened: report.js, fit().
  void label(const MapBox& box, const Place& place) {
    const bool holds = !box.boxes.empty();
    const auto letters = static_cast<std::size_t>(std::max(place.width - 2 * kMargin, 0.0) / kLetter);
    const bool has_line = letters >= kFewestLetters && place.height >= kLine;
    const std::string shown = has_line ? cut_to(box.label, letters, "…") : "";
    out_ += fmt::format("<text class=\"name\" x=\"6\" y=\"15\"{}>{}</text>",
                        shown == box.label ? "" : fmt::format(" data-name=\"{}\"", escaped(box.label)), escaped(shown));
    for (std::size_t area = 0; area < kAreas; ++area) {
      const std::string& size = box.size_texts[area];
      const std::size_t width = display_width(size) + (holds ? display_width(box.label) + 2 : 0);
      const bool has_room = has_line && width <= letters && (holds || place.height >= 2 * kLine);
      out_ += fmt::format("<text class=\"size {}{}\" {}>{}</text>", area == 0 ? "bytes" : "parameters",
                          has_room ? "" : " no", holds ? "x=\"100%\" dx=\"-6\" y=\"15\"" : "x=\"6\" y=\"30\"",
                          escaped(size));
    }
  }

  const std::vector<MapBox>& boxes_;
  std::vector<Place> by_bytes_;
  std::vector<Place> by_parameters_;
  std::string out_;
};

}  // namespace

std::string map_elements(const std::vector<MapBox>& boxes) { return Elements(boxes).text(); }

std::string_view map_patterns() {
  return "<defs><pattern id=\"stripes\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" "
         "patternTransform=\"rotate(45)\"><rect width=\"3\" height=\"8\"/></pattern></defs>";
}

std::vector<LegendEntry> legend(const std::vector<MapBox>& boxes, Shade shade) {
  std::map<char, std::pair<double, std::vector<std::pair<double, std::string_view>>>> found;
  for (const MapBox& box : boxes) {
    const ShadeClass& one = box.shades[static_cast<std::size_t>(shade)];
    if (!box.boxes.empty() || one.name.empty()) continue;
    auto& [all, names] = found[one.letter];
    all += box.areas[0];
    const auto same =
        std::find_if(names.begin(), names.end(), [&](const auto& other) { return other.second == one.name; });
    if (same == names.end())
      names.emplace_back(box.areas[0], one.name);
    else
      same->first += box.areas[0];
  }
  std::vector<std::pair<double, LegendEntry>> entries;
  for (auto& [letter, content] : found) {
    auto& [all, names] = content;
    std::stable_sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::string text;
    for (const auto& [area, name] : names) text += (text.empty() ? "" : ", ") + std::string(name);
    entries.emplace_back(all, LegendEntry{letter, std::move(text)});
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<LegendEntry> legend;
  for (auto& [all, entry] : entries) legend.push_back(std::move(entry));
  return legend;
}

std::string render_svg(const Summary& summary) {
  const std::vector<MapBox> boxes = map_of(summary);
  if (boxes.empty()) {
    throw Error(ErrorKind::usage, summary.model->source,
                "there is nothing to draw: no row has a size, or rows were chosen by --filter or --top");
  }
  const std::string title = escaped(boxes[0].told);
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"{2}\" class=\"map\" data-area=\"bytes\" data-shade=\"d\">\n<style>\n{3}</style>\n{4}\n{5}</svg>\n",
      kWidth, kHeight, title, assets::kTreemapCss, map_patterns(), map_elements(boxes));
}

}  // namespace weigh
