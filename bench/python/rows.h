// Rows of the Python package: what weighbridge takes in Python, against Lightning, against PyTorch's fakes alone and
// against the program.
#pragma once

#include <string>

#include "table.h"

namespace weigh::bench {

// `python`: of the venv that has weighbridge; rows are skipped, in words, where there is none. `kimi`: a directory.
void python_rows(Table& table, const std::string& python, const std::string& weigh, const std::string& kimi,
                 const std::string& scratch_file);

}  // namespace weigh::bench
