// What LightningModule::configure_optimizers() returns: an optimizer, several, each with or without schedulers.
//
//   return adam;                                                                  a std::shared_ptr to an optimizer
//   return {adam, make_scheduler(*adam, cosine_annealing(100))};                  weigh/lightning/schedulers.h
//   return {adam, {.scheduler = plateau, .monitor = "val_loss"}};                 see Schedule
//   return weigh::lightning::Optimizers{{adam}, {sgd, …}};
//
// Several optimizers are stepped one after the other with the gradients of one loss: for parameters that need different
// algorithms. (Lightning has one optimizer here, and leaves several to optimisation by hand, which is here, too:
// weigh/lightning/manual_optimization.h.)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
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
  // How often it can be stepped at most; nothing where there is no end.
  virtual std::optional<std::int64_t> total_steps() const { return std::nullopt; }
  // Whether it sets rates whatever they are, so that no other scheduler can change them, too.
  virtual bool sets_rates() const { return false; }
  // For checkpoints; the learning rates themselves are the optimizer's.
  virtual std::map<std::string, double> state() const { return {}; }
  virtual void load_state(const std::map<std::string, double>& /*state*/) {}

  torch::optim::Optimizer& optimizer() const { return *optimizer_; }

 private:
  torch::optim::Optimizer* optimizer_;
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
  ConfiguredOptimizer(std::shared_ptr<Optimizer> made, std::vector<Schedule> with = {})
      : optimizer(std::move(made)), schedules(std::move(with)) {
    static_assert(std::is_base_of_v<torch::optim::Optimizer, Optimizer>,
                  "configure_optimizers returns std::shared_ptrs to torch::optim::Optimizer, such as "
                  "std::make_shared<torch::optim::Adam>(parameters(), 1e-3)");
  }
  template <class Optimizer>
  ConfiguredOptimizer(std::shared_ptr<Optimizer> made, Schedule schedule)
      : ConfiguredOptimizer(std::move(made), std::vector<Schedule>{std::move(schedule)}) {}
  template <class Optimizer>
  ConfiguredOptimizer(std::shared_ptr<Optimizer> made, std::shared_ptr<Scheduler> scheduler)
      : ConfiguredOptimizer(std::move(made), Schedule{std::move(scheduler)}) {}
};

enum class ClipAlgorithm : std::uint8_t { norm, value };
// Of all parameters of the optimizer.
void clip_gradients(const torch::optim::Optimizer& optimizer, double gradient_clip_val, ClipAlgorithm algorithm);

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
