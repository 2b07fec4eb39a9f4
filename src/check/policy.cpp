#include <algorithm>

#include <fmt/format.h>

#include "check/quantity.h"
#include "check/rule.h"

#include "weigh/error.h"

namespace weigh {
namespace {

[[noreturn]] void refuse(const Rule& rule, std::string_view what) {
  throw Error(ErrorKind::usage, "", fmt::format("'{}' {}", rule.id, what));
}

std::string single(const Rule& rule, const std::vector<std::string>& values) {
  if (values.size() != 1 || values[0].empty()) refuse(rule, fmt::format("takes one value, got {}", values.size()));
  return values[0];
}

std::uint64_t number(const Rule& rule, const std::vector<std::string>& values) {
  const std::string text = single(rule, values);
  const bool is_count = rule.argument == Argument::count;
  const std::optional<std::uint64_t> found = is_count ? count_of(text) : bytes_of(text);
  if (!found)
    refuse(rule, fmt::format("takes a {}, got '{}'",
                             is_count ? "number, such as 350M or 8B" : "size, such as 16GB or 1.5GiB", text));
  return *found;
}

// Whether it is asked for.
bool is_wanted(const Rule& rule, const std::vector<std::string>& values) {
  if (values.empty()) return true;
  const std::string text = single(rule, values);
  if (text != "true" && text != "false") refuse(rule, fmt::format("is true or false, got '{}'", text));
  return text == "true";
}

Gate gate_of(const RuleRow& rule, const std::vector<std::string>& values) {
  Gate gate;
  gate.rule = rule.id;
  switch (rule.argument) {
    case Argument::none: break;
    case Argument::count:
    case Argument::bytes: gate.number = number(rule, values); break;
    case Argument::text: gate.words = {single(rule, values)}; break;
    case Argument::words: gate.words = values; break;
  }
  if (rule.argument == Argument::words && values.empty()) refuse(rule, "takes at least one word, got none");
  for (const std::string& word : gate.words)
    if (const std::string why = rule.refuse == nullptr ? "" : rule.refuse(word); !why.empty()) refuse(rule, why);
  return gate;
}

}  // namespace

void Policy::set(std::string_view rule, const std::vector<std::string>& values) {
  const RuleRow& row = rule_called(rule);
  const bool is_asked_for = row.argument != Argument::none || is_wanted(row, values);
  Gate gate = gate_of(row, values);
  std::erase_if(gates_, [&](const Gate& one) { return one.rule == rule; });
  if (!is_asked_for) return;
  const auto place_of = [](const Gate& one) { return &rule_called(one.rule); };
  const auto behind = std::find_if(gates_.begin(), gates_.end(), [&](const Gate& one) { return place_of(one) > &row; });
  gates_.insert(behind, std::move(gate));
}

std::vector<Finding> check(const Model& model, const Policy& policy,
                           const std::function<Model(const std::string&)>& read) {
  SummaryOptions options;
  options.depth = 0;
  options.fold = false;
  const Summary summary = summarize(model, options);
  std::vector<Finding> findings;
  for (const Gate& gate : policy.gates()) {
    Finding& finding = findings.emplace_back(rule_called(gate.rule).check({model, summary, read}, gate));
    finding.rule = gate.rule;
  }
  return findings;
}

std::size_t Checked::count(Outcome verdict) const {
  return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(),
                                                [&](const Finding& finding) { return finding.verdict == verdict; }));
}

}  // namespace weigh
