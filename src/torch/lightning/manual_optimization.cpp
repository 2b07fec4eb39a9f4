// training_step optimises itself: Lightning's loops/optimization/manual.py and core/optimizer.py.
#include "weigh/lightning/manual_optimization.h"

#include <algorithm>

#include <fmt/format.h>

#include "lightning/data_parallel.h"
#include "lightning/optimization.h"
#include "lightning/session.h"

namespace weigh::lightning {
namespace {

bool is_held(const torch::optim::Optimizer& optimizer, const torch::Tensor& parameter) {
  for (const auto& group : optimizer.param_groups())
    for (const torch::Tensor& held : group.params())
      if (held.is_same(parameter)) return true;
  return false;
}

}  // namespace

torch::optim::Optimizer& LightningOptimizer::optimizer() const { return *session_->optimizers[index_].optimizer; }

void LightningOptimizer::zero_grad() { session_->module->ModuleBase::optimizer_zero_grad(optimizer()); }

void LightningOptimizer::step(const std::function<void()>& closure) {
  Session& session = *session_;
  const auto measured = session.profile("optimizer_step");
  if (closure) closure();
  const bool all_finite = unscale(session, {&optimizer()});
  session.both("on_before_optimizer_step", &Callback::on_before_optimizer_step, &ModuleHooks::on_before_optimizer_step,
               optimizer());
  const LayerTimes::Pause no_forward;
  if (all_finite) optimizer().step();
  if (session.scaler) session.scaler->update(all_finite);
  ++session.progress.global_step;
  ++session.manual_steps[index_];
}

ToggledOptimizer::ToggledOptimizer(Session& session, std::size_t index) {
  const torch::optim::Optimizer& on = *session.optimizers[index].optimizer;
  for (const auto& configured : session.optimizers)
    for (auto& group : configured.optimizer->param_groups())
      for (torch::Tensor& parameter : group.params())
        if (parameter.requires_grad() && !is_held(on, parameter)) off_.push_back(parameter.set_requires_grad(false));
}

ToggledOptimizer::~ToggledOptimizer() {
  for (torch::Tensor& parameter : off_) parameter.set_requires_grad(true);
}

void backward_by_hand(Session& session, const torch::Tensor& loss, bool retain_graph) {
  check_loss(session, loss);
  backward(session, loss, retain_graph);
  average_gradients(session, loss);
}

torch::Tensor optimize_by_hand(Session& session) {
  if (session.was_lazy) share_random(session);
  torch::Tensor output;
  {
    const PrecisionScope scope(session);
    output = session.step(Stage::training, "training_step");
  }
  if (session.was_lazy) check_new_parameters(session);
  share_buffers(session);
  return output.defined() ? output.detach() : output;
}

// Nothing was trained, or a part of nothing: most likely a step that was forgotten.
void check_manual_steps(Session& session) {
  if (session.module->automatic_optimization || session.optimizers.empty() || session.options.allow_no_loss) return;
  std::string idle;
  for (std::size_t i = 0; i < session.manual_steps.size(); ++i)
    if (session.manual_steps[i] == 0)
      idle += fmt::format("{}{} ({})", idle.empty() ? "" : ", ", i, type_name(*session.optimizers[i].optimizer));
  const bool is_any_stepped = std::any_of(session.manual_steps.begin(), session.manual_steps.end(),
                                          [](std::int64_t steps) { return steps > 0; });
  constexpr const char* kAdvice =
      "training_step optimises by hand (automatic_optimization = false): it calls manual_backward(loss) and "
      "optimizer(i).step(); steps of an optimizer that the module keeps itself are not counted";
  if (!is_any_stepped)
    throw Error(ErrorKind::usage, "training_step",
                fmt::format("made no step of an optimizer in epoch {}, in {} batches: nothing is trained. {}. If it is "
                            "meant, allow_no_loss = true goes on",
                            session.progress.epoch, session.progress.batch, kAdvice));
  if (!idle.empty())
    session.trainer.add_note({"idle-optimizer", "training_step",
                              fmt::format("made no step of optimizer {} in its first epoch. {}", idle, kAdvice)});
}

}  // namespace weigh::lightning
