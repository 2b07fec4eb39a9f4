// What a rule checks, and how it is asked for: one text for all doors.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weigh/check.h"

namespace weigh {
namespace {

// `["bf16", "f32"]` of words, `"8B"` of one text; both TOML and Python write them so.
std::string quoted(const Rule& rule) {
  std::vector<std::string> words;
  for (std::string_view rest = rule.example; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    words.push_back(fmt::format("\"{}\"", rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const std::string all = fmt::format("{}", fmt::join(words, ", "));
  return rule.argument == Argument::words ? "[" + all + "]" : all;
}

}  // namespace

std::string explanation(const Rule& rule) {
  const bool is_flag = rule.argument == Argument::none;
  std::string argument(rule.id);
  std::replace(argument.begin(), argument.end(), '-', '_');
  std::string out = fmt::format("{}: {}\n\n", rule.id, rule.purpose);
  const auto add = [&](std::string_view title, const std::string& text) {
    out += fmt::format("  {:<16}   {}\n", title, text);
  };
  add("holds where", std::string(rule.holds));
  add("undecided where", rule.undecided.empty() ? "never" : std::string(rule.undecided));
  add("flag", fmt::format("--{}{}{}", rule.id, is_flag ? "" : " ", rule.example));
  add("weighbridge.toml", fmt::format("[check] {} = {}", rule.id, is_flag ? "true" : quoted(rule)));
  add("Python", fmt::format("weighbridge.check(model, {}={})", argument, is_flag ? "True" : quoted(rule)));
  return out;
}

}  // namespace weigh
