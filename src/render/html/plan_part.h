// A plan as a fragment of HTML: a table, and what is said below it.
#pragma once

#include <string>

#include "weigh/plan.h"
#include "weigh/render.h"

namespace weigh {

std::string plan_part(const Plan& plan, const RenderOptions& options);

}  // namespace weigh
