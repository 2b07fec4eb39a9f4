// What a forward amounts to, when it is over: the run of each module, with its costs, and a bound where they may be
// more.
#pragma once

#include <vector>

#include "dry_run/calls.h"
#include "dry_run/charges.h"
#include "dry_run/stop.h"

namespace weigh::dry_run {

// `elsewhere` is what other threads did that is no layer's. Takes the runs out of `calls`.
std::vector<Run> outcome(const Model& model, Calls& calls, const Charges& charges, const Charges::Doubt& elsewhere,
                         const Stop& stop, bool with_backward);

}  // namespace weigh::dry_run
