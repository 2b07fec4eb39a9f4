// A plan as columns and sentences, for all that show one.
#pragma once

#include <string>
#include <vector>

#include "render/grid.h"
#include "render/units.h"

#include "weigh/plan.h"

namespace weigh {

std::vector<GridColumn> columns_of(const Plan& plan, NumberStyle style);

// The sum; whether it fits; what is not counted.
std::vector<std::string> sentences_of(const Plan& plan, NumberStyle style);

}  // namespace weigh
