// What LightningModule::configure_optimizers() returns: an optimizer, several, each with or without schedulers.
//
//   return adam;                                                                  a std::shared_ptr to an optimizer
//   return {adam, weigh::lightning::make_lambda(*adam, [](auto n) { return std::pow(0.9, n); })};
//   return {adam, {.scheduler = plateau, .monitor = "val_loss"}};                 see Schedule
//   return weigh::lightning::Optimizers{{adam}, {sgd, …}};
//
// Several optimizers are stepped one after the other with the gradients of one loss: for parameters that need different
// algorithms. (Lightning has one optimizer here, and leaves several to optimisation by hand.)
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace weigh::lightning {

// A learning-rate scheduler. libtorch has few, and no base class for all; derive for one of your own.
class Scheduler {
 public:
  explicit Scheduler(torch::optim::Optimizer& optimizer) : optimizer_(&optimizer) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  virtual ~Scheduler() = default;

  // `metric` is the monitored value, for those that watch one.
  virtual void step(double metric) = 0;
  virtual bool needs_metric() const { return false; }
  // For checkpoints; the learning rates themselves are the optimizer's.
  virtual std::map<std::string, double> state() const { return {}; }
  virtual void load_state(const std::map<std::string, double>& /*state*/) {}

  torch::optim::Optimizer& optimizer() const { return *optimizer_; }

 private:
  torch::optim::Optimizer* optimizer_;
};

// The learning rate that each group began with, times factor(how many steps were made).
class LambdaLR : public Scheduler {
 public:
  LambdaLR(torch::optim::Optimizer& optimizer, std::function<double(std::int64_t)> factor);
  void step(double metric) override;
  std::map<std::string, double> state() const override;
  void load_state(const std::map<std::string, double>& state) override;

 private:
  void apply();

  std::function<double(std::int64_t)> factor_;
  std::vector<double> base_;
  std::int64_t steps_ = 0;
};

struct PlateauOptions {
  bool mode_max = false;
  double factor = 0.1;
  std::int64_t patience = 10;
  double threshold = 1e-4;  // relative
  std::int64_t cooldown = 0;
  double min_lr = 0;
};

// Times `factor` when the monitored value has not become better for more than `patience` steps; as in
// torch.optim.lr_scheduler.ReduceLROnPlateau.
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

// Of libtorch's own schedulers (torch::optim::StepLR); its state is the learning rates and how often it was stepped,
// which is made up for by stepping it as often when a checkpoint is loaded. Python's schedulers take their first step
// when they are made and libtorch's do not, so it is made up for as well: StepLR(optimizer, 2) changes the rate after
// two steps, as in Python, and not after three.
template <class Inner>
class NativeScheduler : public Scheduler {
 public:
  NativeScheduler(torch::optim::Optimizer& optimizer, Inner inner) : Scheduler(optimizer), inner_(std::move(inner)) {
    inner_.step();
  }
  void step(double /*metric*/) override {
    inner_.step();
    ++steps_;
  }
  std::map<std::string, double> state() const override { return {{"steps", static_cast<double>(steps_)}}; }
  void load_state(const std::map<std::string, double>& state) override {
    for (const auto target = static_cast<std::int64_t>(state.at("steps")); steps_ < target;) step(0);
  }

 private:
  Inner inner_;
  std::int64_t steps_ = 0;
};

inline std::shared_ptr<Scheduler> make_lambda(torch::optim::Optimizer& optimizer,
                                              std::function<double(std::int64_t)> factor) {
  return std::make_shared<LambdaLR>(optimizer, std::move(factor));
}
// make_native<torch::optim::StepLR>(*adam, 10, 0.5)
template <class Inner, class... Arguments>
std::shared_ptr<Scheduler> make_native(torch::optim::Optimizer& optimizer, Arguments&&... arguments) {
  return std::make_shared<NativeScheduler<Inner>>(optimizer, Inner(optimizer, std::forward<Arguments>(arguments)...));
}

enum class Interval : std::uint8_t { epoch, step };

// A scheduler and when it is stepped.
struct Schedule {
  std::shared_ptr<Scheduler> scheduler;
  Interval interval = Interval::epoch;
  std::int64_t frequency = 1;  // every so many epochs or steps
  std::string monitor = {};    // the metric, for a scheduler that needs one
};

struct ConfiguredOptimizer {
  std::shared_ptr<torch::optim::Optimizer> optimizer;
  std::vector<Schedule> schedules = {};

  template <class Optimizer>
  ConfiguredOptimizer(std::shared_ptr<Optimizer> made) : optimizer(std::move(made)) {}
  template <class Optimizer>
  ConfiguredOptimizer(std::shared_ptr<Optimizer> made, Schedule schedule)
      : optimizer(std::move(made)), schedules{std::move(schedule)} {}
  template <class Optimizer>
  ConfiguredOptimizer(std::shared_ptr<Optimizer> made, std::shared_ptr<Scheduler> scheduler)
      : optimizer(std::move(made)), schedules{Schedule{std::move(scheduler)}} {}
};

class Optimizers {
 public:
  Optimizers() = default;  // nothing is optimised
  template <class Optimizer>
  Optimizers(std::shared_ptr<Optimizer> made) : all_{ConfiguredOptimizer(std::move(made))} {}
  template <class Optimizer>
  Optimizers(std::shared_ptr<Optimizer> made, Schedule schedule)
      : all_{ConfiguredOptimizer(std::move(made), std::move(schedule))} {}
  template <class Optimizer>
  Optimizers(std::shared_ptr<Optimizer> made, std::shared_ptr<Scheduler> scheduler)
      : all_{ConfiguredOptimizer(std::move(made), std::move(scheduler))} {}
  Optimizers(std::vector<ConfiguredOptimizer> all) : all_(std::move(all)) {}

  const std::vector<ConfiguredOptimizer>& all() const { return all_; }

 private:
  std::vector<ConfiguredOptimizer> all_;
};

// Of the options of its first group, and of each.
std::vector<double> learning_rates(const torch::optim::Optimizer& optimizer);
// "SGD", for messages and names of metrics.
std::string type_name(const torch::optim::Optimizer& optimizer);

}  // namespace weigh::lightning
