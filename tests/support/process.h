// Programs that tests start: a command of a shell with all that it printed, or a process that lives meanwhile.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace weigh::testing {

struct Ran {
  int code = 0;        // -N where signal N ended it
  std::string output;  // of both streams
};

Ran shell(const std::string& command);

struct Start {
  std::vector<std::string> command;
  // Files to whose ends its two streams are added.
  std::string output;
  std::string errors;
  // Beside, or instead of, this process's; "" takes a variable away.
  std::map<std::string, std::string> environment = {};
};

// It goes on while the test does, and is killed with its owner. Ctrl-C (SIGINT) counts for it, also where the tests run
// in the background.
class Process {
 public:
  explicit Process(const Start& start);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  void send(int signal) const;
  bool is_over();
  // Waits. -N where signal N ended it.
  int code();
  // The same; one that goes on for longer is killed, and the test fails.
  int code_by(std::chrono::steady_clock::time_point end);

 private:
  pid_t id_ = -1;
  int status_ = 0;
  bool is_over_ = false;
};

}  // namespace weigh::testing
