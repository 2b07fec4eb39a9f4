// Optimisation by hand, for GANs, reinforcement learning, or whatever steps several optimizers: training_step does all.
//
//   Gan() { automatic_optimization = false; }
//   Tensor training_step(Batch& batch, std::int64_t) override {
//     auto generator = optimizer(0), critic = optimizer(1);
//     {
//       const auto toggled = toggle_optimizer(generator);
//       generator.zero_grad();
//       manual_backward(generator_loss(batch));
//       generator.step();
//     }
//     …
//     return {};
//   }
//
// Each step() counts in global_step, as in Lightning: two optimizers make two steps of a batch. Schedulers are stepped
// by lr_scheduler(i).step(0). Gradients are scaled with a GradScaler, and averaged over processes, by manual_backward.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace weigh::lightning {

struct Session;

// One of configure_optimizers().
class LightningOptimizer {
 public:
  LightningOptimizer(Session& session, std::size_t index) : session_(&session), index_(index) {}

  void zero_grad();
  // `closure` computes gradients first, where it is given. Calls the hooks on_before_optimizer_step.
  void step(const std::function<void()>& closure = nullptr);
  torch::optim::Optimizer& optimizer() const;
  std::size_t index() const { return index_; }

 private:
  Session* session_;
  std::size_t index_;
};

// While it lives, parameters that are other optimizers' alone need no gradient.
class ToggledOptimizer {
 public:
  ToggledOptimizer(Session& session, std::size_t index);
  ToggledOptimizer(const ToggledOptimizer&) = delete;
  ToggledOptimizer& operator=(const ToggledOptimizer&) = delete;
  ~ToggledOptimizer();

 private:
  std::vector<torch::Tensor> off_;  // that needed one before
};

}  // namespace weigh::lightning
