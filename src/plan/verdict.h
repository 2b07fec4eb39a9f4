// Whether a plan fits a machine, and what would.
#pragma once

#include "plan/pieces.h"

#include "weigh/plan.h"

namespace weigh {

// A plan without a verdict.
Plan plan_of(const Summary& summary, const Pieces& pieces, const PlanOptions& options);

// Requires: a machine in the options.
Verdict verdict_of(const Plan& plan, const Summary& summary, const Pieces& pieces, const PlanOptions& options);

}  // namespace weigh
