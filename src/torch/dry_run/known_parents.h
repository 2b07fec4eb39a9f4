#pragma once

#include <vector>

#include "dry_run/live_model.h"

#include "weigh/run.h"

namespace weigh::dry_run {

// What runs of children tell of their parents: that they were reached; of libtorch's own (the layers of a Transformer),
// their inputs and outputs, too. And aliases are as what they are aliases of.
void complete_parents(const LiveModel& live, std::vector<Run>& runs);

}  // namespace weigh::dry_run
