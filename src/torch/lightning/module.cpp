#include "weigh/lightning/module.h"

#include "dry_run/type_name.h"
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
  std::vector<torch::Tensor> parameters;
  for (const auto& group : optimizer.param_groups())
    parameters.insert(parameters.end(), group.params().begin(), group.params().end());
  if (options.gradient_clip_algorithm == ClipAlgorithm::norm) {
    torch::nn::utils::clip_grad_norm_(parameters, options.gradient_clip_val);
  } else {
    torch::nn::utils::clip_grad_value_(parameters, options.gradient_clip_val);
  }
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
