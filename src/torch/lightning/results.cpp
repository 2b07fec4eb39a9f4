#include "lightning/results.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <sstream>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh::lightning {
namespace {

// Lightning's table: trainer/connectors/logger_connector/fx_validator.py
constexpr std::array<std::string_view, 9> kStepHooks = {
    "training_step",     "on_train_batch_start",     "on_train_batch_end",
    "backward",          "on_before_zero_grad",      "on_before_backward",
    "on_after_backward", "on_before_optimizer_step", "configure_gradient_clipping"};
constexpr std::array<std::string_view, 6> kEvaluationHooks = {"validation_step",         "on_validation_batch_start",
                                                              "on_validation_batch_end", "test_step",
                                                              "on_test_batch_start",     "on_test_batch_end"};
constexpr std::array<std::string_view, 9> kEpochHooks = {
    "on_train_start",      "on_train_epoch_start",      "on_train_epoch_end",
    "on_validation_start", "on_validation_epoch_start", "on_validation_epoch_end",
    "on_test_start",       "on_test_epoch_start",       "on_test_epoch_end"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

double value_of(const Result& result, bool on_step) {
  const auto& total = result.total;
  if (on_step) return total.is_known ? total.last : result.last;
  const double sum = total.is_known ? total.sum : result.sum;
  const double weight = total.is_known ? total.weight : result.weight;
  return weight == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / weight;
}

bool is_shown(const Result& result, bool on_step) { return on_step ? result.on_step : result.on_epoch; }

const std::string& shown_name(const Result& result, bool on_step) {
  return on_step ? result.step_name : result.epoch_name;
}

}  // namespace

Result* Results::find(std::string_view hook, const std::string& name) {
  for (Result& result : all_)
    if (result.name == name && result.hook == hook) return &result;
  return nullptr;
}

Result& Results::find_or_add(std::string_view hook, const std::string& name, const LogOptions& options) {
  if (Result* found = find(hook, name)) return *found;
  const bool is_step_hook = holds(kStepHooks, hook);
  if (!is_step_hook && !holds(kEvaluationHooks, hook) && !holds(kEpochHooks, hook))
    throw Error(ErrorKind::usage, name,
                "nothing can be logged in " + (hook.empty() ? "this place" : std::string(hook)) +
                    ", which belongs to no epoch: log it in a step, or in a hook of a batch or an epoch");
  Result made;
  made.hook = hook;
  made.name = made.step_name = made.epoch_name = name;
  made.on_step = options.on_step.value_or(is_step_hook);
  made.on_epoch = options.on_epoch.value_or(!is_step_hook);
  if (made.on_step && holds(kEpochHooks, hook))
    throw Error(
        ErrorKind::usage, name,
        "on_step is asked for in " + std::string(hook) + ", which has no steps: leave it out, or log it in a step");
  if (!made.on_step && !made.on_epoch)
    throw Error(ErrorKind::usage, name,
                "is logged neither for the step nor for the epoch (on_step and on_epoch are false): set one of them");
  if (made.on_step && made.on_epoch) {
    made.step_name += "_step";
    made.epoch_name += "_epoch";
  }
  made.prog_bar = options.prog_bar;
  made.logger = options.logger;
  return all_.emplace_back(std::move(made));
}

void Results::log(std::string_view hook, const std::string& name, double value, const LogOptions& options,
                  std::int64_t weight) {
  Result& result = find_or_add(hook, name, options);
  result.last = value;
  result.last_weight = static_cast<double>(weight);
  result.total.is_known = false;
  if (!result.on_epoch) return;
  result.sum += value * static_cast<double>(weight);
  result.weight += static_cast<double>(weight);
}

void Results::add_to(MetricViews& views, bool on_step, bool training) const {
  for (const Result& result : all_) {
    if (!is_shown(result, on_step)) continue;
    const double value = value_of(result, on_step);
    const std::string& name = shown_name(result, on_step);
    if (result.logger) views.logged.insert_or_assign(name, value);
    if (result.prog_bar) views.progress_bar.insert_or_assign(name, value);
    if (training || (result.on_epoch && !on_step)) {
      views.callback.insert_or_assign(result.name, value);
      views.callback.insert_or_assign(name, value);
    }
  }
}

Metrics Results::logged(bool on_step) const {
  Metrics metrics;
  for (const Result& result : all_)
    if (result.logger && is_shown(result, on_step))
      metrics.insert_or_assign(shown_name(result, on_step), value_of(result, on_step));
  return metrics;
}

void Results::take_totals(const std::vector<std::vector<Result>>& of_all) {
  for (Result& result : all_) result.total = {true, 0, 0, 0};
  std::vector<double> last_weights(all_.size());
  for (const std::vector<Result>& results : of_all) {
    for (const Result& one : results) {
      Result* known = find(one.hook, one.name);
      if (!known) {
        Result made = one;
        made.last = made.sum = made.weight = made.last_weight = 0;
        made.total = {true, 0, 0, 0};
        known = &all_.emplace_back(std::move(made));
        last_weights.push_back(0);
      }
      known->total.sum += one.sum;
      known->total.weight += one.weight;
      if (one.last_weight <= 0) continue;
      double& weight = last_weights[static_cast<std::size_t>(known - all_.data())];
      weight += one.last_weight;
      known->total.last += (one.last - known->total.last) * one.last_weight / weight;
    }
  }
}

std::vector<Result> Results::totals() const {
  std::vector<Result> all = all_;
  for (Result& result : all) {
    if (!result.total.is_known) continue;
    result.last = result.total.last;
    result.sum = result.total.sum;
    result.weight = result.total.weight;
    result.total = {};
  }
  return all;
}

std::string text_of(const std::vector<Result>& results) {
  std::string text;
  for (const Result& result : results)
    text += fmt::format("{}\n{}\n{}\n{}\n{:d} {:d} {:d} {:d} {:a} {:a} {:a} {:a}\n", result.hook, result.name,
                        result.step_name, result.epoch_name, result.on_step, result.on_epoch, result.prog_bar,
                        result.logger, result.last, result.sum, result.weight, result.last_weight);
  return text;
}

std::vector<Result> results_in(const std::string& text) {
  std::vector<Result> results;
  std::istringstream lines(text);
  for (Result result; std::getline(lines, result.hook); results.push_back(result)) {
    std::getline(lines, result.name);
    std::getline(lines, result.step_name);
    std::getline(lines, result.epoch_name);
    std::string numbers, last, sum, weight, last_weight;
    std::getline(lines, numbers);
    std::istringstream fields(numbers);
    fields >> result.on_step >> result.on_epoch >> result.prog_bar >> result.logger >> last >> sum >> weight;
    result.last = std::strtod(last.c_str(), nullptr);
    result.sum = std::strtod(sum.c_str(), nullptr);
    result.weight = std::strtod(weight.c_str(), nullptr);
    result.last_weight = fields >> last_weight ? std::strtod(last_weight.c_str(), nullptr) : 1;
  }
  return results;
}

}  // namespace weigh::lightning
