// JUnit XML, as Jenkins and GitLab read it: a suite for each model, a case for each gate. What is undecided is a
// failure of its own type.
//
//   <testsuites tests="2" failures="1" errors="0">
//     <testsuite name="gat.pt" tests="2" failures="1" errors="0">
//       <testcase classname="gat.pt" name="initialized"><failure type="failed" message="…">…</failure></testcase>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include "render/check.h"
#include "render/html/escape.h"

namespace weigh {
namespace {

std::size_t tests_of(const Checked& one) { return one.unreadable.empty() ? one.findings.size() : 1; }
std::size_t failures_of(const Checked& one) { return one.findings.size() - one.count(Outcome::passed); }
std::size_t errors_of(const Checked& one) { return one.unreadable.empty() ? 0 : 1; }

std::string counts(std::size_t tests, std::size_t failures, std::size_t errors) {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\"", tests, failures, errors);
}

void add_case(std::string& out, const Checked& one, std::string_view rule, std::string_view element,
              std::string_view type, const std::string& message) {
  out += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", escaped(one.source), escaped(rule));
  if (element.empty()) {
    out += "/>\n";
    return;
  }
  out += fmt::format(">\n      <{0} type=\"{1}\" message=\"{2}\">{2}</{0}>\n    </testcase>\n", element, type,
                     escaped(message));
}

}  // namespace

std::string render_junit(std::span<const Checked> checked) {
  const auto sum = [&](auto&& count) {
    return std::accumulate(checked.begin(), checked.end(), std::size_t{0},
                           [&](std::size_t all, const Checked& one) { return all + count(one); });
  };
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"weigh check\" {}>\n", counts(sum(tests_of), sum(failures_of), sum(errors_of)));
  for (const Checked& one : checked) {
    out += fmt::format("  <testsuite name=\"{}\" {}>\n", escaped(one.source),
                       counts(tests_of(one), failures_of(one), errors_of(one)));
    if (!one.unreadable.empty()) add_case(out, one, "readable", "error", "unreadable", one.unreadable);
    for (const Finding& finding : one.findings)
      add_case(out, one, finding.rule, finding.verdict == Outcome::passed ? "" : "failure", name(finding.verdict),
               told(finding));
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace weigh
