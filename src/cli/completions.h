// What completes the command line in a shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weigh::cli {

// The script for "bash", "zsh" or "fish", to be sourced or put where the shell looks for it; nothing for another shell.
std::optional<std::string> completions(std::string_view shell);

}  // namespace weigh::cli
