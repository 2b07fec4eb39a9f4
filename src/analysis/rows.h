// Which modules become lines of the table.
#pragma once

#include <cstdint>
#include <vector>

#include "weigh/summary.h"

namespace weigh {

// Fills rows, flat and rows_left_out from the model and the tallies.
void select_rows(Summary& summary, const SummaryOptions& options, std::vector<std::uint64_t> prints);

}  // namespace weigh
