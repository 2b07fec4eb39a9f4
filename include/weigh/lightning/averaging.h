// Averages of weights while a model is trained: Lightning's WeightAveraging, EMAWeightAveraging and
// StochasticWeightAveraging.
//
//   Trainer trainer({.max_epochs = 10, .callbacks = {std::make_shared<EMAWeightAveraging>(0.999)}});
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <torch/torch.h>

#include "weigh/lightning/callback.h"

namespace weigh::lightning {

// The mean of the weights, and of the buffers, after each step, or what a derived class makes of them. Validation looks
// at the average, and when training ends the module has it. A checkpoint holds the average under the module's names and
// what is trained under "current_model_state.", from where training goes on.
class WeightAveraging : public Callback {
 public:
  // Buffers that are not averaged are those of the module.
  explicit WeightAveraging(bool use_buffers = true) : use_buffers_(use_buffers) {}

  void setup(Trainer& trainer, ModuleBase& module, Task task) override;
  void on_train_batch_end(Trainer& trainer, ModuleBase& module, const torch::Tensor& output, const AnyBatch& batch,
                          std::int64_t batch_idx) override;
  void on_train_epoch_end(Trainer& trainer, ModuleBase& module) override;
  void on_validation_epoch_start(Trainer& trainer, ModuleBase& module) override;
  void on_validation_epoch_end(Trainer& trainer, ModuleBase& module) override;
  void on_train_end(Trainer& trainer, ModuleBase& module) override;
  void on_save_checkpoint(Trainer& trainer, ModuleBase& module, Weights& checkpoint) override;
  void on_load_checkpoint(Trainer& trainer, ModuleBase& module, const Weights& checkpoint) override;
  std::string state_key() const override { return "WeightAveraging"; }
  std::map<std::string, std::string> state() const override;
  void load_state(const std::map<std::string, std::string>& state) override;

  std::int64_t n_averaged() const { return n_averaged_; }

 protected:
  // Asked after each step and after each epoch, which counts from 0; the other is not there.
  virtual bool should_update(std::optional<std::int64_t> step_idx, std::optional<std::int64_t> epoch_idx) const;
  // What becomes of the average, in place; `n_averaged` weights are in it, one at least.
  virtual void average(torch::Tensor& of_all, const torch::Tensor& current, std::int64_t n_averaged) const;

 private:
  void update(ModuleBase& module);
  void swap(ModuleBase& module);

  bool use_buffers_;
  std::map<std::string, torch::Tensor> average_;  // empty until the first update
  std::int64_t n_averaged_ = 0;
  std::int64_t latest_update_step_ = 0;
  std::int64_t latest_update_epoch_ = -1;
};

// average * decay + weights * (1 - decay)
class EMAWeightAveraging : public WeightAveraging {
 public:
  struct Options {
    double decay = 0.999;
    std::int64_t update_every_n_steps = 1;
    std::optional<std::int64_t> update_starting_at_step = {};
    std::optional<std::int64_t> update_starting_at_epoch = {};  // from it on after each epoch, too
    bool use_buffers = true;
  };
  explicit EMAWeightAveraging(double decay = 0.999) : EMAWeightAveraging(Options{.decay = decay}) {}
  // Throws weigh::Error(usage) for a decay that is not between 0 and 1.
  explicit EMAWeightAveraging(Options options);

 protected:
  bool should_update(std::optional<std::int64_t> step_idx, std::optional<std::int64_t> epoch_idx) const override;
  void average(torch::Tensor& of_all, const torch::Tensor& current, std::int64_t n_averaged) const override;

 private:
  Options options_;
};

// The mean of the weights of the last epochs, each with a learning rate that goes to swa_lr and stays there (Izmailov
// et al., arXiv:1803.05407). When training ends the module has it, and the statistics of its batch norms are found anew
// by a pass over the training batches. A checkpoint holds the average under "average_model.".
class StochasticWeightAveraging : public Callback {
 public:
  struct Options {
    double swa_lr = 0;
    // The epoch from which on weights are averaged, counted from 1, or such a part of all epochs.
    std::variant<std::int64_t, double> swa_epoch_start = 0.8;
    std::int64_t annealing_epochs = 10;
    bool linear = false;  // the way of the learning rate; else along a cosine
  };
  // Throws weigh::Error(usage) for a rate or a start that makes no sense.
  explicit StochasticWeightAveraging(double swa_lr) : StochasticWeightAveraging(Options{.swa_lr = swa_lr}) {}
  explicit StochasticWeightAveraging(Options options);

  void setup(Trainer& trainer, ModuleBase& module, Task task) override;
  void on_fit_start(Trainer& trainer, ModuleBase& module) override;
  void on_train_epoch_start(Trainer& trainer, ModuleBase& module) override;
  void on_train_end(Trainer& trainer, ModuleBase& module) override;
  void on_save_checkpoint(Trainer& trainer, ModuleBase& module, Weights& checkpoint) override;
  void on_load_checkpoint(Trainer& trainer, ModuleBase& module, const Weights& checkpoint) override;
  std::string state_key() const override { return "StochasticWeightAveraging"; }
  std::map<std::string, std::string> state() const override;
  void load_state(const std::map<std::string, std::string>& state) override;

  std::int64_t n_averaged() const { return n_averaged_; }

 private:
  void anneal(Trainer& trainer);

  Options options_;
  std::int64_t first_epoch_ = 0;  // counted from 0
  bool anneals_ = false;          // the optimizer's scheduler is ours
  std::map<std::string, torch::Tensor> average_;
  std::int64_t n_averaged_ = 0;
  std::int64_t latest_update_epoch_ = -1;
};

}  // namespace weigh::lightning
