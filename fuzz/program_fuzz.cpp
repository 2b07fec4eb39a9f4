// The whole program from memory: the first line holds the arguments, the rest is the file that they may name "m".
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/folder.h"
#include "cli/run.h"
#include "limits.h"

#include "weigh/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> arguments;
  constexpr std::string_view kMark = "#weigh ";
  if (bytes.starts_with(kMark)) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    std::istringstream line(bytes.substr(kMark.size(), end - kMark.size()));
    for (std::string argument; line >> argument;) arguments.push_back(argument);
    bytes.erase(0, std::min(end + 1, bytes.size()));
  }
  arguments.emplace_back("m");

  ReadOptions options;
  options.limits = fuzz::small_limits();
  const auto folder = memory_folder("", {{"m", bytes}});
  bool escaped = false;  // a control character of a file must never reach the terminal
  auto print = [&](std::string_view text) {
    for (char c : text) escaped |= c == '\x1b' || c == '\x07' || c == '\x08';
  };
  cli::Console console;
  console.out = console.err = print;
  console.read = [&](const std::string& path) { return read(*folder, path, options); };
  for (const char* format : {"", "--format=lightning", "--format=json", "--format=csv", "--format=markdown"}) {
    std::vector<std::string> all = arguments;
    if (*format != '\0') all.emplace_back(format);
    const int code = cli::run(all, console);
    if (code < 0 || code > 2) __builtin_trap();
  }
  const bool asked_for_color = bytes.size() < size;  // arguments may hold --color=always
  if (escaped && !asked_for_color) __builtin_trap();
  return 0;
}
