// Starts several processes of the program beside this file, as a launcher does, and waits for them.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace weigh::processes::testing {

struct Ended {
  int code = 0;         // -N where signal N ended it
  std::string printed;  // standard output
  std::string errors;   // standard error
};

struct Run {
  std::string role;
  int size = 2;
  std::vector<std::string> arguments = {};
  std::map<std::string, std::string> environment = {};  // beside, or instead of, that of torchrun
  std::vector<int> absent = {};                         // ranks that are not started
  bool as_mpirun = false;                               // with the variables of Open MPI
  double seconds = 120;                                 // then they are killed, and the test fails
};

std::vector<Ended> run(const Run& run);

// A port that nobody listens on.
int free_port();

// Listens on a port while it lives.
class Listener {
 public:
  Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
};

}  // namespace weigh::processes::testing
