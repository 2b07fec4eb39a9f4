#include "torch/processes/run.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weigh::processes::testing {
namespace {

const char* const kLauncherVariables[] = {"RANK",
                                          "WORLD_SIZE",
                                          "LOCAL_RANK",
                                          "MASTER_ADDR",
                                          "MASTER_PORT",
                                          "TORCHELASTIC_USE_AGENT_STORE",
                                          "TORCHELASTIC_RESTART_COUNT",
                                          "OMPI_COMM_WORLD_RANK",
                                          "OMPI_COMM_WORLD_SIZE",
                                          "OMPI_COMM_WORLD_LOCAL_RANK",
                                          "OMPI_COMM_WORLD_LOCAL_SIZE"};

// Where the processes of a run print.
struct Prints {
  std::string base = ::testing::TempDir() + "weigh_process_" + std::to_string(::getpid()) + "_";
  std::string out(int rank) const { return base + std::to_string(rank) + ".out"; }
  std::string err(int rank) const { return base + std::to_string(rank) + ".err"; }
};

std::map<std::string, std::string> environment_of(const Run& run, int rank, int port) {
  const std::string number = std::to_string(rank);
  const std::string size = std::to_string(run.size);
  std::map<std::string, std::string> made{{"MASTER_PORT", std::to_string(port)}, {"OMP_NUM_THREADS", "1"}};
  if (run.as_mpirun) {
    made.insert({{"OMPI_COMM_WORLD_RANK", number},
                 {"OMPI_COMM_WORLD_SIZE", size},
                 {"OMPI_COMM_WORLD_LOCAL_RANK", number},
                 {"OMPI_COMM_WORLD_LOCAL_SIZE", size}});
  } else {
    made.insert({{"RANK", number}, {"WORLD_SIZE", size}, {"LOCAL_RANK", number}, {"MASTER_ADDR", "127.0.0.1"}});
  }
  for (const auto& [name, value] : run.environment) made[name] = value;
  return made;
}

void redirect(int descriptor, const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(file, descriptor);
}

[[noreturn]] void become(const Run& run, int rank, int port, const Prints& prints) {
  for (const char* name : kLauncherVariables) ::unsetenv(name);
  for (const auto& [name, value] : environment_of(run, rank, port)) {
    if (value.empty()) {
      ::unsetenv(name.c_str());
    } else {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
  redirect(STDOUT_FILENO, prints.out(rank));
  redirect(STDERR_FILENO, prints.err(rank));
  std::vector<char*> arguments = {const_cast<char*>(WEIGH_PROCESS_PROGRAM), const_cast<char*>(run.role.c_str())};
  for (const std::string& argument : run.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execv(WEIGH_PROCESS_PROGRAM, arguments.data());
  ::_exit(127);
}

std::string text_in(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// libtorch has its own to say of sockets that do not answer, in other words in each version.
std::string without_logs(const std::string& text) {
  std::istringstream lines(text);
  std::string kept;
  for (std::string line; std::getline(lines, line);)
    if (line.find("[c10d]") == line.npos && line.find("InitGoogleLogging") == line.npos) kept += line + "\n";
  return kept;
}

using Clock = std::chrono::steady_clock;

// Kills it at the end of the time.
int code_of(pid_t child, Clock::time_point end) {
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (Clock::now() > end) {
      ADD_FAILURE() << "a process hangs";
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Listener::Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  ::listen(socket_, 1);
  socklen_t size = sizeof(address);
  ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

Listener::~Listener() { ::close(socket_); }

int free_port() { return Listener().port(); }

std::vector<Ended> run(const Run& run) {
  const int port = free_port();
  const Prints prints;  // named by this process, not by those that it starts
  std::vector<pid_t> children(static_cast<std::size_t>(run.size), -1);
  for (int rank = 0; rank < run.size; ++rank) {
    if (std::find(run.absent.begin(), run.absent.end(), rank) != run.absent.end()) continue;
    const pid_t child = ::fork();
    if (child == 0) become(run, rank, port, prints);
    children[static_cast<std::size_t>(rank)] = child;
  }
  const auto end = Clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(1000 * run.seconds));
  std::vector<Ended> all(children.size());
  for (int rank = 0; rank < run.size; ++rank) {
    const pid_t child = children[static_cast<std::size_t>(rank)];
    if (child < 0) continue;
    const int code = code_of(child, end);
    all[static_cast<std::size_t>(rank)] = {code, text_in(prints.out(rank)), without_logs(text_in(prints.err(rank)))};
    ::unlink(prints.out(rank).c_str());
    ::unlink(prints.err(rank).c_str());
  }
  return all;
}

}  // namespace weigh::processes::testing
