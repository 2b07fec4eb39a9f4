// Rows of live models: what bench_dry_runs and bench_graph take, against real forwards and against Lightning and
// torch_geometric in Python where these are installed.
#pragma once

#include <string>

#include "table.h"

namespace weigh::bench {

void live(Table& table, const std::string& python, const std::string& scratch_file);

}  // namespace weigh::bench
