// Learning rates over time, with the numbers of torch.optim.lr_scheduler:
//
//   return {adam, make_scheduler(*adam, cosine_annealing(trainer().options().max_epochs.value()))};
//
//   auto warmed = make_scheduler(*adam, warm_up(500, cosine_annealing(10'000)));
//   return {adam, {.scheduler = warmed, .interval = Interval::step}};
//
//   auto cycle = make_one_cycle(*sgd, {.max_lr = 0.1, .total_steps = 1000});
//   return {sgd, {.scheduler = cycle, .interval = Interval::step}};
//
//   return {adam, {.scheduler = make_plateau(*adam, {.patience = 3}), .monitor = "val_loss"}};
//
// A formula tells the rate of a group by the one it began with and by how many steps were made, so that a checkpoint
// needs the two alone. Formulas throw weigh::Error(usage) for numbers that make no sense.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "weigh/lightning/optimizers.h"

namespace weigh::lightning {

// (the rate that a group began with, how many steps were made) -> its rate
using RateFormula = std::function<double(double base, std::int64_t steps)>;

// CosineAnnealingLR: from the base to eta_min in t_max steps, and back.
RateFormula cosine_annealing(std::int64_t t_max, double eta_min = 0);
// CosineAnnealingWarmRestarts: to eta_min in t_0 steps, then anew; each time t_mult times as many.
RateFormula cosine_warm_restarts(std::int64_t t_0, std::int64_t t_mult = 1, double eta_min = 0);
// LinearLR: the base times what goes from start_factor to end_factor in total_iters steps.
RateFormula linear(double start_factor, double end_factor, std::int64_t total_iters);
// StepLR, MultiStepLR, ExponentialLR, PolynomialLR
RateFormula step_decay(std::int64_t step_size, double gamma = 0.1);
RateFormula multi_step(std::vector<std::int64_t> milestones, double gamma = 0.1);
RateFormula exponential(double gamma);
RateFormula polynomial(std::int64_t total_iters, double power = 1);
// SequentialLR: the next formula from each milestone on, its steps counted from there.
RateFormula sequential(std::vector<RateFormula> formulas, std::vector<std::int64_t> milestones);
// LinearLR from start_factor to 1, then another: SequentialLR([LinearLR, after], [warm_up_steps]).
RateFormula warm_up(std::int64_t warm_up_steps, RateFormula after, double start_factor = 0.01);

class FormulaLR : public Scheduler {
 public:
  FormulaLR(torch::optim::Optimizer& optimizer, RateFormula formula);
  void step(double metric) override;
  bool sets_rates() const override { return true; }
  std::map<std::string, double> state() const override;
  void load_state(const std::map<std::string, double>& state) override;

 private:
  void apply();

  RateFormula formula_;
  std::vector<double> base_;
  std::int64_t steps_ = 0;
};

// The learning rate that each group began with, times factor(how many steps were made).
class LambdaLR : public FormulaLR {
 public:
  LambdaLR(torch::optim::Optimizer& optimizer, std::function<double(std::int64_t)> factor);
};

struct OneCycleOptions {
  double max_lr = 0;
  std::int64_t total_steps = 0;  // a step beyond them is an error
  double pct_start = 0.3;        // the part in which the rate grows
  bool linear = false;           // between the points; else along a cosine
  bool cycle_momentum = true;    // momentum, or the first beta, goes the other way
  double base_momentum = 0.85;
  double max_momentum = 0.95;
  double div_factor = 25;         // it begins with max_lr / div_factor
  double final_div_factor = 1e4;  // and ends with that divided by this
  bool three_phase = false;       // down as up, and then to the end
};

// The 1cycle policy (Smith, Topin, arXiv:1708.07120): of every step, not of every epoch.
class OneCycleLR : public Scheduler {
 public:
  OneCycleLR(torch::optim::Optimizer& optimizer, OneCycleOptions options);
  void step(double metric) override;
  std::optional<std::int64_t> total_steps() const override { return options_.total_steps; }
  bool sets_rates() const override { return true; }
  std::map<std::string, double> state() const override;
  void load_state(const std::map<std::string, double>& state) override;

 private:
  void apply();

  OneCycleOptions options_;
  std::int64_t steps_ = 0;
};

struct PlateauOptions {
  bool mode_max = false;
  double factor = 0.1;
  std::int64_t patience = 10;
  double threshold = 1e-4;
  bool threshold_absolute = false;  // how much better counts: a part of the best value, or so much
  std::int64_t cooldown = 0;
  double min_lr = 0;
  double eps = 1e-8;  // a smaller change of the rate is not made
};

// Times `factor` when the monitored value has not become better for more than `patience` steps.
class ReduceLROnPlateau : public Scheduler {
 public:
  explicit ReduceLROnPlateau(torch::optim::Optimizer& optimizer, PlateauOptions options = {});
  void step(double metric) override;
  bool needs_metric() const override { return true; }
  std::map<std::string, double> state() const override;
  void load_state(const std::map<std::string, double>& state) override;

 private:
  bool is_better(double metric) const;
  void reduce();

  PlateauOptions options_;
  double best_;
  std::int64_t bad_ = 0;
  std::int64_t cooling_ = 0;
};

std::shared_ptr<Scheduler> make_scheduler(torch::optim::Optimizer& optimizer, RateFormula formula);
std::shared_ptr<Scheduler> make_lambda(torch::optim::Optimizer& optimizer, std::function<double(std::int64_t)> factor);
std::shared_ptr<Scheduler> make_one_cycle(torch::optim::Optimizer& optimizer, const OneCycleOptions& options);
std::shared_ptr<Scheduler> make_plateau(torch::optim::Optimizer& optimizer, const PlateauOptions& options = {});

}  // namespace weigh::lightning
