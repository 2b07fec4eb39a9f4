// What public bug reports told of this and other tools: what was false there is right here. `make truth` prints the
// share.
#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "report_cases.h"
#include "support/files.h"

namespace weigh::testing {
namespace {

TEST(Reports, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const ReportCase& one : report_cases()) EXPECT_TRUE(names.insert(one.name).second) << one.name;
  EXPECT_FALSE(names.empty());
  for (const std::string& name : report_cases_not_yet()) EXPECT_TRUE(names.contains(name)) << name;
}

// not_yet.txt names those that are not, and must shrink with each that becomes right.
TEST(Reports, AreRight) {
  const std::vector<std::string> not_yet = report_cases_not_yet();
  for (const ReportCase& one : report_cases()) {
    const Judgement judgement = judge(one);
    const bool is_listed = std::find(not_yet.begin(), not_yet.end(), one.name) != not_yet.end();
    EXPECT_EQ(judgement.verdict != Verdict::right, is_listed)
        << one.section << ": " << one.name << ": " << judgement.why;
  }
}

// What weigh said of the live models of libraries, as tools/truth/models.py found it.
TEST(LiveModels, AreTakenForWhatTheyAre) {
  std::istringstream lines(file("conventions/models.tsv"));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line,
            "library\tversion\tclass\ttype\tverdict\tparameters\tbuffers\tweigh_parameters\tweigh_buffers\treason");
  std::size_t equal = 0;
  while (std::getline(lines, line)) {
    std::istringstream row(line);
    std::array<std::string, 10> cells;
    for (std::string& cell : cells) std::getline(row, cell, '\t');
    const std::string& verdict = cells[4];
    if (verdict == "equal") {
      ++equal;
      EXPECT_EQ(cells[5] + " " + cells[6], cells[7] + " " + cells[8]) << line;
    } else {
      EXPECT_TRUE(verdict == "explained" || verdict == "not built") << line;
      EXPECT_FALSE(cells[9].empty()) << line;
    }
  }
  EXPECT_GT(equal, 0U);
}

}  // namespace
}  // namespace weigh::testing
