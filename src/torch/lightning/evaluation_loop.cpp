// A pass over the batches of validation, test or prediction: Lightning's loops/evaluation_loop.py.
#include <algorithm>

#include "lightning/data_parallel.h"
#include "lightning/modes.h"
#include "lightning/session.h"

namespace weigh::lightning {
namespace {

// Hooks of one stage of evaluation.
struct EvaluationHooks {
  Stage stage;
  const char* model_eval;
  const char* start;
  const char* end;
  const char* epoch_start;
  const char* epoch_end;
  const char* batch_start;
  const char* batch_end;
  const char* step;
  void (ModuleBase::*module_model_eval)();
  void (Callback::*callback_start)(Trainer&, ModuleBase&);
  void (Callback::*callback_end)(Trainer&, ModuleBase&);
  void (Callback::*callback_epoch_start)(Trainer&, ModuleBase&);
  void (Callback::*callback_epoch_end)(Trainer&, ModuleBase&);
  void (ModuleHooks::*module_start)();
  void (ModuleHooks::*module_end)();
  void (ModuleHooks::*module_epoch_start)();
  void (ModuleHooks::*module_epoch_end)();
  void (Callback::*callback_batch_start)(Trainer&, ModuleBase&, const AnyBatch&, std::int64_t);
  void (Callback::*callback_batch_end)(Trainer&, ModuleBase&, const torch::Tensor&, const AnyBatch&, std::int64_t);
};

#define WEIGH_EVALUATION_HOOKS(stage)                                                                               \
  "on_" #stage "_model_eval", "on_" #stage "_start", "on_" #stage "_end", "on_" #stage "_epoch_start",              \
      "on_" #stage "_epoch_end", "on_" #stage "_batch_start", "on_" #stage "_batch_end", #stage "_step",            \
      &ModuleBase::on_##stage##_model_eval, &Callback::on_##stage##_start, &Callback::on_##stage##_end,             \
      &Callback::on_##stage##_epoch_start, &Callback::on_##stage##_epoch_end, &ModuleHooks::on_##stage##_start,     \
      &ModuleHooks::on_##stage##_end, &ModuleHooks::on_##stage##_epoch_start, &ModuleHooks::on_##stage##_epoch_end, \
      &Callback::on_##stage##_batch_start, &Callback::on_##stage##_batch_end

const EvaluationHooks kValidation = {Stage::validation, WEIGH_EVALUATION_HOOKS(validation)};
const EvaluationHooks kTest = {Stage::test, WEIGH_EVALUATION_HOOKS(test)};
const EvaluationHooks kPredict = {Stage::predict, WEIGH_EVALUATION_HOOKS(predict)};
#undef WEIGH_EVALUATION_HOOKS

std::optional<std::int64_t> batches_to_do(const Session& session) {
  const std::int64_t sanity = session.options.num_sanity_val_steps;
  if (!session.sanity_checking || sanity < 0) return session.evaluation_batches;
  return std::min(sanity, session.evaluation_batches.value_or(sanity));
}

void evaluate_batch(Session& session, const EvaluationHooks& hooks, std::int64_t batch_idx) {
  session.current = session.evaluation_loader->batch();
  session.current_idx = batch_idx;
  session.place();
  session.in_batch = true;
  session.callbacks_do(hooks.batch_start, hooks.callback_batch_start, session.current, batch_idx);
  session.batch_start(hooks.stage, hooks.batch_start);
  torch::Tensor output;
  {
    const PrecisionScope scope(session);
    output = session.step(hooks.stage, hooks.step);
  }
  session.callbacks_do(hooks.batch_end, hooks.callback_batch_end, output, session.current, batch_idx);
  session.batch_end(hooks.stage, hooks.batch_end, output);
  if (session.outputs) session.outputs->push_back(output);
  session.results().add_to(session.views, true, false);
  if (!session.sanity_checking) session.log_to_callbacks(session.results().logged(true), batch_idx);
  session.in_batch = false;
}

// A share of several processes may have none.
void refuse_empty(const Session& session) {
  if (session.group) return;
  const char* name = session.task == Task::fit        ? "validation"
                     : session.task == Task::validate ? "validate"
                     : session.task == Task::test     ? "test"
                                                      : "predict";
  throw Error(
      ErrorKind::usage, name,
      "the loader gave no batch; is the data set empty, or a generator used up? To leave it out, give no loader "
      "or a limit of 0 batches");
}

void evaluate_batches(Session& session, const EvaluationHooks& hooks) {
  const auto most = batches_to_do(session);
  Loader& loader = *session.evaluation_loader;
  loader.start();
  if (loader.is_done() && (!most || *most > 0)) refuse_empty(session);
  for (std::int64_t idx = 0; (!most || idx < *most) && !loader.is_done(); ++idx) {
    evaluate_batch(session, hooks, idx);
    if (!most || idx + 1 < *most) loader.advance();
  }
  loader.stop();
  session.current = {};
}

const EvaluationHooks& hooks_of(Stage stage) {
  return stage == Stage::validation ? kValidation : stage == Stage::test ? kTest : kPredict;
}

}  // namespace

Metrics evaluate(Session& session, Stage stage) {
  const EvaluationHooks& hooks = hooks_of(stage);
  if (session.evaluation_batches == 0) return {};
  const torch::NoGradGuard no_grad;
  session.stage = stage;
  session.evaluation_results.reset();
  Modes modes(*session.module);
  session.module_does(hooks.model_eval, [&] { (session.module->*hooks.module_model_eval)(); });
  session.both(hooks.start, hooks.callback_start, hooks.module_start);
  session.both(hooks.epoch_start, hooks.callback_epoch_start, hooks.module_epoch_start);
  if (session.was_lazy) share_random(session);  // so that lazy layers are initialised alike
  evaluate_batches(session, hooks);
  if (session.was_lazy) share_parameters(session);
  add_up_results(session, session.results());
  if (!session.sanity_checking) session.results().add_to(session.views, false, false);
  session.both(hooks.epoch_end, hooks.callback_epoch_end, hooks.module_epoch_end);
  add_up_results(session, session.results());
  session.results().add_to(session.views, false, false);
  const Metrics metrics = session.results().logged(false);
  if (!session.sanity_checking) session.log_to_callbacks(metrics);
  session.both(hooks.end, hooks.callback_end, hooks.module_end);
  session.evaluation_results.reset();
  modes.restore();
  if (session.task == Task::fit) session.stage = Stage::training;
  return metrics;
}

}  // namespace weigh::lightning
