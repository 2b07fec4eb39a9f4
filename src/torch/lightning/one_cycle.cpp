#include <cmath>
#include <numbers>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "weigh/error.h"
#include "weigh/lightning/schedulers.h"

namespace weigh::lightning {
namespace {

// Between two points of the cycle.
struct Phase {
  double end = 0;  // step
  double from_lr = 0, to_lr = 0;
  double from_momentum = 0, to_momentum = 0;
};

std::vector<Phase> phases_of(const OneCycleOptions& options) {
  const double initial = options.max_lr / options.div_factor;
  const double least = initial / options.final_div_factor;
  const auto total = static_cast<double>(options.total_steps);
  const double up = options.pct_start * total - 1;
  const double high = options.max_momentum;
  const double low = options.base_momentum;
  const Phase first{up, initial, options.max_lr, high, low};
  if (!options.three_phase) return {first, {total - 1, options.max_lr, least, low, high}};
  return {first,
          {2 * options.pct_start * total - 2, options.max_lr, initial, low, high},
          {total - 1, initial, least, high, high}};
}

double between(double from, double to, double part, bool is_linear) {
  if (is_linear) return (to - from) * part + from;
  return to + (from - to) / 2 * (std::cos(std::numbers::pi * part) + 1);
}

template <class Options>
bool set_beta(torch::optim::OptimizerOptions& options, double momentum) {
  auto* with_betas = dynamic_cast<Options*>(&options);
  if (with_betas) with_betas->betas({momentum, std::get<1>(with_betas->betas())});
  return with_betas != nullptr;
}

template <class Options>
bool set_momentum(torch::optim::OptimizerOptions& options, double momentum) {
  auto* with_momentum = dynamic_cast<Options*>(&options);
  if (with_momentum) with_momentum->momentum(momentum);
  return with_momentum != nullptr;
}

// Whether the optimizer has one.
bool cycle(torch::optim::OptimizerOptions& options, double momentum) {
  return set_momentum<torch::optim::SGDOptions>(options, momentum) ||
         set_beta<torch::optim::AdamOptions>(options, momentum) ||
         set_beta<torch::optim::AdamWOptions>(options, momentum) ||
         set_momentum<torch::optim::RMSpropOptions>(options, momentum);
}

}  // namespace

OneCycleLR::OneCycleLR(torch::optim::Optimizer& optimizer, OneCycleOptions options)
    : Scheduler(optimizer), options_(options) {
  if (options.max_lr <= 0 || options.total_steps < 1 || options.pct_start < 0 || options.pct_start > 1)
    throw Error(
        ErrorKind::usage, "OneCycleLR",
        fmt::format("max_lr {}, total_steps {}, pct_start {}: a rate above 0, one step at least, a part from 0 to 1",
                    options.max_lr, options.total_steps, options.pct_start));
  apply();
}

void OneCycleLR::apply() {
  const std::vector<Phase> phases = phases_of(options_);
  const auto step = static_cast<double>(steps_);
  double begin = 0;
  const Phase* phase = &phases.front();
  for (const Phase& next : phases) {
    phase = &next;
    if (step <= next.end || &next == &phases.back()) break;
    begin = next.end;
  }
  const double part = phase->end == begin ? 1 : (step - begin) / (phase->end - begin);
  for (auto& group : optimizer().param_groups()) {
    group.options().set_lr(between(phase->from_lr, phase->to_lr, part, options_.linear));
    if (!options_.cycle_momentum) continue;
    if (!cycle(group.options(), between(phase->from_momentum, phase->to_momentum, part, options_.linear)))
      throw Error(ErrorKind::usage, "OneCycleLR",
                  fmt::format("{} has neither momentum nor betas to cycle: set cycle_momentum = false",
                              type_name(optimizer())));
  }
}

void OneCycleLR::step(double /*metric*/) {
  if (++steps_ > options_.total_steps)
    throw Error(
        ErrorKind::usage, "OneCycleLR",
        fmt::format("is stepped {} times, but total_steps is {}: it is the number of steps of the whole training, "
                    "epochs times steps of an epoch, for Interval::step",
                    steps_, options_.total_steps));
  apply();
}

std::map<std::string, double> OneCycleLR::state() const { return {{"steps", static_cast<double>(steps_)}}; }

void OneCycleLR::load_state(const std::map<std::string, double>& state) {
  steps_ = static_cast<std::int64_t>(state.at("steps"));
  apply();
}

std::shared_ptr<Scheduler> make_one_cycle(torch::optim::Optimizer& optimizer, const OneCycleOptions& options) {
  return std::make_shared<OneCycleLR>(optimizer, options);
}

}  // namespace weigh::lightning
