// One forward of a module that is watched, from the snapshot before it to the model after it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "dry_run/live_model.h"
#include "nn/observer.h"

#include "weigh/error.h"
#include "weigh/torch/describe.h"
#include "weigh/torch/lazy_module.h"

namespace weigh::dry_run {

class ForwardRun {
 public:
  // A lazy layer, and what its tensors became.
  struct Initialised {
    torch::nn::Module* module;
    std::map<std::string, nn::FixedTensor> tensors;
  };

  explicit ForwardRun(torch::nn::Module& root);
  explicit ForwardRun(const torch::jit::Module& root);

  // Fills the runs of the model, and the shapes of tensors that have none. Everything is put back, also where it
  // throws, which it does as describe() says.
  void watch(const std::vector<c10::IValue>& inputs, const std::function<c10::IValue()>& forward,
             const DescribeOptions& options);
  // The same, of whatever `run` does with the model.
  void watch(const std::vector<c10::IValue>& inputs, const std::function<void(class Observation&)>& run,
             const DescribeOptions& options);

  LiveModel& live() { return live_; }
  // Layers that got their shapes, in the order in which they would initialise.
  const std::vector<Initialised>& initialised() const { return initialised_; }
  // Whether the forward came to its end.
  bool is_complete() const { return is_complete_; }

 private:
  bool watch_once(const std::vector<c10::IValue>& inputs, const std::function<void(class Observation&)>& run,
                  const DescribeOptions& options, bool with_autograd);
  void fail(class Observation& observation, ErrorKind kind, const std::string& what,
            const std::vector<c10::IValue>& inputs, const DescribeOptions& options);
  void conclude(class Observation& observation);
  void note_initialised(const class Observation& observation);
  void fill_shapes(const class Observation& observation);

  torch::nn::Module* root_ = nullptr;  // null for TorchScript
  LiveModel live_;
  std::vector<torch::nn::Module*> modules_;
  std::vector<Initialised> initialised_;
  bool is_complete_ = false;
};

}  // namespace weigh::dry_run
