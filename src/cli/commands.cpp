#include "cli/commands.h"

#include <optional>

#include "cli/check.h"
#include "cli/command_line.h"
#include "cli/completions.h"
#include "cli/diff.h"
#include "cli/manual.h"
#include "cli/plan.h"

namespace weigh::cli {
namespace {

int man(const std::vector<std::string>& arguments, const Console& console) {
  if (!arguments.empty())
    return answer({"'weigh man' takes nothing more; a file of this name is ./man", true}, console);
  return answer({manual_page()}, console);
}

int complete(const std::vector<std::string>& arguments, const Console& console) {
  const std::optional<std::string> script = arguments.size() == 1 ? completions(arguments.front()) : std::nullopt;
  if (script) return answer({*script}, console);
  return answer({"'weigh completions SHELL' is for bash, zsh or fish; a file of this name is ./completions", true},
                console);
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> table = {
      {"plan", "weigh plan MODEL", "tell how much memory it takes to serve or train a model", plan_options, run_plan},
      {"diff", "weigh diff A B", "tell what differs between two models", diff_options, run_diff},
      {"check", "weigh check FILE...", "tell whether models are what they should be", check_options, run_check},
      {"man", "weigh man", "print the manual page: weigh man | man -l -", nullptr, man},
      {"completions", "weigh completions bash|zsh|fish", "print what completes the command line in that shell", nullptr,
       complete},
  };
  return table;
}

}  // namespace weigh::cli
