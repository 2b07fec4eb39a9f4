#include "cli/completions.h"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/option_rows.h"

namespace weigh::cli {
namespace {

// `text` with a backslash before each of `special`.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// Within single quotes of a POSIX shell, where nothing escapes.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::vector<OptionRow> options() {
  std::vector<OptionRow> rows = option_rows();
  std::erase_if(rows, [](const OptionRow& row) { return !row.is_option(); });
  return rows;
}

// Options that take words, each with them; those that take other text; all. A '=' is a word of its own to bash. Without
// an answer files are offered, as `complete` says.
constexpr std::string_view kBash = R"(# bash completion for weigh
_weigh() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} words=
  if [[ $current == = ]]; then current=; fi
  if [[ $previous == = ]]; then previous=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  COMPREPLY=()
  case $previous in
{}    completions) words='bash zsh fish' ;;
    {}) compopt +o default +o bashdefault; return ;;
    *) if [[ $current == -* ]]; then words='{}'; fi ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o bashdefault -o default -F _weigh weigh
)";

std::string bash() {
  std::string cases;
  std::vector<std::string> names;
  std::vector<std::string> free;  // take text that nobody can guess
  for (const OptionRow& row : options()) {
    names.insert(names.end(), row.names.begin(), row.names.end());
    if (row.argument.empty()) continue;
    if (const std::vector<std::string> words = row.words(); words.empty()) {
      free.insert(free.end(), row.names.begin(), row.names.end());
    } else {
      cases += fmt::format("    {}) words='{}' ;;\n", fmt::join(row.names, "|"), fmt::join(words, " "));
    }
  }
  return fmt::format(kBash, cases, fmt::join(free, "|"), fmt::join(names, " "));
}

std::string zsh() {
  std::string specs;
  for (const OptionRow& row : options()) {
    std::string action;
    if (const std::vector<std::string> words = row.words(); !words.empty()) {
      action = fmt::format(":word:({})", fmt::join(words, " "));
    } else if (!row.argument.empty()) {
      action = fmt::format(":{}: ", escaped(row.argument, ":"));
    }
    for (const std::string& name : row.names) {
      const bool takes_text = !row.argument.empty();
      specs += fmt::format("    {} \\\n", quoted(fmt::format("{}{}[{}]{}", name, takes_text ? "=" : "",
                                                             escaped(row.description, "[]\\"), action)));
    }
  }
  return fmt::format(R"(#compdef weigh
_weigh() {{
  if [[ $words[2] == completions ]]; then
    _values shell bash zsh fish
    return
  fi
  _arguments \
{}    '*:file:_files'
}}
if [[ $funcstack[1] == _weigh ]]; then _weigh "$@"; else compdef _weigh weigh; fi
)",
                     specs);
}

std::string fish() {
  std::string out = "# fish completion for weigh\n";
  for (const OptionRow& row : options()) {
    out += "complete -c weigh";
    for (const std::string& name : row.names)
      out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!row.argument.empty()) out += " -x";
    if (const std::vector<std::string> words = row.words(); !words.empty())
      out += fmt::format(" -a '{}'", fmt::join(words, " "));
    out += fmt::format(" -d '{}'\n", escaped(row.description, "\\'"));
  }
  return out + "complete -c weigh -n '__fish_seen_subcommand_from completions' -f -a 'bash zsh fish'\n";
}

}  // namespace

std::optional<std::string> completions(std::string_view shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  return std::nullopt;
}

}  // namespace weigh::cli
