#include "weigh/lightning/module.h"

#include "dry_run/type_name.h"
#include "lightning/optimization.h"
#include "lightning/session.h"

namespace weigh::lightning {

void ModuleBase::optimizer_step(torch::optim::Optimizer& optimizer, const std::function<torch::Tensor()>& closure) {
  optimizer.step(closure);
}

// Lets go of gradients instead of filling them with zeros, as PyTorch does by default since 2.0: a parameter that a
// batch did not reach is left alone.
void ModuleBase::optimizer_zero_grad(torch::optim::Optimizer& optimizer) {
  for (auto& group : optimizer.param_groups())
    for (torch::Tensor& parameter : group.params()) parameter.mutable_grad() = torch::Tensor();
}

void ModuleBase::on_validation_model_zero_grad() {
  for (torch::Tensor& parameter : parameters()) parameter.mutable_grad() = torch::Tensor();
}

void ModuleBase::configure_gradient_clipping(torch::optim::Optimizer& optimizer) {
  const TrainerOptions& options = trainer().options();
  if (options.gradient_clip_val <= 0) return;
  lightning::clip_gradients(optimizer, options.gradient_clip_val, options.gradient_clip_algorithm);
}

LightningOptimizer ModuleBase::optimizer(std::size_t index) const {
  Session& session = *trainer().session_;
  if (index >= session.optimizers.size())
    fail("optimizer(" + std::to_string(index) + ") is asked for, but configure_optimizers() returned " +
         std::to_string(session.optimizers.size()));
  return {session, index};
}

Scheduler& ModuleBase::lr_scheduler(std::size_t index) const {
  std::size_t left = index;
  for (const auto& configured : trainer().session_->optimizers) {
    if (left < configured.schedules.size()) return *configured.schedules[left].scheduler;
    left -= configured.schedules.size();
  }
  fail("lr_scheduler(" + std::to_string(index) + ") is asked for, but configure_optimizers() returned " +
       std::to_string(index - left));
}

void ModuleBase::manual_backward(const torch::Tensor& loss, bool retain_graph) {
  if (automatic_optimization)
    fail(
        "manual_backward() is called, but the trainer optimises: set automatic_optimization = false in the "
        "constructor");
  backward_by_hand(*trainer().session_, loss, retain_graph);
}

ToggledOptimizer ModuleBase::toggle_optimizer(const LightningOptimizer& optimizer) const {
  return {*trainer().session_, optimizer.index()};
}

void ModuleBase::clip_gradients(const LightningOptimizer& optimizer, double gradient_clip_val,
                                ClipAlgorithm algorithm) const {
  lightning::clip_gradients(optimizer.optimizer(), gradient_clip_val, algorithm);
}

void ModuleBase::log(const std::string& name, double value, const LogOptions& options) {
  if (trainer_) trainer_->session_->log(name, value, options);
}

void ModuleBase::log(const std::string& name, const torch::Tensor& value, const LogOptions& options) {
  if (!trainer_) return;
  if (!value.defined() || value.numel() != 1)
    throw Error(ErrorKind::usage, name,
                value.defined() ? "a tensor of " + std::to_string(value.numel()) +
                                      " elements is logged; a metric is one number: reduce it with mean() or sum()"
                                : std::string("an undefined tensor is logged; a metric is one number"));
  trainer_->session_->log(name, value.item<double>(), options);
}

Trainer& ModuleBase::trainer() const {
  if (!trainer_) fail("no trainer runs this module: trainer() has an answer in steps and hooks only");
  return *trainer_;
}
std::int64_t ModuleBase::current_epoch() const { return trainer().current_epoch(); }
std::int64_t ModuleBase::global_step() const { return trainer().global_step(); }
torch::Device ModuleBase::device() const { return trainer().placement().device; }

std::optional<Model> ModuleBase::describe_example(DescribeOptions options, const Placement& placement) {
  const ExampleInput given = example();
  if (!given) return std::nullopt;
  if (options.forward == Forward::dry) options.forward = given.forward;
  return given.describe(*this, placement, options);
}

std::string ModuleBase::type() const { return dry_run::type_name(*this); }

void ModuleBase::fail(const std::string& message) const { throw Error(ErrorKind::usage, type(), message); }

void ModuleBase::skip_rest_of_epoch() { trainer().session_->skips_rest = true; }

}  // namespace weigh::lightning
