// What is told of a forward that stops, or that is not to be believed where it goes on all the same: why and where, and
// which numbers are lower bounds for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dry_run/operator.h"

#include "weigh/error.h"
#include "weigh/model.h"

namespace weigh::dry_run {

// The forward asks for what a run without values cannot tell.
class Stopped : public Error {
 public:
  Stopped(const std::string& place, const std::string& message) : Error(ErrorKind::unsupported, place, message) {}
};

// Whether libtorch complains that a tensor has no memory.
bool reads_memory(const c10::Error& error);

class Stop {
 public:
  explicit Stop(std::size_t modules) : was_cut_(modules) {}

  // The first that is told counts: true for it. `in` is the layer whose operator it was, or kNone.
  bool tell(Note note, Index in);
  const std::optional<Note>& note() const { return note_; }
  // The module was running then, or ran behind it, or ended by an exception.
  void cut(Index module) { was_cut_[module] = true; }
  void reach(Index module) {
    if (note_) cut(module);
  }
  // Of a module some of whose calls may not have come to their ends.
  bool is_cut(Index module) const { return module == 0 || was_cut_[module] || module == in_; }

 private:
  std::optional<Note> note_;
  Index in_ = kNone;
  std::vector<bool> was_cut_;
};

// Messages for the note. `behind` is the operator that was called last, or null.
std::string at_operator(const Operator& op, const std::string& why, bool is_exceeded);
std::string at_memory(const Operator* behind);
std::string at_thread(const std::string& operator_name);

}  // namespace weigh::dry_run
