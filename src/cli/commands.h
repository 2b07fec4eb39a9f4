// Commands beside the main job: `weigh man`. A file that is called like one is ./man.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/option_rows.h"
#include "cli/run.h"

namespace weigh::cli {

struct Command {
  std::string_view name;
  std::string_view usage;
  std::string_view description;
  std::vector<OptionRow> (*options)();  // nullptr: it has none
  // Takes what stands behind its name, and gives the exit code.
  int (*run)(const std::vector<std::string>& arguments, const Console& console);
};

// In the order of --help.
const std::vector<Command>& commands();

}  // namespace weigh::cli
