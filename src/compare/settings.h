// What two models tell beside their tensors.
#pragma once

#include <vector>

#include "weigh/diff.h"

namespace weigh {

// Of their classes and configurations, where both tell it; of optimizer states also where one side has it alone.
std::vector<Setting> differing_settings(const Model& a, const Model& b);

}  // namespace weigh
