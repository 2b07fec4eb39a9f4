// Code that takes part in a run without being part of the model. All hooks do nothing by default.
//
//   class Timer : public weigh::lightning::Callback {
//     void on_train_epoch_end(weigh::lightning::Trainer& trainer, weigh::lightning::ModuleBase&) override { … }
//   };
//   Trainer trainer({.callbacks = {std::make_shared<Timer>()}});
#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>

#include <torch/torch.h>

#include "weigh/lightning/batch.h"
#include "weigh/lightning/hooks.h"
#include "weigh/lightning/metrics.h"
#include "weigh/torch/weights.h"

namespace weigh::lightning {

class ModuleBase;
class Trainer;

class Callback {
 public:
  Callback() = default;
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  virtual ~Callback() = default;

  virtual void setup(Trainer&, ModuleBase&, Task) {}
  virtual void teardown(Trainer&, ModuleBase&, Task) {}
  virtual void on_fit_start(Trainer&, ModuleBase&) {}
  virtual void on_fit_end(Trainer&, ModuleBase&) {}
  virtual void on_sanity_check_start(Trainer&, ModuleBase&) {}
  virtual void on_sanity_check_end(Trainer&, ModuleBase&) {}
  virtual void on_train_start(Trainer&, ModuleBase&) {}
  virtual void on_train_end(Trainer&, ModuleBase&) {}
  virtual void on_train_epoch_start(Trainer&, ModuleBase&) {}
  virtual void on_train_epoch_end(Trainer&, ModuleBase&) {}
  virtual void on_validation_start(Trainer&, ModuleBase&) {}
  virtual void on_validation_end(Trainer&, ModuleBase&) {}
  virtual void on_validation_epoch_start(Trainer&, ModuleBase&) {}
  virtual void on_validation_epoch_end(Trainer&, ModuleBase&) {}
  virtual void on_test_start(Trainer&, ModuleBase&) {}
  virtual void on_test_end(Trainer&, ModuleBase&) {}
  virtual void on_test_epoch_start(Trainer&, ModuleBase&) {}
  virtual void on_test_epoch_end(Trainer&, ModuleBase&) {}
  virtual void on_predict_start(Trainer&, ModuleBase&) {}
  virtual void on_predict_end(Trainer&, ModuleBase&) {}
  virtual void on_predict_epoch_start(Trainer&, ModuleBase&) {}
  virtual void on_predict_epoch_end(Trainer&, ModuleBase&) {}

  // The batch, its number in the epoch, and at the end what the step returned.
  virtual void on_train_batch_start(Trainer&, ModuleBase&, const AnyBatch&, std::int64_t) {}
  virtual void on_train_batch_end(Trainer&, ModuleBase&, const torch::Tensor&, const AnyBatch&, std::int64_t) {}
  virtual void on_validation_batch_start(Trainer&, ModuleBase&, const AnyBatch&, std::int64_t) {}
  virtual void on_validation_batch_end(Trainer&, ModuleBase&, const torch::Tensor&, const AnyBatch&, std::int64_t) {}
  virtual void on_test_batch_start(Trainer&, ModuleBase&, const AnyBatch&, std::int64_t) {}
  virtual void on_test_batch_end(Trainer&, ModuleBase&, const torch::Tensor&, const AnyBatch&, std::int64_t) {}
  virtual void on_predict_batch_start(Trainer&, ModuleBase&, const AnyBatch&, std::int64_t) {}
  virtual void on_predict_batch_end(Trainer&, ModuleBase&, const torch::Tensor&, const AnyBatch&, std::int64_t) {}

  virtual void on_before_zero_grad(Trainer&, ModuleBase&, torch::optim::Optimizer&) {}
  virtual void on_before_backward(Trainer&, ModuleBase&, const torch::Tensor&) {}
  virtual void on_after_backward(Trainer&, ModuleBase&) {}
  virtual void on_before_optimizer_step(Trainer&, ModuleBase&, torch::optim::Optimizer&) {}

  // Something was thrown; it is thrown on afterwards. No other hook is called.
  virtual void on_exception(Trainer&, ModuleBase&, const std::exception&) {}

  // Numbers to be written down, under a step. For loggers.
  virtual void log_metrics(const Metrics& /*metrics*/, std::int64_t /*step*/) {}

  // Whether it looks at metrics at the end of an epoch, and so comes after the module's hook.
  virtual bool monitors() const { return false; }
  // Whether it saves checkpoints, and so comes after all other callbacks, whose state is saved.
  virtual bool saves_checkpoints() const { return false; }

  // What a checkpoint will hold, tensors by name and facts, to be changed; and what one holds that training goes on
  // from, when the module's own values are loaded.
  virtual void on_save_checkpoint(Trainer&, ModuleBase&, Weights& /*checkpoint*/) {}
  virtual void on_load_checkpoint(Trainer&, ModuleBase&, const Weights& /*checkpoint*/) {}

  // What a checkpoint keeps of it, under a name that is unique among the callbacks; none where it is "".
  virtual std::string state_key() const { return ""; }
  virtual std::map<std::string, std::string> state() const { return {}; }
  virtual void load_state(const std::map<std::string, std::string>& /*state*/) {}
};

}  // namespace weigh::lightning
