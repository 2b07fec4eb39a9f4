// Cases from public bug reports, in tests/data/reports: files, and what is right of them. What the program says of one
// is right, or less than that but true (a lower bound, nothing where a number is possible), or false.
#pragma once

#include <string>
#include <vector>

#include "support/case_files.h"

namespace weigh::testing {

struct ReportCase {
  std::string section;  // the file that it stands in: "packed"
  std::string name;
  OrderedJson told;
};

std::vector<ReportCase> report_cases();

// Names of those that are not right yet.
std::vector<std::string> report_cases_not_yet();

enum class Verdict { right, less, wrong };

struct Judgement {
  Verdict verdict = Verdict::right;
  std::string why;  // what is not right: "parameters 96 for 2080"
};

Judgement judge(const ReportCase& one);

}  // namespace weigh::testing
