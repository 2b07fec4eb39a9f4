// The hooks that modules and callbacks have in common, with Lightning's names and in its order:
//
//   setup, on_fit_start, on_sanity_check_start … _end, on_train_start,
//     on_train_epoch_start,
//       on_train_batch_start, [training_step], on_before_zero_grad, on_before_backward, on_after_backward,
//       on_before_optimizer_step, on_train_batch_end, …
//       on_validation_start, on_validation_epoch_start, on_validation_batch_start, [validation_step],
//       on_validation_batch_end, …, on_validation_epoch_end, on_validation_end,
//     on_train_epoch_end, …
//   on_train_end, on_fit_end, teardown
//
// Of each hook, those of the callbacks come first, in their order, then the module's. Callbacks that monitor a metric
// have their on_train_epoch_end after the module's, which may have logged it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <torch/torch.h>

namespace weigh::lightning {

enum class Stage : std::uint8_t { training, validation, test, predict };
// What Trainer was asked to do.
enum class Task : std::uint8_t { fit, validate, test, predict };

// Of a module. Those of batches are LightningModule's, which knows their type.
class ModuleHooks {
 public:
  ModuleHooks() = default;
  ModuleHooks(const ModuleHooks&) = default;
  ModuleHooks& operator=(const ModuleHooks&) = default;
  virtual ~ModuleHooks() = default;

  virtual void setup(Task /*task*/) {}
  virtual void teardown(Task /*task*/) {}
  virtual void on_fit_start() {}
  virtual void on_fit_end() {}
  virtual void on_train_start() {}
  virtual void on_train_end() {}
  virtual void on_train_epoch_start() {}
  virtual void on_train_epoch_end() {}
  virtual void on_validation_start() {}
  virtual void on_validation_end() {}
  virtual void on_validation_epoch_start() {}
  virtual void on_validation_epoch_end() {}
  virtual void on_test_start() {}
  virtual void on_test_end() {}
  virtual void on_test_epoch_start() {}
  virtual void on_test_epoch_end() {}
  virtual void on_predict_start() {}
  virtual void on_predict_end() {}
  virtual void on_predict_epoch_start() {}
  virtual void on_predict_epoch_end() {}

  virtual void on_before_zero_grad(torch::optim::Optimizer& /*optimizer*/) {}
  virtual void on_before_backward(const torch::Tensor& /*loss*/) {}
  virtual void on_after_backward() {}
  // Gradients are not clipped yet.
  virtual void on_before_optimizer_step(torch::optim::Optimizer& /*optimizer*/) {}
};

}  // namespace weigh::lightning
