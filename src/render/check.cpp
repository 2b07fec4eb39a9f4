#include "render/check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "render/glyphs.h"
#include "render/grid.h"
#include "render/json_writer.h"
#include "render/layout.h"
#include "render/text.h"
#include "render/units.h"

namespace weigh {
namespace {

constexpr std::uint64_t kCheckSchema = 1;
constexpr std::size_t kMostPlaces = 5;

std::string_view color_of(Outcome verdict) {
  switch (verdict) {
    case Outcome::passed: return "\x1b[32m";
    case Outcome::failed: return "\x1b[31m";
    case Outcome::undecided: return "\x1b[33m";
  }
  return "";
}

// "1 of 3 gates failed, 1 undecided"
std::string sum_of(const Checked& one) {
  if (!one.unreadable.empty()) return "cannot be read";
  const std::size_t failures = one.count(Outcome::failed);
  const std::size_t open = one.count(Outcome::undecided);
  const char* const gates = one.findings.size() == 1 ? "gate" : "gates";
  if (failures + open == 0) return fmt::format("{} {} passed", one.findings.size(), gates);
  std::string text = fmt::format("{} of {} {} failed", failures, one.findings.size(), gates);
  if (open > 0) text += fmt::format(", {} undecided", open);
  return text;
}

void add_table(std::string& out, const Checked& one, const RenderOptions& options) {
  out += fmt::format("{}: {}\n", printable(one.source, options.unicode), sum_of(one));
  if (one.findings.empty()) return;
  std::vector<GridColumn> columns = {{"", false, false, {}}, {"", false, false, {}}, {"", false, false, {}}};
  for (const Finding& finding : one.findings) {
    columns[0].cells.emplace_back(name(finding.verdict));
    columns[1].cells.push_back(finding.rule);
    columns[2].cells.push_back(printable(told(finding), options.unicode));
  }
  out += '\n';
  fit(columns, options.width > kIndent ? options.width - kIndent : 0, glyphs(options.unicode).ellipsis);
  std::size_t row = 0;
  for_each_line(columns, [&](std::string_view line) {
    if (row++ == 0) return;
    const bool is_colored = options.color;
    out.append(kIndent, ' ').append(is_colored ? color_of(one.findings[row - 2].verdict) : "").append(line);
    out.append(is_colored ? kPlain : "") += '\n';
  });
}

void add_json(JsonWriter& json, const Checked& one) {
  json.begin_object();
  json.member("source", one.source);
  json.member("passed", one.passed());
  json.member("unreadable", one.unreadable.empty() ? std::nullopt : std::optional<std::string_view>(one.unreadable));
  json.key("findings");
  json.begin_array();
  for (const Finding& finding : one.findings) {
    json.begin_object(true);
    json.member("rule", finding.rule);
    json.member("verdict", name(finding.verdict));
    json.member("message", finding.message);
    json.key("places");
    json.begin_array(true);
    for (const std::string& place : finding.places) json.value(place);
    json.end_array();
    json.member("all_places", finding.all_places);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

// Of a message and of a property: GitHub's toolkit, packages/core/src/command.ts.
std::string github_escaped(std::string_view text, bool is_property) {
  std::string out;
  for (const char c : text) {
    const bool is_special = c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','));
    out += is_special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

void add_github(std::string& out, const Checked& one, std::string_view level, std::string_view rule,
                std::string_view message) {
  out += fmt::format("::{} file={},title={}::{}\n", level, github_escaped(printable(one.source), true),
                     github_escaped(rule, true), github_escaped(printable(message), false));
}

}  // namespace

std::string told(const Finding& finding) {
  if (finding.places.empty()) return finding.message;
  const std::size_t shown = std::min(finding.places.size(), kMostPlaces);
  std::string text =
      fmt::format("{}: {}", finding.message,
                  fmt::join(finding.places.begin(), finding.places.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (finding.all_places > shown) text += fmt::format(" and {} more", with_commas(finding.all_places - shown));
  return text;
}

std::string_view purpose_of(std::string_view rule) {
  for (const Rule& one : rules())
    if (one.id == rule) return one.purpose;
  return "";
}

std::string render_check_table(std::span<const Checked> checked, const RenderOptions& options) {
  std::string out;
  for (const Checked& one : checked) {
    if (!out.empty()) out += '\n';
    add_table(out, one, options);
  }
  return out;
}

std::string render_check_json(std::span<const Checked> checked) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("schema", kCheckSchema);
  json.member("passed", std::all_of(checked.begin(), checked.end(), [](auto& one) { return one.passed(); }));
  json.key("models");
  json.begin_array();
  for (const Checked& one : checked) add_json(json, one);
  json.end_array();
  json.end_object();
  return out + "\n";
}

std::string render_github(std::span<const Checked> checked) {
  std::string out;
  for (const Checked& one : checked) {
    if (!one.unreadable.empty()) add_github(out, one, "error", "unreadable", one.unreadable);
    for (const Finding& finding : one.findings)
      if (finding.verdict != Outcome::passed)
        add_github(out, one, "error", finding.rule,
                   finding.verdict == Outcome::undecided ? "undecided: " + told(finding) : told(finding));
  }
  return out;
}

std::string render(std::span<const Checked> checked, CheckFormat format, const RenderOptions& options) {
  switch (format) {
    case CheckFormat::table: return render_check_table(checked, options);
    case CheckFormat::json: return render_check_json(checked);
    case CheckFormat::junit: return render_junit(checked);
    case CheckFormat::sarif: return render_sarif(checked);
    case CheckFormat::github: return render_github(checked);
  }
  return "";
}

}  // namespace weigh
