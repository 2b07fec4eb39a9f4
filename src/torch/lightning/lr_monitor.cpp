#include <map>

#include <fmt/format.h>

#include "weigh/lightning/callbacks.h"
#include "weigh/lightning/trainer.h"

namespace weigh::lightning {
namespace {

// "lr-Adam", of a second one "lr-Adam-1", of several groups "lr-Adam/pg1".
void add_rates(Metrics& rates, const torch::optim::Optimizer& optimizer, std::map<std::string, int>& seen) {
  std::string name = "lr-" + type_name(optimizer);
  const int before = seen[name]++;
  if (before > 0) name += fmt::format("-{}", before);
  const std::vector<double> of_groups = learning_rates(optimizer);
  for (std::size_t i = 0; i < of_groups.size(); ++i)
    rates[of_groups.size() == 1 ? name : fmt::format("{}/pg{}", name, i + 1)] = of_groups[i];
}

bool is_due(const ConfiguredOptimizer& configured, Interval at) {
  for (const Schedule& schedule : configured.schedules)
    if (schedule.interval == at) return true;
  return configured.schedules.empty();
}

}  // namespace

void LearningRateMonitor::log(Trainer& trainer, Interval at) {
  if (interval_ && *interval_ != at) return;
  Metrics rates;
  std::map<std::string, int> seen;
  for (const ConfiguredOptimizer& configured : trainer.optimizers()) {
    Metrics of_this;
    add_rates(of_this, *configured.optimizer, seen);
    if (interval_ || is_due(configured, at)) rates.insert(of_this.begin(), of_this.end());
  }
  if (rates.empty()) return;
  for (const auto& [name, value] : rates) trainer.set_callback_metric(name, value);
  trainer.log_metrics(rates);
}

void LearningRateMonitor::on_train_batch_start(Trainer& trainer, ModuleBase&, const AnyBatch&, std::int64_t) {
  if (trainer.is_logging_step()) log(trainer, Interval::step);
}

void LearningRateMonitor::on_train_epoch_start(Trainer& trainer, ModuleBase&) { log(trainer, Interval::epoch); }

}  // namespace weigh::lightning
