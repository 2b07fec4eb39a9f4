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

// In the order of --help.
std::vector<OptionRow> option_rows();

struct CommandRow {
  std::string_view usage;
  std::string_view description;
};

// What may stand in the place of files. A file that is called so is ./man.
inline constexpr std::array kCommands = {
    CommandRow{"weigh man", "print the manual page: weigh man | man -l -"},
    CommandRow{"weigh completions bash|zsh|fish", "print what completes the command line in that shell"},
};

inline constexpr std::string_view kAbout = "Tells what a neural network is made of, without loading or executing it.";
inline constexpr std::array kExitCodes = {
    CommandRow{"0", "done"},
    CommandRow{"1", "a check failed (--strict)"},
    CommandRow{"2", "unreadable input or wrong usage"},
};

}  // namespace weigh::cli
