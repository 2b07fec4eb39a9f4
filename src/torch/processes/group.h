// The processes of a run, which come to the same meetings in the same order. Nobody waits for one that cannot come:
// what goes wrong in one of them ends the others, too, with a message that names its rank.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "processes/member.h"
#include "processes/wire.h"

#include "weigh/error.h"

namespace weigh::processes {

// What for; every process must be at the same one. Messages name them.
enum class Meeting : std::int64_t {
  none,
  begin,
  parameters,
  buffers,
  loader,
  batch,
  gradients,
  stops,
  metrics,
  number,
  text,
  checkpoint,
  outputs,
  end,
};
const char* text_of(Meeting meeting);

// The others know of it already, or cannot be told.
class GroupError : public Error {
 public:
  using Error::Error;
};

class Group {
 public:
  Group(const Member& member, std::unique_ptr<Wire> wire, std::chrono::milliseconds limit);

  int rank() const { return member_.rank; }
  int size() const { return member_.size; }
  const Member& member() const { return member_; }

  // Waits for all. What each says, by rank. Throws GroupError where one failed, is at another meeting, or gone.
  std::vector<std::int64_t> meet(Meeting meeting, std::int64_t says = 0);
  // Whether one says so.
  bool any(Meeting meeting, bool says);

  // The sum over all, into each.
  void sum(Meeting meeting, torch::Tensor& tensor);
  // What `from` has, into each. Where `like` is not the same in all, they do not have the same tensors.
  void broadcast(Meeting meeting, torch::Tensor& tensor, std::int64_t like = 0);
  std::vector<std::string> gather(Meeting meeting, const std::string& text);
  std::string from_first(Meeting meeting, const std::string& text);

  // This process cannot go on: tells the others at the meeting that they come to next.
  void fail(const std::string& why) noexcept;

 private:
  template <class Function>
  auto carried(Meeting meeting, const Function& function);
  [[noreturn]] void lost(Meeting meeting, std::chrono::milliseconds waited, const std::string& why);
  void check_meetings(const std::vector<torch::Tensor>& heads);
  void hear_failures(Meeting meeting, const std::vector<torch::Tensor>& heads, const std::string& own);
  std::vector<torch::Tensor> exchange(Meeting meeting, std::int64_t says, const std::string& failure);

  Member member_;
  std::unique_ptr<Wire> wire_;
  std::chrono::milliseconds limit_;
  std::string broken_;  // why there are no connections any more
};

}  // namespace weigh::processes
