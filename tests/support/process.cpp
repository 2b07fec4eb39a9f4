#include "support/process.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weigh::testing {
namespace {

int code_of(int status) { return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status); }

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (!changes.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : changes)
    if (!value.empty()) all.push_back(name + "=" + value);
  return all;
}

}  // namespace

Ran shell(const std::string& command) {
  Ran ran;
  std::FILE* pipe = popen(("exec 2>&1; " + command).c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    ran.output.append(buffer.data(), got);
  ran.code = code_of(pclose(pipe));
  return ran;
}

Process::Process(const Start& start) {
  std::vector<std::string> command = start.command;
  std::vector<std::string> environment = environment_with(start.environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND;
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, start.output.c_str(), kFlags, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, start.errors.c_str(), kFlags, 0600);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &interrupt);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  EXPECT_EQ(posix_spawn(&id_, command[0].c_str(), &actions, &attributes, pointers(command).data(),
                        pointers(environment).data()),
            0)
      << command[0];
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
}

Process::Process(Process&& other) noexcept
    : id_(other.id_), status_(other.status_), is_over_(std::exchange(other.is_over_, true)) {}

Process::~Process() {
  send(SIGKILL);
  code();
}

void Process::send(int signal) const {
  if (!is_over_) ::kill(id_, signal);
}

bool Process::is_over() {
  if (!is_over_) is_over_ = ::waitpid(id_, &status_, WNOHANG) != 0;
  return is_over_;
}

int Process::code() {
  if (!is_over_) ::waitpid(id_, &status_, 0);
  is_over_ = true;
  return code_of(status_);
}

int Process::code_by(std::chrono::steady_clock::time_point end) {
  while (!is_over()) {
    if (std::chrono::steady_clock::now() > end) {
      ADD_FAILURE() << "a process hangs";
      send(SIGKILL);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return code();
}

}  // namespace weigh::testing
