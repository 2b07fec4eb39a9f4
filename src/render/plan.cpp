// A plan: what takes how much memory, and whether that fits.
#include "render/plan.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "render/formats.h"
#include "render/glyphs.h"
#include "render/grid.h"
#include "render/html/escape.h"
#include "render/html/plan_part.h"
#include "render/json_writer.h"
#include "render/layout.h"
#include "render/markup.h"
#include "render/text.h"
#include "render/units.h"

#include "weigh/error.h"

namespace weigh {
namespace {

// Numbers of five digits and more with commas.
std::string easy_to_read(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", i), text.size());
    if (end - i < 5 || end - i > 19) {
      out += text.substr(i, std::max<std::size_t>(end - i, 1));
    } else {
      out += with_commas(std::stoull(std::string(text.substr(i, end - i))));
    }
    i = std::max(end, i + 1);
  }
  return out;
}

}  // namespace

std::vector<GridColumn> columns_of(const Plan& plan, NumberStyle style) {
  std::vector<GridColumn> columns;
  const auto add = [&](std::string title, bool is_number, auto&& cell) {
    GridColumn& column = columns.emplace_back();
    column.title = std::move(title);
    column.right_aligned = is_number;
    for (const PlanLine& line : plan.lines) column.cells.push_back(cell(line));
  };
  add("What", false, [](const PlanLine& line) { return line.what; });
  const auto text = [&](const PlanLine& line, const Count& bytes) {
    return (line.is_at_most ? std::string(glyphs(style.unicode).at_most) + " " : "") + bytes_text(bytes, style);
  };
  add("Memory", true, [&](const PlanLine& line) { return text(line, line.bytes); });
  if (plan.devices > 1) add("On each", true, [&](const PlanLine& line) { return text(line, line.on_each); });
  add("How", false,
      [](const PlanLine& line) { return fmt::format("{} ({})", easy_to_read(line.how), name(line.evidence)); });
  return columns;
}

namespace {

// What is not counted makes a sum a lower bound.
std::string sum_text(const Plan& plan, const Count& sum, NumberStyle style) {
  const std::string text = bytes_text(sum, style);
  const bool is_bound = std::any_of(plan.lines.begin(), plan.lines.end(), [](auto& line) { return line.is_at_most; });
  if (is_bound || plan.not_counted.empty() || !sum.is_exact()) return text;
  return fmt::format("{} {}", glyphs(style.unicode).at_least, text);
}

std::string sum_line(const Plan& plan, NumberStyle style) {
  std::string line = fmt::format("{} to {}", sum_text(plan, plan.bytes, style), plan.train ? "train" : "serve");
  if (plan.devices > 1)
    line += fmt::format(", {} on the fullest of {} devices", sum_text(plan, plan.on_each, style),
                        with_commas(plan.devices));
  return line;
}

std::string machine_text(const Machine& machine, bool unicode) {
  const std::string device = printable(machine.device, unicode);
  return machine.count == 1 ? device : fmt::format("{} {} {}", machine.count, glyphs(unicode).times, device);
}

std::vector<std::string> verdict_lines(const Plan& plan, NumberStyle style) {
  std::vector<std::string> lines;
  if (!plan.verdict) return lines;
  const Verdict& verdict = *plan.verdict;
  const std::string each = verdict.machine.count > 1 ? " on each" : "";
  const std::string machine = machine_text(verdict.machine, style.unicode);
  lines.push_back(
      verdict.fits
          ? fmt::format("fits {}: {} left{} for what is not counted", machine, bytes_text(verdict.left, style), each)
          : fmt::format("does not fit {}: {} too much{}", machine, bytes_text(verdict.lacking, style), each));
  lines.push_back(verdict.devices ? fmt::format("fewest such devices: {}", with_commas(*verdict.devices))
                                  : "no number of such devices holds it, shared in this way");
  if (verdict.context) lines.push_back(fmt::format("longest context: {} tokens", with_commas(*verdict.context)));
  if (verdict.batch) lines.push_back(fmt::format("largest batch: {}", with_commas(*verdict.batch)));
  return lines;
}

}  // namespace

std::vector<std::string> sentences_of(const Plan& plan, NumberStyle style) {
  std::vector<std::string> sentences = {sum_line(plan, style)};
  for (std::string& line : verdict_lines(plan, style)) sentences.push_back(std::move(line));
  for (const std::string& reason : plan.not_counted)
    sentences.push_back(fmt::format("not counted: {}", easy_to_read(reason)));
  return sentences;
}

namespace {

std::string table(const Plan& plan, const RenderOptions& options) {
  const NumberStyle style{options.exact, options.unicode};
  const Glyphs& glyph = glyphs(options.unicode);
  std::vector<GridColumn> columns = columns_of(plan, style);
  fit(columns, options.width > kIndent ? options.width - kIndent : 0, glyph.ellipsis);
  std::string out = fmt::format("{}\n\n", printable(plan.source, options.unicode));
  const std::string indent(kIndent, ' ');
  for (const std::string& line : lines_of(columns)) out += indent + line + "\n";
  out += fmt::format("{}{}{}{}{}\n", indent, glyph.rule, glyph.rule, glyph.rule, glyph.rule);
  for (const std::string& sentence : sentences_of(plan, style)) out += indent + sentence + "\n";
  return out;
}

std::string markdown(const Plan& plan, const RenderOptions& options) {
  const NumberStyle style{options.exact, true};
  std::string out = fmt::format("**{}**\n\n", markdown_escaped(printable(plan.source)));
  add_markdown_table(out, columns_of(plan, style), false);
  const std::vector<std::string> sentences = sentences_of(plan, style);
  out += fmt::format("\n{}\n", markdown_escaped(sentences[0]));
  for (std::size_t i = 1; i < sentences.size(); ++i) out += fmt::format("\n- {}", markdown_escaped(sentences[i]));
  return out + "\n";
}

void write(JsonWriter& json, const Verdict& verdict) {
  json.begin_object();
  json.member("device", verdict.machine.device);
  json.member("device_bytes", verdict.machine.bytes);
  json.member("count", verdict.machine.count);
  json.member("fits", verdict.fits);
  json.member("left", verdict.left);
  json.member("lacking", verdict.lacking);
  json.member("fewest_devices", verdict.devices);
  json.member("longest_context", verdict.context);
  json.member("largest_batch", verdict.batch);
  json.end_object();
}

std::string json_text(const Plan& plan) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("schema", std::uint64_t{1});
  json.member("source", plan.source);
  json.member("purpose", plan.train ? "train" : "serve");
  json.member("devices", plan.devices);
  json.member("bytes", plan.bytes.known());
  json.member("bytes_on_each", plan.on_each.known());
  json.member("exact", plan.is_exact());
  json.key("lines");
  json.begin_array();
  for (const PlanLine& line : plan.lines) {
    json.begin_object();
    json.member("what", line.what);
    json.member("bytes", line.bytes.known());
    json.member("bytes_on_each", line.on_each.known());
    json.member("exact", line.bytes.is_exact() && !line.is_at_most);
    json.member("how", line.how);
    json.member("evidence", name(line.evidence));
    json.end_object();
  }
  json.end_array();
  json.key("not_counted");
  json.begin_array();
  for (const std::string& reason : plan.not_counted) json.value(reason);
  json.end_array();
  json.key("machine");
  plan.verdict ? write(json, *plan.verdict) : json.null();
  json.end_object();
  return out + "\n";
}

}  // namespace

std::string render(const Plan& plan, const RenderOptions& options) {
  switch (options.format) {
    case RenderFormat::table: return table(plan, options);
    case RenderFormat::markdown: return markdown(plan, options);
    case RenderFormat::json: return json_text(plan);
    case RenderFormat::html_table:
      return fmt::format("<p>{}</p>\n{}", escaped(printable(plan.source)), plan_part(plan, options));
    default: throw Error(ErrorKind::usage, "", "a plan is a table, Markdown, JSON or a table of HTML");
  }
}

}  // namespace weigh
