// What public bug reports told of this and other tools: what was false there is right here. `make truth` prints the
// share.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "report_cases.h"

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

}  // namespace
}  // namespace weigh::testing
