#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "weigh/lightning/callbacks.h"
#include "weigh/lightning/trainer.h"

namespace weigh::lightning {

double Timer::now() const {
  if (options_.now) return options_.now();
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double Timer::time_elapsed() const { return before_ + (start_ ? now() - *start_ : 0); }

// One clock decides for all processes: the trainer stops all where one stops.
void Timer::check(Trainer& trainer, Interval at) const {
  if (!options_.duration || at != options_.interval) return;
  if (time_elapsed() >= std::chrono::duration<double>(*options_.duration).count()) trainer.stop();
}

// What a checkpoint goes on from may have used up all of it.
void Timer::on_fit_start(Trainer& trainer, ModuleBase&) { check(trainer, options_.interval); }
void Timer::on_train_start(Trainer& trainer, ModuleBase&) {
  start_ = now();
  check(trainer, options_.interval);
}
void Timer::on_train_batch_end(Trainer& trainer, ModuleBase&, const torch::Tensor&, const AnyBatch&, std::int64_t) {
  check(trainer, Interval::step);
}
void Timer::on_train_epoch_end(Trainer& trainer, ModuleBase&) { check(trainer, Interval::epoch); }
void Timer::on_train_end(Trainer&, ModuleBase&) {
  before_ = time_elapsed();
  start_.reset();
}

std::string Timer::state_key() const { return "Timer"; }
std::map<std::string, std::string> Timer::state() const {
  return {{"time_elapsed", fmt::format("{:a}", time_elapsed())}};
}
void Timer::load_state(const std::map<std::string, std::string>& state) {
  before_ = std::strtod(state.at("time_elapsed").c_str(), nullptr);
}

}  // namespace weigh::lightning
