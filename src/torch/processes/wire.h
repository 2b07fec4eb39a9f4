// What carries tensors between the processes of a run: libtorch's c10d with Gloo. Every function is called by all of
// them, in the same order, and throws what Gloo throws where one is gone or late.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "processes/member.h"

namespace weigh::processes {

class Wire {
 public:
  Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  virtual ~Wire() = default;

  // Of all, by rank; they are alike in size and type.
  virtual std::vector<torch::Tensor> gather(const torch::Tensor& own) = 0;
  virtual void sum(torch::Tensor& tensor) = 0;
  virtual void broadcast(torch::Tensor& tensor, int from) = 0;
  // After something was thrown: cuts the connections, so that nobody waits for this process, and asks which of the
  // others noticed. The ranks of those that did not.
  virtual std::vector<int> absent() = 0;
};

// Waits for the others to come, for `start` at most, and from then on for `limit` at each call. Throws
// weigh::Error(limit) with the ranks that did not come, and weigh::Error(unsupported) where libtorch's c10d or Gloo was
// not there when this library was built.
std::unique_ptr<Wire> connect(const Member& member, std::chrono::milliseconds start, std::chrono::milliseconds limit);
bool can_connect();

// What connect() does without Gloo.
[[noreturn]] void refuse_to_connect(const Member& member);

// "5 s", "0.5 s"
std::string seconds_text(std::chrono::milliseconds time);

}  // namespace weigh::processes
