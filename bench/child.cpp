// This program must stay small: Linux counts the memory of the process that starts another into that one's peak.
#include "child.h"

#include <chrono>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weigh::bench {
namespace {

struct Ended {
  Usage usage;
  int status = 0;
};

// posix_spawn costs the same for each program, and less than fork, which copies page tables.
Ended run_to_end(const Command& command, const std::string& output, bool errors_are_seen) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (!errors_are_seen) posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);

  Ended ended;
  rusage resources{};
  pid_t child = 0;
  const auto begin = std::chrono::steady_clock::now();
  const int error = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  const bool waited = error == 0 && wait4(child, &ended.status, 0, &resources) == child;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  posix_spawn_file_actions_destroy(&actions);
  if (!waited) throw std::runtime_error(fmt::format("{} cannot be run: {}", command[0], std::strerror(error)));
  ended.usage = {seconds.count(), static_cast<std::uint64_t>(resources.ru_maxrss) * 1024};
  return ended;
}

}  // namespace

Usage run(const Command& command, const std::string& output) {
  const Ended ended = run_to_end(command, output, true);
  if (ended.status != 0)
    throw std::runtime_error(fmt::format("'{}' ends with {}", fmt::join(command, " "),
                                         WIFEXITED(ended.status) ? WEXITSTATUS(ended.status) : ended.status));
  return ended.usage;
}

bool succeeds(const Command& command) {
  try {
    return run_to_end(command, "/dev/null", false).status == 0;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace weigh::bench
