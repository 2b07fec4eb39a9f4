// A step of the optimizers: Lightning's loops/optimization/automatic.py and plugins/precision/precision.py.
#include <cmath>

#include <fmt/format.h>

#include "lightning/data_parallel.h"
#include "lightning/monitored.h"
#include "lightning/session.h"

namespace weigh::lightning {
namespace {

std::string place_of(const Session& session) {
  return fmt::format("step {}, epoch {}, batch {}", session.progress.global_step, session.progress.epoch,
                     session.current_idx);
}

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

torch::Tensor training_step(Session& session) {
  torch::Tensor loss;
  {
    const PrecisionScope scope(session.options.precision);
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
  if (session.current_idx % session.options.accumulate_grad_batches != 0) return;
  session.has_gradients = false;
  for (const auto& [optimizer, schedules] : session.optimizers) {
    session.both("on_before_zero_grad", &Callback::on_before_zero_grad, &ModuleHooks::on_before_zero_grad, *optimizer);
    session.module->optimizer_zero_grad(*optimizer);
  }
}

void backward(Session& session, const torch::Tensor& loss) {
  session.callbacks_do("on_before_backward", &Callback::on_before_backward, loss);
  session.module_does("on_before_backward", [&] { session.module->on_before_backward(loss); });
  session.module_does("backward", [&] { session.module->backward(loss); });
  session.has_gradients = true;
  session.both("on_after_backward", &Callback::on_after_backward, &ModuleHooks::on_after_backward);
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
  const auto parts = session.options.accumulate_grad_batches;
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

// Of all processes.
torch::Tensor shared_gradients(Session& session, torch::Tensor& loss) {
  loss = gradients(session);
  const torch::Tensor mean = average_gradients(session, loss);
  share_buffers(session);
  return mean;
}

}  // namespace

torch::Tensor optimize(Session& session) {
  if (session.should_accumulate() || session.optimizers.empty()) return gradients(session);
  torch::Tensor loss;
  torch::Tensor of_all;
  bool is_first = true;
  for (const auto& configured : session.optimizers) {
    torch::optim::Optimizer& optimizer = *configured.optimizer;
    const auto closure = [&, is_first] {
      if (is_first) of_all = shared_gradients(session, loss);
      clip(session, optimizer);
      return of_all;
    };
    session.module->optimizer_step(optimizer, closure);
    is_first = false;
  }
  ++session.progress.global_step;
  return loss;
}

void step_schedulers(Session& session, Interval interval, bool those_with_metric) {
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
