// The table of options, as help, manual page and completions see it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace weigh::cli {

struct OptionRow {
  std::vector<std::string> names;  // "-h", "--help"; "FILE" for what is no option
  std::string argument;            // "N", "table|json"; "" for a flag
  std::string description;

  bool is_option() const { return names.front().starts_with('-'); }
  // Those that it takes, where they are words to choose from: the argument's, between bars.
  std::vector<std::string> words() const;
};

// Of the main job, in the order of --help.
std::vector<OptionRow> option_rows();

inline constexpr std::string_view kAbout = "Tells what a neural network is made of, without loading or executing it.";
struct ExitCodeRow {
  std::string_view code;
  std::string_view description;
};

inline constexpr std::array kExitCodes = {
    ExitCodeRow{"0", "done"},
    ExitCodeRow{"1", "a check failed (--strict, weigh check), or models differ (weigh diff)"},
    ExitCodeRow{"2", "unreadable input or wrong usage"},
};

}  // namespace weigh::cli
