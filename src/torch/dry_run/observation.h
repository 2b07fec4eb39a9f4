// A forward that is watched: what its operators, its layers and its containers tell becomes the runs of the model.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dry_run/calls.h"
#include "dry_run/charges.h"
#include "dry_run/containers.h"
#include "dry_run/intercept.h"
#include "dry_run/live_model.h"
#include "dry_run/machine.h"
#include "dry_run/owners.h"
#include "nn/observer.h"

#include "weigh/error.h"

namespace weigh::dry_run {

// The forward asks for what a run without values cannot tell.
class Stopped : public Error {
 public:
  Stopped(std::string place, const std::string& message)
      : Error(ErrorKind::unsupported, place, message), place_(std::move(place)) {}
  const std::string& place() const { return place_; }

 private:
  std::string place_;
};

// Whether libtorch complains that a tensor has no memory.
bool reads_memory(const c10::Error& error);

class Observation final : public Interceptor, public nn::Observer, public ContainerWatcher {
 public:
  // A tensor that a lazy layer gave its shape.
  struct Fixed {
    at::Tensor original;
    at::Tensor twin;  // undefined: the layer does without it
    torch::TensorOptions options;
  };

  // `before_write` is told of each tensor that a real forward is about to change.
  Observation(LiveModel& live, bool is_dry, bool with_backward, std::function<void(const at::Tensor&)> before_write);

  void operate(const c10::OperatorHandle& handle, torch::jit::Stack& stack) override;

  void enter(torch::nn::Module& module, const std::vector<c10::IValue>& inputs) override;
  void leave(torch::nn::Module& module, const std::vector<c10::IValue>& outputs) override;
  void enter(Index index, const std::vector<c10::IValue>& inputs);
  void leave(Index index, const std::vector<c10::IValue>& outputs);
  void passed(torch::nn::Module& sequential, const std::vector<c10::IValue>& inputs,
              const std::vector<c10::IValue>& outputs) override;

  bool is_dry() const override { return true; }  // also of a real forward: no layer is to initialise
  torch::Tensor twin(const torch::Tensor& uninitialized) const override;
  void fix(const torch::Tensor& uninitialized, torch::IntArrayRef shape, torch::TensorOptions options) override;
  void drop(const torch::Tensor& uninitialized) override;
  bool is_dropped(const torch::Tensor& uninitialized) const override;
  void initialized(torch::nn::Module& module) override { initialized_.push_back(&module); }

  // What stands for an input.
  at::Tensor stand_in(const at::Tensor& input);
  // The runs of the model, once the forward is over.
  std::vector<Run> finish();
  // Where the forward is: "conv1 (Conv2d), aten::convolution".
  std::string place() const;
  std::string place_of_failure() const { return failed_in_.empty() ? place() : failed_in_; }
  const std::vector<torch::nn::Module*>& initialized_layers() const { return initialized_; }
  const std::unordered_map<const c10::TensorImpl*, Fixed>& fixed() const { return fixed_; }

 private:
  struct Entered {
    Index module;
    bool is_again;  // told a second time, by the container and by the layer itself
  };

  void own(const at::Tensor& tensor, Index module);
  Index owner_for(Index module) const;
  bool answer_equal(const Operator& op, torch::jit::Stack& stack);
  void run(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack);
  void count(const Operator& op, const std::vector<c10::IValue>& arguments, const std::vector<at::Tensor>& inputs,
             const std::vector<at::Tensor>& outputs);
  void pass_on(const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& outputs, Index owner);
  [[noreturn]] void stop(const Operator& op, const std::string& why) const;

  LiveModel& live_;
  bool is_dry_;
  bool with_backward_;
  std::function<void(const at::Tensor&)> before_write_;
  Operators operators_;
  Machine machine_;
  Owners owners_;
  Calls calls_;
  Charges charges_;
  std::vector<Entered> entered_;
  std::vector<torch::nn::Module*> initialized_;
  std::unordered_map<const c10::TensorImpl*, Fixed> fixed_;
  std::vector<std::int64_t> attention_widths_;

  int depth_ = 0;          // of operators made of operators
  int quiet_ = 0;          // inside an operator that counts as a whole
  Index owner_ = kNone;    // of the operator that the layer called
  Index last_ = kNone;     // the layer that came last
  std::string failed_in_;  // the operator that threw
};

}  // namespace weigh::dry_run
