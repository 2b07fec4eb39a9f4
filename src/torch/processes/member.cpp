#include "processes/member.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh::processes {
namespace {

constexpr int kMostProcesses = 1 << 20;
constexpr int kPorts = 65535;

struct Names {
  const char* rank;
  const char* size;
  const char* local_rank;
};
constexpr Names kTorchrun = {"RANK", "WORLD_SIZE", "LOCAL_RANK"};
constexpr Names kOpenMpi = {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"};

[[noreturn]] void refuse(const char* name, const std::string& message) {
  throw Error(ErrorKind::usage, name, message + " (Strategy::single does not ask)");
}

int number_in(const Variable& variable, const char* name, int least, int most) {
  const std::string_view text = variable(name);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    refuse(name, fmt::format("is \"{}\" in the environment, which is no number that a launcher would set", text));
  if (number < least || number > most)
    refuse(name, fmt::format("is {} in the environment; it is a number from {} to {}", number, least, most));
  return number;
}

std::string text_in(const Variable& variable, const char* name, const std::string& otherwise) {
  const char* text = variable(name);
  return text && *text ? text : otherwise;
}

bool is_set(const Variable& variable, const char* name) {
  const char* text = variable(name);
  return text && *text;
}

// Two runs of mpirun on one machine do not meet.
std::uint16_t port_of_job(const Variable& variable) {
  constexpr std::size_t kRange = 2000;
  const std::string job = text_in(variable, "PMIX_NAMESPACE", "");
  return static_cast<std::uint16_t>(Member().port + (job.empty() ? 0 : std::hash<std::string>()(job) % kRange));
}

void read_meeting_point(Member& member, const Variable& variable, bool is_mpi) {
  if (is_mpi && !is_set(variable, "MASTER_ADDR") && is_set(variable, "OMPI_COMM_WORLD_LOCAL_SIZE") &&
      number_in(variable, "OMPI_COMM_WORLD_LOCAL_SIZE", 1, kMostProcesses) < member.size)
    refuse("MASTER_ADDR",
           fmt::format("is not set, but mpirun started {} processes on several machines: pass the address of the one "
                       "with rank 0, mpirun -x MASTER_ADDR=…",
                       member.size));
  member.address = text_in(variable, "MASTER_ADDR", member.address);
  if (is_set(variable, "MASTER_PORT")) {
    member.port = static_cast<std::uint16_t>(number_in(variable, "MASTER_PORT", 1, kPorts));
  } else if (is_mpi) {
    member.port = port_of_job(variable);
  }
  // torchrun itself serves the port, in the way of its own version.
  if (text_in(variable, "TORCHELASTIC_USE_AGENT_STORE", "") == "True")
    member.port = static_cast<std::uint16_t>(member.port < kPorts ? member.port + 1 : member.port - 1);
  member.run = text_in(variable, "TORCHELASTIC_RESTART_COUNT", "0");
}

std::optional<Member> member_of(const Variable& variable, const Names& names, bool is_mpi) {
  const bool has_rank = is_set(variable, names.rank);
  if (!has_rank && !is_set(variable, names.size)) return std::nullopt;
  if (has_rank && !is_set(variable, names.size))
    refuse(names.size, fmt::format("is not set in the environment, but {} is {}: a launcher sets both, the number of "
                                   "processes and which of them this one is",
                                   names.rank, variable(names.rank)));
  Member member;
  member.size = number_in(variable, names.size, 1, kMostProcesses);
  if (!has_rank) {
    if (member.size == 1) return std::nullopt;
    refuse(names.rank, fmt::format("is not set in the environment, but {} is {}: a launcher sets both, the number of "
                                   "processes and which of them this one is",
                                   names.size, member.size));
  }
  member.rank = number_in(variable, names.rank, 0, kMostProcesses);
  if (member.rank >= member.size)
    refuse(names.rank,
           fmt::format("is {} in the environment, but {} is {}: ranks begin at 0, so that the last one is {}",
                       member.rank, names.size, member.size, member.size - 1));
  member.local_rank =
      is_set(variable, names.local_rank) ? number_in(variable, names.local_rank, 0, kMostProcesses) : member.rank;
  if (member.size == 1) return std::nullopt;
  read_meeting_point(member, variable, is_mpi);
  return member;
}

}  // namespace

std::optional<Member> member_of(const Variable& variable) {
  if (is_set(variable, kTorchrun.rank) || is_set(variable, kTorchrun.size))
    return member_of(variable, kTorchrun, false);
  return member_of(variable, kOpenMpi, true);
}

std::optional<Member> member_of_environment() {
  return member_of([](const char* name) -> const char* { return std::getenv(name); });
}

bool is_launched() { return std::getenv(kTorchrun.size) != nullptr || std::getenv(kOpenMpi.size) != nullptr; }

}  // namespace weigh::processes
