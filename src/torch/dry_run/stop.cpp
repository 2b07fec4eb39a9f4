#include "dry_run/stop.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "dry_run/known_values.h"

namespace weigh::dry_run {
namespace {

constexpr const char* kRemedy = "; Forward::real runs the real forward instead";

}  // namespace

bool reads_memory(const c10::Error& error) {
  return std::string_view(error.what_without_backtrace()).find("its data is not allocated yet") !=
         std::string_view::npos;
}

bool Stop::tell(Note note, Index in) {
  if (note_) return false;
  note_ = std::move(note);
  in_ = in;
  return true;
}

std::string at_operator(const Operator& op, const std::string& why, bool is_exceeded) {
  std::string message = op.name + " " + why;
  if (is_exceeded)
    message += fmt::format(" (of integers, too, where they take more than {} MiB, or {} MiB in a run)",
                           KnownValues::kMostBytes >> 20, KnownValues::kMostBytesOfARun >> 20);
  return message + kRemedy;
}

std::string at_memory(const Operator* behind) {
  return "the forward reads the memory of a tensor, which has none in a dry run" +
         (behind == nullptr ? "" : ", behind " + behind->name) + kRemedy;
}

std::string at_thread(const std::string& operator_name) {
  return "it works on another thread, too (" + operator_name +
         "), where a real forward is not watched; Forward::dry counts that";
}

}  // namespace weigh::dry_run
