#include "processes/launch.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weigh/error.h"

namespace weigh::processes {
namespace {

constexpr const char* kProgram = "/proc/self/exe";

// None is left behind when the program has ended, unless it hangs.
class Children {
 public:
  Children() = default;
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;
  ~Children() {
    constexpr std::chrono::seconds kLongest(10);
    const auto end = std::chrono::steady_clock::now() + kLongest;
    for (const pid_t child : all_)
      while (::waitpid(child, nullptr, WNOHANG) == 0 && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  void add(pid_t child) { all_.push_back(child); }

 private:
  std::vector<pid_t> all_;
};

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool is_bound = ::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(socket);
  if (!is_bound)
    throw Error(ErrorKind::unsupported, "Trainer", "there is no free port for several processes to meet at");
  return ntohs(address.sin_port);
}

std::vector<std::string> arguments_of_this() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_of(int rank) {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable; ++variable)
    if (std::strncmp(*variable, "RANK=", 5) != 0 && std::strncmp(*variable, "LOCAL_RANK=", 11) != 0)
      environment.emplace_back(*variable);
  environment.push_back(fmt::format("RANK={}", rank));
  environment.push_back(fmt::format("LOCAL_RANK={}", rank));
  return environment;
}

}  // namespace

void launch(int size) {
  static Children children;
  ::setenv("WORLD_SIZE", std::to_string(size).c_str(), 1);
  ::setenv("MASTER_ADDR", "127.0.0.1", 1);
  ::setenv("MASTER_PORT", std::to_string(free_port()).c_str(), 1);
  std::vector<std::string> arguments = arguments_of_this();
  for (int rank = 1; rank < size; ++rank) {
    std::vector<std::string> environment = environment_of(rank);
    pid_t child = 0;
    const int failure = ::posix_spawn(&child, kProgram, nullptr, nullptr, pointers_to(arguments).data(),
                                      pointers_to(environment).data());
    if (failure != 0)
      throw Error(ErrorKind::unsupported, "Trainer",
                  fmt::format("process {} of {} cannot be started: {}", rank + 1, size, std::strerror(failure)));
    children.add(child);
  }
  ::setenv("RANK", "0", 1);
  ::setenv("LOCAL_RANK", "0", 1);
}

}  // namespace weigh::processes
