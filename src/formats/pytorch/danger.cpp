#include "formats/pytorch/danger.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "formats/pytorch/python.h"

#include "weigh/error.h"

namespace weigh::pytorch {
namespace {

// Modules of which no model needs anything.
constexpr std::array<std::string_view, 30> kModules = {
    "os",      "posix",     "nt",     "posixpath", "ntpath", "subprocess", "commands",  "popen2",
    "pty",     "sys",       "socket", "ssl",       "http",   "urllib",     "requests",  "ftplib",
    "smtplib", "telnetlib", "pip",    "runpy",     "shutil", "ctypes",     "importlib", "imp",
    "code",    "codeop",    "pdb",    "bdb",       "timeit", "webbrowser"};

constexpr std::array<std::string_view, 9> kBuiltins = {"eval",       "exec",  "execfile",   "compile", "open",
                                                       "__import__", "input", "breakpoint", "globals"};

template <class List>
bool holds(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_dangerous(std::string_view global) {
  std::string_view module = global.substr(0, global.find(' '));
  std::string_view name = global.substr(std::min(module.size() + 1, global.size()));
  if (module == "builtins" || module == "__builtin__") return holds(kBuiltins, name);
  return holds(kModules, module.substr(0, module.find('.')));
}

}  // namespace

void refuse_dangerous(const std::vector<std::string_view>& globals, std::string_view source) {
  for (std::string_view global : globals) {
    if (!is_dangerous(global)) continue;
    throw Error(
        ErrorKind::corrupt, std::string(source),
        fmt::format("the pickle would use '{}' when Python loads it, which no model needs; do not load this file "
                    "(nothing in it was executed)",
                    dotted(global)));
  }
}

}  // namespace weigh::pytorch
