#include "weigh/lightning/optimizers.h"

#include <algorithm>

#include <c10/util/Type.h>

#include "dry_run/type_name.h"

namespace weigh::lightning {
namespace {

double get_lr(const torch::optim::OptimizerParamGroup& group) {
  return const_cast<torch::optim::OptimizerParamGroup&>(group).options().get_lr();
}

}  // namespace

std::vector<double> learning_rates(const torch::optim::Optimizer& optimizer) {
  std::vector<double> rates;
  for (const auto& group : optimizer.param_groups()) rates.push_back(get_lr(group));
  return rates;
}

std::string type_name(const torch::optim::Optimizer& optimizer) {
  return dry_run::short_type_name(c10::demangle(typeid(optimizer).name()));
}

LambdaLR::LambdaLR(torch::optim::Optimizer& optimizer, std::function<double(std::int64_t)> factor)
    : Scheduler(optimizer), factor_(std::move(factor)), base_(learning_rates(optimizer)) {
  apply();
}

void LambdaLR::apply() {
  auto& groups = optimizer().param_groups();
  for (std::size_t i = 0; i < groups.size() && i < base_.size(); ++i)
    groups[i].options().set_lr(base_[i] * factor_(steps_));
}

void LambdaLR::step(double /*metric*/) {
  ++steps_;
  apply();
}

std::map<std::string, double> LambdaLR::state() const {
  std::map<std::string, double> state{{"steps", static_cast<double>(steps_)}};
  for (std::size_t i = 0; i < base_.size(); ++i) state["base." + std::to_string(i)] = base_[i];
  return state;
}

void LambdaLR::load_state(const std::map<std::string, double>& state) {
  steps_ = static_cast<std::int64_t>(state.at("steps"));
  for (std::size_t i = 0; i < base_.size(); ++i) base_[i] = state.at("base." + std::to_string(i));
  apply();
}

ReduceLROnPlateau::ReduceLROnPlateau(torch::optim::Optimizer& optimizer, PlateauOptions options)
    : Scheduler(optimizer),
      options_(options),
      best_(options.mode_max ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity()) {}

bool ReduceLROnPlateau::is_better(double metric) const {
  if (options_.mode_max) return metric > best_ * (1 + options_.threshold);
  return metric < best_ * (1 - options_.threshold);
}

void ReduceLROnPlateau::step(double metric) {
  if (is_better(metric)) {
    best_ = metric;
    bad_ = 0;
  } else {
    ++bad_;
  }
  if (cooling_ > 0) {
    --cooling_;
    bad_ = 0;
  }
  if (bad_ <= options_.patience) return;
  reduce();
  cooling_ = options_.cooldown;
  bad_ = 0;
}

void ReduceLROnPlateau::reduce() {
  constexpr double kLeastChange = 1e-8;  // as PyTorch's eps
  for (auto& group : optimizer().param_groups()) {
    const double before = get_lr(group);
    const double after = std::max(before * options_.factor, options_.min_lr);
    if (before - after > kLeastChange) group.options().set_lr(after);
  }
}

std::map<std::string, double> ReduceLROnPlateau::state() const {
  return {{"best", best_}, {"bad", static_cast<double>(bad_)}, {"cooling", static_cast<double>(cooling_)}};
}

void ReduceLROnPlateau::load_state(const std::map<std::string, double>& state) {
  best_ = state.at("best");
  bad_ = static_cast<std::int64_t>(state.at("bad"));
  cooling_ = static_cast<std::int64_t>(state.at("cooling"));
}

}  // namespace weigh::lightning
