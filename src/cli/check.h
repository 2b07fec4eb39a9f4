// The command `weigh check`.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"

namespace weigh::cli {

std::vector<OptionRow> check_options();
int run_check(const std::vector<std::string>& arguments, const Console& console);

}  // namespace weigh::cli
