// A step of the optimizers: Lightning's loops/optimization/automatic.py and plugins/precision/precision.py.
#include "lightning/optimization.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <fmt/format.h>

#include "lightning/data_parallel.h"
#include "lightning/monitored.h"
#include "lightning/session.h"

#include "weigh/lightning/callbacks.h"

namespace weigh::lightning {
namespace {

std::string place_of(const Session& session) {
  return fmt::format("step {}, epoch {}, batch {}", session.progress.global_step, session.progress.epoch,
                     session.current_idx);
}

}  // namespace

void check_loss(Session& session, const torch::Tensor& loss) {
  if (loss.numel() != 1)
    throw Error(ErrorKind::usage, "training_step",
                fmt::format("the loss has {} elements, at {}; backward starts from one number: reduce it with mean() "
                            "or sum()",
                            loss.numel(), place_of(session)));
  if (!loss.requires_grad() && !loss.grad_fn())
    throw Error(ErrorKind::usage, "training_step",
                fmt::format("no parameter that requires a gradient led to the loss, at {}; was it detached, or made "
                            "with gradients switched off?",
                            place_of(session)));
  if (!session.options.detect_nan) return;
  const double value = loss.item<double>();
  if (!std::isfinite(value))
    throw Error(ErrorKind::corrupt, "training_step",
                fmt::format("the loss is {}, at {}; no parameter was changed by it, and checkpoints saved before are "
                            "kept. A likely cause is a learning rate that is too large, a logarithm or root of 0, or "
                            "such a value in the batch (detect_nan = false goes on)",
                            value, place_of(session)));
}

void backward(Session& session, const torch::Tensor& loss, bool retain_graph) {
  session.callbacks_do("on_before_backward", &Callback::on_before_backward, loss);
  session.module_does("on_before_backward", [&] { session.module->on_before_backward(loss); });
  const torch::Tensor scaled = session.scaler ? session.scaler->scale(loss) : loss;
  session.module_does("backward", [&] {
    if (retain_graph) {
      scaled.backward({}, true);
    } else {
      session.module->backward(scaled);
    }
  });
  session.has_gradients = true;
  session.both("on_after_backward", &Callback::on_after_backward, &ModuleHooks::on_after_backward);
}

bool unscale(Session& session, const std::vector<torch::optim::Optimizer*>& optimizers) {
  if (!session.scaler) return true;
  std::vector<torch::Tensor> parameters;
  std::unordered_set<const void*> seen;  // one that two optimizers hold is divided once
  for (const auto* optimizer : optimizers)
    for (const auto& group : optimizer->param_groups())
      for (const torch::Tensor& parameter : group.params())
        if (seen.insert(parameter.unsafeGetTensorImpl()).second) parameters.push_back(parameter);
  return session.scaler->unscale(parameters);
}

namespace {

torch::Tensor training_step(Session& session) {
  torch::Tensor loss;
  {
    const PrecisionScope scope(session);
    loss = session.step(Stage::training, "training_step");
  }
  if (!loss.defined() && !session.options.allow_no_loss)
    throw Error(
        ErrorKind::usage, "training_step",
        fmt::format("returned no loss (an undefined tensor), at {}; no parameter was changed by it, and "
                    "checkpoints saved before are kept. If it is meant, allow_no_loss = true leaves such batches "
                    "out",
                    place_of(session)));
  if (!loss.defined()) return loss;
  check_loss(session, loss);
  return loss;
}

void zero_grad(Session& session) {
  if (session.current_idx % session.accumulate != 0) return;
  session.has_gradients = false;
  for (const auto& [optimizer, schedules] : session.optimizers) {
    session.both("on_before_zero_grad", &Callback::on_before_zero_grad, &ModuleHooks::on_before_zero_grad, *optimizer);
    session.module->optimizer_zero_grad(*optimizer);
  }
}

// Forward and backward; what training_step returned, detached.
torch::Tensor gradients(Session& session) {
  if (session.was_lazy) share_random(session);
  const bool was_lazy = session.was_lazy;
  torch::Tensor loss = training_step(session);
  if (was_lazy) check_new_parameters(session);
  if (was_lazy) share_parameters(session);
  zero_grad(session);
  if (!loss.defined()) {
    if (session.told.insert(kNoLoss).second)
      session.trainer.add_note(
          {kNoLoss, session.is_first() ? "training_step" : fmt::format("rank {}, training_step", session.member->rank),
           fmt::format("returned an undefined tensor at {}: the batch is left out. This is said once",
                       place_of(session))});
    return loss;
  }
  const auto parts = session.accumulate;
  backward(session, parts == 1 ? loss : loss / parts);
  return loss.detach();
}

void clip(Session& session, torch::optim::Optimizer& optimizer) {
  session.both("on_before_optimizer_step", &Callback::on_before_optimizer_step, &ModuleHooks::on_before_optimizer_step,
               optimizer);
  session.module_does("configure_gradient_clipping", [&] { session.module->configure_gradient_clipping(optimizer); });
}

double monitored(Session& session, const Schedule& schedule) {
  if (const auto metric = session.trainer.agreed_metric(schedule.monitor)) return *metric;
  throw Error(ErrorKind::usage, "configure_optimizers",
              fmt::format("a scheduler watches \"{}\", which was not logged; there is: {}", schedule.monitor,
                          names_of(session.trainer.callback_metrics())));
}

bool unscale_all(Session& session) {
  std::vector<torch::optim::Optimizer*> all;
  for (const auto& configured : session.optimizers) all.push_back(configured.optimizer.get());
  return unscale(session, all);
}

// Of all processes.
torch::Tensor shared_gradients(Session& session, torch::Tensor& loss) {
  loss = gradients(session);
  const torch::Tensor mean = average_gradients(session, loss);
  share_buffers(session);
  return mean;
}

}  // namespace

torch::Tensor optimize(Session& session) {
  if (!session.module->automatic_optimization) return optimize_by_hand(session);
  if (session.should_accumulate() || session.optimizers.empty()) return gradients(session);
  torch::Tensor loss;
  torch::Tensor of_all;
  bool is_first = true;
  bool all_finite = true;
  for (const auto& configured : session.optimizers) {
    torch::optim::Optimizer& optimizer = *configured.optimizer;
    const auto closure = [&, is_first] {
      if (is_first) of_all = shared_gradients(session, loss);
      if (is_first && session.scaler) all_finite = unscale_all(session);
      clip(session, optimizer);
      // An optimizer passes parameters without a gradient over: the step is left out, however a module makes it.
      if (!all_finite) session.module->ModuleBase::optimizer_zero_grad(optimizer);
      return of_all;
    };
    session.module->optimizer_step(optimizer, closure);
    is_first = false;
  }
  if (session.scaler) session.scaler->update(all_finite);
  ++session.progress.global_step;
  return loss;
}

std::optional<std::int64_t> planned(const Session& session, Interval interval) {
  const TrainerOptions& options = session.options;
  const std::int64_t epochs = options.max_epochs.value_or(-1);
  if (interval == Interval::epoch) return epochs < 0 ? std::nullopt : std::optional(epochs);
  for (const auto& callback : session.callbacks)
    if (dynamic_cast<GradientAccumulationScheduler*>(callback.get())) return std::nullopt;
  std::optional<std::int64_t> steps;
  if (options.max_steps >= 0) steps = options.max_steps;
  if (epochs < 0 || !session.train_batches) return steps;
  const std::int64_t each = options.accumulate_grad_batches;
  const std::int64_t of_all = epochs * ((*session.train_batches + each - 1) / each);
  return steps ? std::min(*steps, of_all) : of_all;
}

void step_schedulers(Session& session, Interval interval, bool those_with_metric) {
  if (!session.module->automatic_optimization) return;
  if (interval == Interval::step && session.should_accumulate()) return;
  const std::int64_t count = interval == Interval::step ? session.progress.batch : session.progress.epoch + 1;
  for (const auto& configured : session.optimizers) {
    for (const Schedule& schedule : configured.schedules) {
      const bool is_due = schedule.interval == interval && count % schedule.frequency == 0;
      if (!is_due || schedule.scheduler->needs_metric() != those_with_metric) continue;
      const double metric = those_with_metric ? monitored(session, schedule) : 0;
      session.module->lr_scheduler_step(*schedule.scheduler, metric);
    }
  }
}

}  // namespace weigh::lightning
