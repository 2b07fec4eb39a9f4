#include "torch/processes/run.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/process.h"

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

weigh::testing::Start start_of(const Run& run, int rank, int port, const Prints& prints) {
  std::map<std::string, std::string> environment;
  for (const char* name : kLauncherVariables) environment[name] = "";
  for (const auto& [name, value] : environment_of(run, rank, port)) environment[name] = value;
  std::vector<std::string> command = {WEIGH_PROCESS_PROGRAM, run.role};
  command.insert(command.end(), run.arguments.begin(), run.arguments.end());
  return {std::move(command), prints.out(rank), prints.err(rank), std::move(environment)};
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
  std::map<int, weigh::testing::Process> processes;
  for (int rank = 0; rank < run.size; ++rank)
    if (std::find(run.absent.begin(), run.absent.end(), rank) == run.absent.end())
      processes.try_emplace(rank, start_of(run, rank, port, prints));
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(1000 * run.seconds));
  std::vector<Ended> all(static_cast<std::size_t>(run.size));
  for (auto& [rank, process] : processes) {
    const int code = process.code_by(end);
    all[static_cast<std::size_t>(rank)] = {code, text_in(prints.out(rank)), without_logs(text_in(prints.err(rank)))};
    ::unlink(prints.out(rank).c_str());
    ::unlink(prints.err(rank).c_str());
  }
  return all;
}

}  // namespace weigh::processes::testing
