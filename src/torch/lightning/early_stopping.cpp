#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "lightning/monitored.h"

#include "weigh/lightning/callbacks.h"
#include "weigh/lightning/trainer.h"

namespace weigh::lightning {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

}  // namespace

EarlyStopping::EarlyStopping(Options options)
    : options_(std::move(options)), best_(options_.mode == Mode::min ? kInfinite : -kInfinite) {
  if (options_.monitor.empty()) throw Error(ErrorKind::usage, "EarlyStopping", "no metric is named: set monitor");
}

void EarlyStopping::setup(Trainer& trainer, ModuleBase&, Task) {
  at_train_end_ = validates_once_each_epoch(trainer.options());
}

void EarlyStopping::on_train_epoch_end(Trainer& trainer, ModuleBase&) {
  if (at_train_end_) check(trainer);
}

void EarlyStopping::on_validation_end(Trainer& trainer, ModuleBase&) {
  if (!at_train_end_ && trainer.task() == Task::fit && !trainer.is_sanity_checking()) check(trainer);
}

bool EarlyStopping::is_better(double value) const {
  return options_.mode == Mode::min ? value < best_ - options_.min_delta : value > best_ + options_.min_delta;
}

void EarlyStopping::check(Trainer& trainer) {
  const auto metric = trainer.agreed_metric(options_.monitor);
  if (!metric) {
    if (!options_.strict) return;
    throw Error(ErrorKind::usage, "EarlyStopping",
                fmt::format("\"{}\" was not logged in epoch {}; there is: {}", options_.monitor,
                            trainer.current_epoch(), names_of(trainer.callback_metrics())));
  }
  const double value = *metric;
  reason_.clear();
  if (options_.check_finite && !std::isfinite(value)) {
    reason_ = fmt::format("{} is {}, no finite number; the best was {:.3f}", options_.monitor, value, best_);
  } else if (is_better(value)) {
    best_ = value;
    wait_count_ = 0;
  } else if (++wait_count_ >= options_.patience) {
    reason_ = fmt::format("{} did not become better in the last {} checks; the best was {:.3f}", options_.monitor,
                          wait_count_, best_);
  }
  if (reason_.empty()) return;
  stopped_epoch_ = trainer.current_epoch();
  trainer.stop();
}

std::string EarlyStopping::state_key() const {
  return "EarlyStopping." + options_.monitor + (options_.mode == Mode::min ? ".min" : ".max");
}

std::map<std::string, std::string> EarlyStopping::state() const {
  return {{"wait_count", std::to_string(wait_count_)},
          {"stopped_epoch", std::to_string(stopped_epoch_)},
          {"best_score", fmt::format("{:a}", best_)}};
}

void EarlyStopping::load_state(const std::map<std::string, std::string>& state) {
  wait_count_ = std::stoll(state.at("wait_count"));
  stopped_epoch_ = std::stoll(state.at("stopped_epoch"));
  best_ = std::strtod(state.at("best_score").c_str(), nullptr);
}

}  // namespace weigh::lightning
