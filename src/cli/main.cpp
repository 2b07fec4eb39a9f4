#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

#include "cli/memory.h"
#include "cli/run.h"
#include "cli/terminal.h"

namespace {

// A file that shrinks while it is looked at (Source::map_whole, view).
extern "C" void say_file_shrank(int) {
  constexpr std::string_view kMessage = "weigh: a file shrank while it was read; is it being written?\n";
  if (write(STDERR_FILENO, kMessage.data(), kMessage.size()) < 0) std::_Exit(2);
  std::_Exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  namespace cli = weigh::cli;
  cli::prefer_large_pages();
  (void)std::signal(SIGBUS, say_file_shrank);
  const cli::Terminal terminal = cli::describe_terminal([](const char* name) { return std::getenv(name); },
                                                        isatty(STDOUT_FILENO) == 1, cli::window_width());
  cli::Console console;
  console.out = [](std::string_view text) { (void)std::fwrite(text.data(), 1, text.size(), stdout); };
  console.err = [](std::string_view text) {
    (void)std::fflush(stdout);  // on a terminal both come in the order in which they are said
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
  };
  console.read = [](const std::string& path) { return weigh::read(path); };
  console.read_located = [](const std::string& path) {
    weigh::ReadOptions options;
    options.locations = true;
    return weigh::read(path, options);
  };
  console.read_each = [](const std::string& path, const auto& look, const auto& fail) {
    return weigh::read_each(path, {}, look, fail);
  };
  console.color = terminal.color;
  console.unicode = terminal.unicode;
  console.width = terminal.width;
  console.time = cli::source_date([](const char* name) { return std::getenv(name); });
  const int code = cli::run({argv + 1, argv + argc}, console);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    (void)std::fprintf(stderr, "weigh: the output cannot be written: %s\n", std::strerror(errno));
    return cli::kUnusable;
  }
  return code;
}
