#include <fmt/format.h>

#include "lightning/averages.h"

#include "weigh/error.h"
#include "weigh/lightning/averaging.h"
#include "weigh/lightning/trainer.h"

namespace weigh::lightning {

void WeightAveraging::setup(Trainer&, ModuleBase&, Task task) {
  if (task != Task::fit) return;
  average_.clear();
  n_averaged_ = latest_update_step_ = 0;
  latest_update_epoch_ = -1;
}

bool WeightAveraging::should_update(std::optional<std::int64_t> step_idx, std::optional<std::int64_t>) const {
  return step_idx.has_value();
}

void WeightAveraging::average(torch::Tensor& of_all, const torch::Tensor& current, std::int64_t n_averaged) const {
  const double part = 1 / static_cast<double>(n_averaged + 1);
  if (of_all.is_floating_point()) {
    of_all.lerp_(current, part);
  } else {
    of_all.copy_(of_all.to(torch::kFloat64).lerp(current.to(torch::kFloat64), part));
  }
}

void WeightAveraging::update(ModuleBase& module) {
  const torch::NoGradGuard no_grad;
  const NamedTensors current = tensors_of(module, true);
  const NamedTensors averaged = tensors_of(module, use_buffers_);
  for (const auto& [name, tensor] : current) {
    const auto [known, is_new] = average_.try_emplace(name);
    if (is_new) {
      known->second = tensor.clone();
    } else if (averaged.count(name) > 0) {
      average(known->second, tensor, n_averaged_);
    } else {
      known->second.copy_(tensor);
    }
  }
  ++n_averaged_;
}

void WeightAveraging::on_train_batch_end(Trainer& trainer, ModuleBase& module, const torch::Tensor&, const AnyBatch&,
                                         std::int64_t) {
  if (trainer.global_step() <= latest_update_step_ || !should_update(trainer.global_step() - 1, std::nullopt)) return;
  update(module);
  latest_update_step_ = trainer.global_step();
}

void WeightAveraging::on_train_epoch_end(Trainer& trainer, ModuleBase& module) {
  if (trainer.current_epoch() <= latest_update_epoch_ || !should_update(std::nullopt, trainer.current_epoch())) return;
  update(module);
  latest_update_epoch_ = trainer.current_epoch();
}

void WeightAveraging::swap(ModuleBase& module) {
  if (average_.empty()) return;
  const NamedTensors current = tensors_of(module, true);
  const NamedTensors before = copies(current);
  assign(average_, current);
  assign(before, average_);
}

void WeightAveraging::on_validation_epoch_start(Trainer&, ModuleBase& module) { swap(module); }
void WeightAveraging::on_validation_epoch_end(Trainer&, ModuleBase& module) { swap(module); }

// After Ctrl-C training goes on from a checkpoint, whose weights are those that are trained.
void WeightAveraging::on_train_end(Trainer& trainer, ModuleBase& module) {
  if (!trainer.was_interrupted()) assign(average_, tensors_of(module, true));
}

void WeightAveraging::on_save_checkpoint(Trainer&, ModuleBase&, Weights& checkpoint) {
  if (average_.empty()) return;
  NamedTensors current;
  for (NamedTensor& tensor : checkpoint.tensors) {
    const auto found = average_.find(tensor.name);
    if (found == average_.end()) continue;
    current.emplace(tensor.name, tensor.value);
    tensor.value = found->second;
  }
  add(checkpoint, kCurrent, current);
}

void WeightAveraging::on_load_checkpoint(Trainer&, ModuleBase& module, const Weights& checkpoint) {
  Weights taken = checkpoint;
  const NamedTensors current = take(taken, kCurrent);
  if (current.empty()) return;
  average_ = copies(tensors_of(module, true));  // which were read from the file
  assign(current, tensors_of(module, true));
}

std::map<std::string, std::string> WeightAveraging::state() const {
  return {{"n_averaged", std::to_string(n_averaged_)},
          {"latest_update_step", std::to_string(latest_update_step_)},
          {"latest_update_epoch", std::to_string(latest_update_epoch_)}};
}

void WeightAveraging::load_state(const std::map<std::string, std::string>& state) {
  n_averaged_ = std::stoll(state.at("n_averaged"));
  latest_update_step_ = std::stoll(state.at("latest_update_step"));
  latest_update_epoch_ = std::stoll(state.at("latest_update_epoch"));
}

EMAWeightAveraging::EMAWeightAveraging(Options options) : WeightAveraging(options.use_buffers), options_(options) {
  if (options.decay < 0 || options.decay > 1 || options.update_every_n_steps < 0)
    throw Error(
        ErrorKind::usage, "EMAWeightAveraging",
        fmt::format("decay {}, update_every_n_steps {}: a decay is between 0 and 1, a number of steps not below 0",
                    options.decay, options.update_every_n_steps));
}

bool EMAWeightAveraging::should_update(std::optional<std::int64_t> step_idx,
                                       std::optional<std::int64_t> epoch_idx) const {
  if (epoch_idx) return options_.update_starting_at_epoch && *epoch_idx >= *options_.update_starting_at_epoch;
  return *step_idx >= options_.update_starting_at_step.value_or(0) && options_.update_every_n_steps > 0 &&
         *step_idx % options_.update_every_n_steps == 0;
}

void EMAWeightAveraging::average(torch::Tensor& of_all, const torch::Tensor& current, std::int64_t) const {
  of_all.copy_(of_all * options_.decay + current * (1 - options_.decay));
}

}  // namespace weigh::lightning
