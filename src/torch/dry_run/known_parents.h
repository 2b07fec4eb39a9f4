#pragma once

#include <vector>

#include "dry_run/live_model.h"

#include "weigh/run.h"

namespace weigh::dry_run {

// What runs of children tell of their parents: that they were reached; of libtorch's own (the layers of a Transformer),
// their inputs and outputs, too. And aliases are as what they are aliases of. `is_complete`: what was not reached is
// not reached by the forward; else nothing is known of it.
void complete_parents(const LiveModel& live, std::vector<Run>& runs, bool is_complete);

}  // namespace weigh::dry_run
