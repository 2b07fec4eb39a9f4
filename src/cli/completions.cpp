#include "cli/completions.h"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.h"

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

// The main job, whose name is "", and the commands, each with its options.
struct Job {
  std::string_view name;
  std::vector<OptionRow> options;
};

std::vector<Job> jobs() {
  std::vector<Job> jobs = {{"", option_rows()}};
  for (const Command& command : commands())
    if (command.options != nullptr) jobs.push_back({command.name, command.options()});
  for (Job& job : jobs) std::erase_if(job.options, [](const OptionRow& row) { return !row.is_option(); });
  return jobs;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  return names;
}

// What is completed is told by the command and the word before, with a '/' between them. Options that take words, each
// with them; those that take other text; all. A '=' is a word of its own to bash. Without an answer files are offered,
// as `complete` says.
constexpr std::string_view kBash = R"(# bash completion for weigh
_weigh() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command= words=
  if [[ $current == = ]]; then current=; fi
  if [[ $previous == = ]]; then previous=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  COMPREPLY=()
  if [[ $COMP_CWORD == 1 && $current != -* ]]; then
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -W '{0}' -- "$current"; compgen -f -- "$current")
    return
  fi
  case ${{COMP_WORDS[1]}} in {1}) command=${{COMP_WORDS[1]}} ;; esac
  case $command/$previous in
{2}    completions/*) words='bash zsh fish' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o bashdefault -o default -F _weigh weigh
)";

void add_bash_cases(std::string& cases, const Job& job) {
  std::vector<std::string> names;
  std::vector<std::string> free;  // take text that nobody can guess
  for (const OptionRow& row : job.options) {
    names.insert(names.end(), row.names.begin(), row.names.end());
    if (row.argument.empty()) continue;
    const std::vector<std::string> words = row.words();
    std::vector<std::string> patterns;
    for (const std::string& name : row.names) patterns.push_back(fmt::format("{}/{}", job.name, name));
    if (words.empty()) {
      free.insert(free.end(), patterns.begin(), patterns.end());
    } else {
      cases += fmt::format("    {}) words='{}' ;;\n", fmt::join(patterns, "|"), fmt::join(words, " "));
    }
  }
  if (!free.empty())
    cases += fmt::format("    {}) compopt +o default +o bashdefault; return ;;\n", fmt::join(free, "|"));
  cases += fmt::format("    {}/*) if [[ $current == -* ]]; then words='{}'; fi ;;\n", job.name, fmt::join(names, " "));
}

std::string bash() {
  std::string cases;
  for (const Job& job : jobs()) add_bash_cases(cases, job);
  return fmt::format(kBash, fmt::join(command_names(), " "), fmt::join(command_names(), "|"), cases);
}

std::string zsh_specs(const Job& job) {
  std::string specs;
  for (const OptionRow& row : job.options) {
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
  return specs;
}

std::string zsh() {
  std::string branches;
  std::string specs;
  for (const Job& job : jobs()) {
    if (job.name.empty()) {
      specs = zsh_specs(job);
    } else {
      branches += fmt::format(
          "  if [[ $words[2] == {0} ]]; then\n    shift words; (( CURRENT-- ))\n    _arguments \\\n{1}"
          "    '*:file:_files'\n    return\n  fi\n",
          job.name, zsh_specs(job));
    }
  }
  return fmt::format(R"(#compdef weigh
_weigh() {{
  if [[ $words[2] == completions ]]; then
    _values shell bash zsh fish
    return
  fi
{0}  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _alternative 'commands:command:({1})' 'files:file:_files'
    return
  fi
  _arguments \
{2}    '*:file:_files'
}}
if [[ $funcstack[1] == _weigh ]]; then _weigh "$@"; else compdef _weigh weigh; fi
)",
                     branches, fmt::join(command_names(), " "), specs);
}

std::string fish() {
  const std::string names = fmt::format("{}", fmt::join(command_names(), " "));
  std::string out = "# fish completion for weigh\n";
  for (const Command& command : commands())
    out += fmt::format("complete -c weigh -n 'test (count (commandline -opc)) -eq 1' -a {} -d '{}'\n", command.name,
                       escaped(command.description, "\\'"));
  for (const Job& job : jobs()) {
    const std::string when = job.name.empty() ? fmt::format("not __fish_seen_subcommand_from {}", names)
                                              : fmt::format("__fish_seen_subcommand_from {}", job.name);
    for (const OptionRow& row : job.options) {
      out += fmt::format("complete -c weigh -n '{}'", when);
      for (const std::string& name : row.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!row.argument.empty()) out += " -x";
      if (const std::vector<std::string> words = row.words(); !words.empty())
        out += fmt::format(" -a '{}'", fmt::join(words, " "));
      out += fmt::format(" -d '{}'\n", escaped(row.description, "\\'"));
    }
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
