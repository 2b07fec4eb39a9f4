#include "render/html/page.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "render/facts.h"
#include "render/formats.h"
#include "render/html/assets.h"
#include "render/html/escape.h"
#include "render/html/html_grid.h"
#include "render/html/model_part.h"
#include "render/html/picture.h"
#include "render/units.h"

#include "weigh/limits.h"
#include "weigh/version.h"

namespace weigh {
namespace {

using Values = std::vector<std::pair<std::string_view, std::string_view>>;

// Puts values in the place of their names, "{{title}}". What a value holds is not looked at again.
std::string filled(std::string_view text, const Values& values) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t place = std::min(text.find("{{", begin), text.size());
    out += text.substr(begin, place - begin);
    if (place == text.size()) break;
    const std::size_t end = text.find("}}", place);
    const std::string_view name = text.substr(place + 2, end - place - 2);
    for (const auto& [key, value] : values)
      if (key == name) out += value;
    begin = end + 2;
  }
  return out;
}

// What was asked stands behind the head of a model's part, before all else.
std::string with_part(std::string part, const std::string& asked) {
  constexpr std::string_view kHead = "</header>\n";
  return asked.empty() ? part : part.insert(part.find(kHead) + kHead.size(), asked);
}

// Its headings one level up. What a file says holds no "<".
std::string raised(std::string part) {
  for (std::size_t at = part.find("<h"); at != std::string::npos; at = part.find("<h", at + 1))
    if (part[at + 2] >= '2' && part[at + 2] <= '3') --part[at + 2];
  for (std::size_t at = part.find("</h"); at != std::string::npos; at = part.find("</h", at + 1))
    if (part[at + 3] >= '2' && part[at + 3] <= '3') --part[at + 3];
  return part;
}

}  // namespace

Page::Page(const RenderOptions& options, std::optional<PagePart> asked) : options_(options), asked_(std::move(asked)) {
  options_.width = 0;
  options_.unicode = true;
}

std::function<void()> Page::prepare(const Summary& summary) {
  return [this, line = listed(summary, headline_texts(summary)[0]), part = model_part(summary, options_)]() mutable {
    listing_.models.push_back(std::move(line));
    if (parts_.size() < ReportLimits().models) parts_.push_back(std::move(part));
  };
}

std::string Page::asked(int heading) const {
  if (!asked_) return "";
  return fmt::format("<section class=\"{0}\"><h{1}>{2}</h{1}>\n{3}</section>\n", asked_->kind, heading, asked_->title,
                     asked_->html);
}

std::string Page::text() const {
  const bool is_one = listing_.models.size() == 1;
  const std::string title =
      is_one ? listing_.models[0].name : fmt::format("{} models", with_commas(listing_.models.size()));
  std::string body =
      fmt::format("<svg class=\"map defs\" width=\"0\" height=\"0\" aria-hidden=\"true\">{}</svg>\n", map_patterns());
  if (is_one) {
    body += raised(with_part(parts_[0], asked(3)));
  } else {
    RenderOptions exact = options_;
    exact.exact = true;
    body += fmt::format(
        "<h1>{}</h1>\n<section class=\"compared\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"All models\">\n{}</div></section>\n{}<div class=\"models\">\n",
        title, html_grid(listing_columns(listing_, options_), listing_columns(listing_, exact)), asked(2));
    for (const std::string& part : parts_) body += part;
    body += "</div>\n";
  }
  const std::string generator = fmt::format("weigh {}", version());
  return filled(assets::kPageHtml, {{"style-hash", assets::kStyleHash},
                                    {"script-hash", assets::kReportJsHash},
                                    {"generator", generator},
                                    {"title", escaped(title)},
                                    {"style", assets::kStyle},
                                    {"script", assets::kReportJs},
                                    {"body", body}});
}

}  // namespace weigh
