// Prints which share of the cases from bug reports is right, by section, with a line for each that is not. With
// --names: the names alone of those that are not right, as tests/data/reports/not_yet.txt has them. Behind them, which
// share of the live models of libraries was told right when they were asked last: tools/truth/models.py.
#include <array>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "report_cases.h"
#include "support/files.h"

namespace weigh::testing {
namespace {

void print(const std::string& line) { std::fputs((line + "\n").c_str(), stdout); }

void print_names() {
  for (const ReportCase& one : report_cases())
    if (judge(one).verdict != Verdict::right) print(one.name);
}

using Shares = std::array<unsigned, 3>;  // by verdict

std::string told(std::string_view section, const Shares& shares) {
  const unsigned all = shares[0] + shares[1] + shares[2];
  return fmt::format("{:<10} {:>4} of {:<4} right ({:>5.1f}%), {:>3} less but true, {:>3} false", section, shares[0],
                     all, all == 0 ? 0.0 : 100.0 * shares[0] / all, shares[1], shares[2]);
}

// A line for each model that is told otherwise than it is, and its library's share.
void print_models() {
  std::map<std::string, std::map<std::string, unsigned>> libraries;
  std::istringstream lines(file("conventions/models.tsv"));
  std::string line;
  std::getline(lines, line);  // the columns' names
  while (std::getline(lines, line)) {
    std::istringstream row(line);
    std::array<std::string, 5> cells;  // library, version, class, type, verdict
    for (std::string& cell : cells) std::getline(row, cell, '\t');
    ++libraries[cells[0] + " " + cells[1]][cells[4]];
    if (cells[4] == "DIFFERENT") print("false " + line);
  }
  for (auto& [library, verdicts] : libraries) {
    const unsigned all = verdicts["equal"] + verdicts["bound"] + verdicts["explained"] + verdicts["DIFFERENT"];
    print(fmt::format("{:<20} {:>4} of {:<4} live models equal ({:>5.1f}%), {} bounds, {} explained, {} not built",
                      library, verdicts["equal"], all, all == 0 ? 0.0 : 100.0 * verdicts["equal"] / all,
                      verdicts["bound"], verdicts["explained"], verdicts["not built"]));
  }
}

void print_truth() {
  std::map<std::string, Shares> sections;
  Shares whole{};
  for (const ReportCase& one : report_cases()) {
    const Judgement judgement = judge(one);
    const auto verdict = static_cast<std::size_t>(judgement.verdict);
    ++sections[one.section][verdict];
    ++whole[verdict];
    if (judgement.verdict != Verdict::right)
      print(fmt::format("{} {}: {}: {}", judgement.verdict == Verdict::less ? "less " : "false", one.section, one.name,
                        judgement.why));
  }
  print("");
  for (const auto& [section, shares] : sections) print(told(section, shares));
  print(told("all", whole));
  print_models();
}

}  // namespace
}  // namespace weigh::testing

int main(int count, char** arguments) {
  const bool names_only = count > 1 && std::string_view(arguments[1]) == "--names";
  names_only ? weigh::testing::print_names() : weigh::testing::print_truth();
}
