// `weigh plan MODEL`: how much memory a model takes.
#pragma once

#include <string>
#include <vector>

#include "cli/option_rows.h"
#include "cli/run.h"

namespace weigh::cli {

std::vector<OptionRow> plan_options();
int run_plan(const std::vector<std::string>& arguments, const Console& console);

}  // namespace weigh::cli
