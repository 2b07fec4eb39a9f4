// After Lightning's callbacks/stochastic_weight_avg.py: weights are averaged as an epoch begins, so that those of the
// last epoch are not in the average.
#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "lightning/averages.h"

#include "weigh/error.h"
#include "weigh/lightning/averaging.h"
#include "weigh/lightning/schedulers.h"
#include "weigh/lightning/trainer.h"
#include "weigh/torch/lazy_norm.h"

namespace weigh::lightning {
namespace {

[[noreturn]] void refuse_averaging(const std::string& message) {
  throw Error(ErrorKind::usage, "StochasticWeightAveraging", message);
}

// SWALR
RateFormula annealed(double swa_lr, std::int64_t epochs, bool is_linear) {
  return [=](double base, std::int64_t steps) {
    const double part = std::min(
        1.0, static_cast<double>(epochs == 0 ? 1 : steps) / static_cast<double>(std::max<std::int64_t>(1, epochs)));
    const double alpha = is_linear ? part : (1 - std::cos(std::numbers::pi * part)) / 2;
    return swa_lr * alpha + base * (1 - alpha);
  };
}

// Batch norms with statistics of their own, which begin anew and become means of all batches, while it lives.
class FreshStatistics {
 public:
  explicit FreshStatistics(torch::nn::Module& root) {
    for (const auto& module : root.modules(false)) {
      collect<torch::nn::BatchNorm1dImpl, torch::nn::BatchNorm2dImpl, torch::nn::BatchNorm3dImpl,
              nn::LazyBatchNorm1dImpl, nn::LazyBatchNorm2dImpl, nn::LazyBatchNorm3dImpl>(*module);
    }
  }
  FreshStatistics(const FreshStatistics&) = delete;
  FreshStatistics& operator=(const FreshStatistics&) = delete;
  ~FreshStatistics() {
    for (const auto& [momentum, before] : momenta_) *momentum = before;
  }
  bool is_empty() const { return momenta_.empty(); }

 private:
  using Momentum = std::decay_t<decltype(std::declval<torch::nn::BatchNormOptions>().momentum())>;

  template <class... Norms>
  void collect(torch::nn::Module& module) {
    (begin(dynamic_cast<Norms*>(&module)), ...);
  }
  template <class Norm>
  void begin(Norm* norm) {
    if (!norm || !norm->running_mean.defined()) return;
    const torch::NoGradGuard no_grad;
    norm->running_mean.zero_();
    norm->running_var.fill_(1);
    norm->num_batches_tracked.zero_();
    momenta_.emplace_back(&norm->options.momentum(), norm->options.momentum());
    norm->options.momentum() = Momentum();
  }

  std::vector<std::pair<Momentum*, Momentum>> momenta_;
};

}  // namespace

StochasticWeightAveraging::StochasticWeightAveraging(Options options) : options_(options) {
  if (options.swa_lr <= 0) refuse_averaging(fmt::format("swa_lr is {}; a learning rate is above 0", options.swa_lr));
  if (const auto* epoch = std::get_if<std::int64_t>(&options.swa_epoch_start); epoch && *epoch < 1)
    refuse_averaging(
        fmt::format("swa_epoch_start is {}; epochs count from 1 here, and a part of all is written 0.8", *epoch));
  if (const auto* part = std::get_if<double>(&options.swa_epoch_start); part && !(*part >= 0 && *part <= 1))
    refuse_averaging(fmt::format("swa_epoch_start is {}; a part of all epochs is between 0.0 and 1.0", *part));
  if (options.annealing_epochs < 0)
    refuse_averaging(fmt::format("annealing_epochs is {}; 0 is at once", options.annealing_epochs));
}

void StochasticWeightAveraging::setup(Trainer&, ModuleBase&, Task task) {
  if (task != Task::fit) return;
  anneals_ = false;
  average_.clear();
  n_averaged_ = 0;
  latest_update_epoch_ = -1;
}

void StochasticWeightAveraging::on_fit_start(Trainer& trainer, ModuleBase&) {
  const auto& optimizers = trainer.optimizers();
  if (optimizers.size() != 1)
    refuse_averaging(fmt::format("there are {} optimizers; it works with one", optimizers.size()));
  if (optimizers[0].schedules.size() > 1)
    refuse_averaging(
        fmt::format("the optimizer has {} schedulers, one of which it would take the place of: give one or none",
                    optimizers[0].schedules.size()));
  const std::int64_t epochs = trainer.options().max_epochs.value_or(-1);
  if (const auto* part = std::get_if<double>(&options_.swa_epoch_start)) {
    if (epochs < 0)
      refuse_averaging("swa_epoch_start is a part of all epochs, but there is no max_epochs: give a number");
    first_epoch_ = static_cast<std::int64_t>(static_cast<double>(epochs) * *part);
  } else {
    first_epoch_ = std::get<std::int64_t>(options_.swa_epoch_start);
  }
  first_epoch_ = std::max<std::int64_t>(first_epoch_ - 1, 0);
  if (anneals_) anneal(trainer);  // a checkpoint goes on with it
}

void StochasticWeightAveraging::anneal(Trainer& trainer) {
  anneals_ = true;
  trainer.replace_schedules(
      0, {Schedule{make_scheduler(*trainer.optimizers()[0].optimizer,
                                  annealed(options_.swa_lr, options_.annealing_epochs, options_.linear))}});
}

void StochasticWeightAveraging::on_train_epoch_start(Trainer& trainer, ModuleBase& module) {
  const std::int64_t epoch = trainer.current_epoch();
  if (epoch < first_epoch_ || epoch <= latest_update_epoch_) return;
  if (!anneals_) anneal(trainer);
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors_of(module, false)) {
    const auto [known, is_new] = average_.try_emplace(name);
    if (is_new) {
      known->second = tensor.clone();
    } else {
      known->second += (tensor - known->second) / static_cast<double>(n_averaged_ + 1);
    }
  }
  ++n_averaged_;
  latest_update_epoch_ = epoch;
}

void StochasticWeightAveraging::on_train_end(Trainer& trainer, ModuleBase& module) {
  if (average_.empty() || trainer.was_interrupted()) return;
  assign(average_, tensors_of(module, false));
  const FreshStatistics statistics(module);
  if (!statistics.is_empty()) trainer.pass_over_training_batches();
}

void StochasticWeightAveraging::on_save_checkpoint(Trainer&, ModuleBase&, Weights& checkpoint) {
  add(checkpoint, kAverage, average_);
}

void StochasticWeightAveraging::on_load_checkpoint(Trainer&, ModuleBase&, const Weights& checkpoint) {
  Weights taken = checkpoint;
  average_ = copies(take(taken, kAverage));
}

std::map<std::string, std::string> StochasticWeightAveraging::state() const {
  return {{"n_averaged", std::to_string(n_averaged_)},
          {"latest_update_epoch", std::to_string(latest_update_epoch_)},
          {"anneals", anneals_ ? "1" : "0"}};
}

void StochasticWeightAveraging::load_state(const std::map<std::string, std::string>& state) {
  n_averaged_ = std::stoll(state.at("n_averaged"));
  latest_update_epoch_ = std::stoll(state.at("latest_update_epoch"));
  anneals_ = state.at("anneals") == "1";
}

}  // namespace weigh::lightning
