// A forward that is watched: what its operators, its layers and its containers tell becomes the runs of the model.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dry_run/calls.h"
#include "dry_run/charges.h"
#include "dry_run/containers.h"
#include "dry_run/intercept.h"
#include "dry_run/live_model.h"
#include "dry_run/machine.h"
#include "dry_run/memory_guard.h"
#include "dry_run/owners.h"
#include "dry_run/snapshot.h"
#include "dry_run/stop.h"
#include "nn/observer.h"

namespace weigh::dry_run {

class Observation final : public Interceptor, public nn::Observer, public ContainerWatcher, public MemoryGuard::Runner {
 public:
  // A tensor that a lazy layer gave its shape.
  struct Fixed {
    at::Tensor original;
    at::Tensor twin;  // undefined: the layer does without it
    torch::TensorOptions options;
  };

  // `snapshot` is told what is about to change that the run did not make.
  struct Options {
    bool is_dry = true;
    bool with_backward = false;
    bool with_autograd = false;  // the forward asks for gradients itself
  };
  Observation(LiveModel& live, Snapshot& snapshot, const Options& options);
  ~Observation() override;

  void operate(const c10::OperatorHandle& handle, torch::jit::Stack& stack) override;
  bool operate_elsewhere(const c10::OperatorHandle& handle, torch::jit::Stack& stack) override;
  bool operate_below_autograd(const c10::OperatorHandle& handle, torch::jit::Stack& stack) override;

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
  // Where the forward is: "conv1 (Conv2d)".
  std::string place() const;
  // "conv1 (Conv2d), aten::convolution", or behind which operator it is.
  std::string place_of_failure() const override;

  // The forward cannot go on, or not be believed where it does all the same: what it did not reach is unknown. The
  // first to be told counts.
  void stop(const std::string& place, const std::string& message, const char* code = "data-dependent");
  // Stops where the operator reads the memory of a tensor.
  void stop_at_memory();
  const std::optional<Note>& stopped() const { return stop_.note(); }
  const std::vector<torch::nn::Module*>& initialized_layers() const { return initialized_; }
  const std::unordered_map<const c10::TensorImpl*, Fixed>& fixed() const { return fixed_; }

 private:
  struct Entered {
    Index module;
    bool is_again;  // told a second time, by the container and by the layer itself
  };

  void own(const at::Tensor& tensor, Index module);
  void watch_gradients();
  // Whether the operator is none that the forward's own thread runs, layer by layer.
  bool is_beside() const { return is_elsewhere_ || gradients_ > 0; }
  void note_made(const at::Tensor& output, const std::vector<at::Tensor>& inputs);
  Index owner_for(Index module) const;
  bool answer_equal(const Operator& op, torch::jit::Stack& stack);
  // What an operator and its arguments are before it is run.
  struct Call {
    const c10::OperatorHandle& handle;
    const Operator& op;
    bool has_values;
    std::vector<c10::IValue> arguments = {};
  };
  static bool is_composite(const Call& call);
  void run(const Call& call, torch::jit::Stack& stack);
  void remember_written(const Call& call, const torch::jit::Stack& stack);
  void fail(const Operator& op);
  void check_defined(const Call& call, const torch::jit::Stack& stack);
  void count(const Operator& op, const std::vector<c10::IValue>& arguments, const std::vector<at::Tensor>& inputs,
             const std::vector<at::Tensor>& outputs);
  void pass_on(const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& outputs, Index owner);
  [[noreturn]] void stop(const Operator& op, const std::string& why);

  LiveModel& live_;
  Snapshot& snapshot_;
  bool is_dry_;
  bool with_backward_;
  bool with_autograd_;
  Operators operators_;
  Machine machine_;
  Owners owners_;
  Calls calls_;
  Charges charges_;
  std::vector<Entered> entered_;
  std::vector<torch::nn::Module*> initialized_;
  std::unordered_map<const c10::TensorImpl*, Fixed> fixed_;
  std::vector<std::int64_t> attention_widths_;

  // What is done at one time by this thread, and perhaps by one that the forward started.
  mutable std::recursive_mutex mutex_;
  std::atomic<bool> is_operating_ = false;
  bool is_elsewhere_ = false;   // the operator is another thread's
  Charges::Doubt elsewhere_;    // what such operators amount to that are no layer's
  std::uint64_t recorded_ = 0;  // the handle of a callback of libtorch
  int gradients_ = 0;           // within a backward that the forward asked for

  int depth_ = 0;                     // of operators made of operators
  int quiet_ = 0;                     // inside an operator that counts as a whole
  Index owner_ = kNone;               // of the operator that the layer called
  Index last_ = kNone;                // the layer that came last
  std::string failed_in_;             // the operator that threw
  const Operator* behind_ = nullptr;  // the last that a layer called
  Stop stop_;
};

}  // namespace weigh::dry_run
