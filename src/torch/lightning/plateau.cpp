#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "weigh/error.h"
#include "weigh/lightning/schedulers.h"

namespace weigh::lightning {

ReduceLROnPlateau::ReduceLROnPlateau(torch::optim::Optimizer& optimizer, PlateauOptions options)
    : Scheduler(optimizer),
      options_(options),
      best_(options.mode_max ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity()) {
  if (options_.factor < 1 && options_.factor >= 0) return;
  throw Error(ErrorKind::usage, "ReduceLROnPlateau",
              fmt::format("factor is {}; a rate is reduced by a factor below 1", options_.factor));
}

bool ReduceLROnPlateau::is_better(double metric) const {
  if (options_.threshold_absolute)
    return options_.mode_max ? metric > best_ + options_.threshold : metric < best_ - options_.threshold;
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
  for (auto& group : optimizer().param_groups()) {
    const double before = group.options().get_lr();
    const double after = std::max(before * options_.factor, options_.min_lr);
    if (before - after > options_.eps) group.options().set_lr(after);
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

std::shared_ptr<Scheduler> make_plateau(torch::optim::Optimizer& optimizer, const PlateauOptions& options) {
  return std::make_shared<ReduceLROnPlateau>(optimizer, options);
}

}  // namespace weigh::lightning
