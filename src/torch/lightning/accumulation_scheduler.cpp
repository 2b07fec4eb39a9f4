#include <iterator>

#include <fmt/format.h>

#include "weigh/error.h"
#include "weigh/lightning/callbacks.h"
#include "weigh/lightning/trainer.h"

namespace weigh::lightning {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::usage, "GradientAccumulationScheduler", message);
}

}  // namespace

GradientAccumulationScheduler::GradientAccumulationScheduler(std::map<std::int64_t, std::int64_t> scheduling)
    : scheduling_(std::move(scheduling)) {
  if (scheduling_.empty()) refuse("no epoch is named: {{0, 8}, {4, 4}}");
  for (const auto& [epoch, batches] : scheduling_)
    if (epoch < 0 || batches < 1)
      refuse(fmt::format(
          "{} batches make a step from epoch {} on: epochs count from 0, and a step takes one batch at least", batches,
          epoch));
}

void GradientAccumulationScheduler::on_train_start(Trainer& trainer, ModuleBase& module) {
  if (!module.automatic_optimization)
    refuse("the module optimises by hand (automatic_optimization = false), and so accumulates gradients itself");
  if (trainer.options().accumulate_grad_batches != 1)
    refuse(fmt::format("accumulate_grad_batches is {}, too: leave one of them out",
                       trainer.options().accumulate_grad_batches));
  on_train_epoch_start(trainer, module);  // in the middle of an epoch that a checkpoint goes on with
}

void GradientAccumulationScheduler::on_train_epoch_start(Trainer& trainer, ModuleBase&) {
  const auto next = scheduling_.upper_bound(trainer.current_epoch());
  trainer.set_accumulate_grad_batches(next == scheduling_.begin() ? 1 : std::prev(next)->second);
}

}  // namespace weigh::lightning
