#include "weigh/lightning/schedulers.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh::lightning {
namespace {

void check_at_least(const char* formula, const char* name, std::int64_t value, std::int64_t least) {
  if (value < least)
    throw Error(ErrorKind::usage, formula,
                fmt::format("{} is {}; the least that makes sense is {}", name, value, least));
}

double cosine(double from, double to, double part) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * part)) / 2;
}

}  // namespace

RateFormula cosine_annealing(std::int64_t t_max, double eta_min) {
  check_at_least("cosine_annealing", "t_max", t_max, 1);
  return [=](double base, std::int64_t steps) {
    return cosine(base, eta_min, static_cast<double>(steps) / static_cast<double>(t_max));
  };
}

RateFormula cosine_warm_restarts(std::int64_t t_0, std::int64_t t_mult, double eta_min) {
  check_at_least("cosine_warm_restarts", "t_0", t_0, 1);
  check_at_least("cosine_warm_restarts", "t_mult", t_mult, 1);
  return [=](double base, std::int64_t steps) {
    std::int64_t length = t_0;
    if (t_mult == 1) steps %= length;
    for (; steps >= length; length *= t_mult) steps -= length;
    return cosine(base, eta_min, static_cast<double>(steps) / static_cast<double>(length));
  };
}

RateFormula linear(double start_factor, double end_factor, std::int64_t total_iters) {
  check_at_least("linear", "total_iters", total_iters, 1);
  return [=](double base, std::int64_t steps) {
    const double part = static_cast<double>(std::min(steps, total_iters)) / static_cast<double>(total_iters);
    return base * (start_factor + (end_factor - start_factor) * part);
  };
}

RateFormula step_decay(std::int64_t step_size, double gamma) {
  check_at_least("step_decay", "step_size", step_size, 1);
  return [=](double base, std::int64_t steps) { return base * std::pow(gamma, steps / step_size); };
}

RateFormula multi_step(std::vector<std::int64_t> milestones, double gamma) {
  std::sort(milestones.begin(), milestones.end());
  return [milestones = std::move(milestones), gamma](double base, std::int64_t steps) {
    const auto passed = std::upper_bound(milestones.begin(), milestones.end(), steps) - milestones.begin();
    return base * std::pow(gamma, passed);
  };
}

RateFormula exponential(double gamma) {
  return [=](double base, std::int64_t steps) { return base * std::pow(gamma, steps); };
}

RateFormula polynomial(std::int64_t total_iters, double power) {
  check_at_least("polynomial", "total_iters", total_iters, 1);
  return [=](double base, std::int64_t steps) {
    const double left = 1 - static_cast<double>(std::min(steps, total_iters)) / static_cast<double>(total_iters);
    return base * std::pow(left, power);
  };
}

RateFormula sequential(std::vector<RateFormula> formulas, std::vector<std::int64_t> milestones) {
  if (formulas.empty() || milestones.size() + 1 != formulas.size())
    throw Error(ErrorKind::usage, "sequential",
                fmt::format("there are {} formulas and {} milestones; between two formulas is one", formulas.size(),
                            milestones.size()));
  for (std::size_t i = 1; i < milestones.size(); ++i)
    if (milestones[i] <= milestones[i - 1])
      throw Error(ErrorKind::usage, "sequential",
                  fmt::format("milestone {} comes after {}: the formula between them would never be used",
                              milestones[i], milestones[i - 1]));
  return [formulas = std::move(formulas), milestones = std::move(milestones)](double base, std::int64_t steps) {
    const auto index = std::upper_bound(milestones.begin(), milestones.end(), steps) - milestones.begin();
    const std::int64_t begin = index == 0 ? 0 : milestones[static_cast<std::size_t>(index) - 1];
    return formulas[static_cast<std::size_t>(index)](base, steps - begin);
  };
}

RateFormula warm_up(std::int64_t warm_up_steps, RateFormula after, double start_factor) {
  check_at_least("warm_up", "warm_up_steps", warm_up_steps, 1);
  return sequential({linear(start_factor, 1, warm_up_steps), std::move(after)}, {warm_up_steps});
}

FormulaLR::FormulaLR(torch::optim::Optimizer& optimizer, RateFormula formula)
    : Scheduler(optimizer), formula_(std::move(formula)), base_(learning_rates(optimizer)) {
  apply();
}

void FormulaLR::apply() {
  auto& groups = optimizer().param_groups();
  for (std::size_t i = 0; i < groups.size() && i < base_.size(); ++i)
    groups[i].options().set_lr(formula_(base_[i], steps_));
}

void FormulaLR::step(double /*metric*/) {
  ++steps_;
  apply();
}

std::map<std::string, double> FormulaLR::state() const {
  std::map<std::string, double> state{{"steps", static_cast<double>(steps_)}};
  for (std::size_t i = 0; i < base_.size(); ++i) state["base." + std::to_string(i)] = base_[i];
  return state;
}

void FormulaLR::load_state(const std::map<std::string, double>& state) {
  steps_ = static_cast<std::int64_t>(state.at("steps"));
  for (std::size_t i = 0; i < base_.size(); ++i) base_[i] = state.at("base." + std::to_string(i));
  apply();
}

LambdaLR::LambdaLR(torch::optim::Optimizer& optimizer, std::function<double(std::int64_t)> factor)
    : FormulaLR(optimizer,
                [factor = std::move(factor)](double base, std::int64_t steps) { return base * factor(steps); }) {}

std::shared_ptr<Scheduler> make_scheduler(torch::optim::Optimizer& optimizer, RateFormula formula) {
  return std::make_shared<FormulaLR>(optimizer, std::move(formula));
}
std::shared_ptr<Scheduler> make_lambda(torch::optim::Optimizer& optimizer, std::function<double(std::int64_t)> factor) {
  return std::make_shared<LambdaLR>(optimizer, std::move(factor));
}

}  // namespace weigh::lightning
