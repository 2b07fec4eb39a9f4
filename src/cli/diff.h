// The command `weigh diff`.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"

namespace weigh::cli {

std::vector<OptionRow> diff_options();
int run_diff(const std::vector<std::string>& arguments, const Console& console);

}  // namespace weigh::cli
