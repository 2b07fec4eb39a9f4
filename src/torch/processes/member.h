// Which of the processes of a run this one is, as torchrun or mpirun tells it.
//
//   torchrun   RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT
//   mpirun     OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK, and MASTER_ADDR where they are on several machines
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace weigh::processes {

struct Member {
  int rank = 0;
  int size = 1;
  int local_rank = 0;                 // among those of this machine
  std::string address = "127.0.0.1";  // where rank 0 waits for the others
  std::uint16_t port = 29500;
  std::string run;  // names this start of the run, where a launcher starts it again
};

// The value of an environment variable; null where it is not set.
using Variable = std::function<const char*(const char* name)>;

// Nothing where no launcher says that there are several. Throws weigh::Error(usage) where it says only half of it.
std::optional<Member> member_of(const Variable& variable);
std::optional<Member> member_of_environment();
// Whether one says anything, be it that there is one process.
bool is_launched();

}  // namespace weigh::processes
