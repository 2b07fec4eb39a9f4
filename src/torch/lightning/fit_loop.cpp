// Epochs and batches of training: Lightning's loops/fit_loop.py and loops/training_epoch_loop.py.
#include "lightning/checkpoint.h"
#include "lightning/data_parallel.h"
#include "lightning/optimization.h"
#include "lightning/random_state.h"
#include "lightning/session.h"

namespace weigh::lightning {
namespace {

bool validates(const Session& session) { return session.evaluation_loader && session.evaluation_batches != 0; }

bool is_epoch_of_validation(const Session& session) {
  return validates(session) && (session.progress.epoch + 1) % session.options.check_val_every_n_epoch == 0;
}

bool is_validation_due(const Session& session) {
  if (!is_epoch_of_validation(session)) return false;
  if (session.stops && session.can_stop_early()) return true;
  if (!session.validate_every) return session.has_reached_last_batch();
  return session.progress.batch % *session.validate_every == 0;
}

void sanity_check(Session& session) {
  if (session.resumes || !validates(session) || session.options.num_sanity_val_steps == 0) return;
  const RandomState before(session.options.device);
  session.sanity_checking = true;
  session.callbacks_do("on_sanity_check_start", &Callback::on_sanity_check_start);
  evaluate(session, Stage::validation);
  session.callbacks_do("on_sanity_check_end", &Callback::on_sanity_check_end);
  session.sanity_checking = false;
  session.views = {};
  before.restore();
}

void validate(Session& session) {
  if (!session.should_accumulate()) session.module->on_validation_model_zero_grad();
  evaluate(session, Stage::validation);
}

// What was logged in the step that is over.
void log_step(Session& session) {
  session.results().add_to(session.views, true, true);
  if (session.should_accumulate()) return;
  if (!session.is_logging_step() && session.options.fast_dev_run == 0) return;
  add_up_results(session, session.results());
  session.log_to_callbacks(session.results().logged(true));
}

// The next batch of the loader becomes the current one.
void fetch(Session& session) {
  const auto measured = session.profile("train_dataloader_next");
  session.current = session.train_loader->batch();
  session.current_idx = session.progress.batch;
  ++session.progress.batch;
  ++session.progress.total_batches;
  const bool reached_limit = session.train_batches && session.progress.batch == *session.train_batches;
  if (!reached_limit) session.train_loader->advance();
  session.is_last_batch = reached_limit || session.train_loader->is_done();
}

void train_batch(Session& session) {
  fetch(session);
  const auto measured = session.profile("run_training_batch");
  session.place();
  session.in_batch = true;
  session.skips_rest = false;
  session.callbacks_do("on_train_batch_start", &Callback::on_train_batch_start, session.current, session.current_idx);
  session.batch_start(Stage::training, "on_train_batch_start");
  agree_on_batch(session);
  if (session.skips_rest) {
    session.is_last_batch = true;
    step_schedulers(session, Interval::step, false);
    step_schedulers(session, Interval::epoch, false);
    return;
  }
  const torch::Tensor loss = optimize(session);
  step_schedulers(session, Interval::step, false);
  if (session.has_reached_last_batch()) step_schedulers(session, Interval::epoch, false);
  session.callbacks_do("on_train_batch_end", &Callback::on_train_batch_end, loss, session.current, session.current_idx);
  session.batch_end(Stage::training, "on_train_batch_end", loss);
  log_step(session);
}

// What follows a batch: validation, and what is counted.
void finish_batch(Session& session, bool is_validation_due) {
  if (is_validation_due) {
    const bool was_in_batch = session.in_batch;
    validate(session);
    session.in_batch = was_in_batch;
    agree_on_stops(session);
  }
  step_schedulers(session, Interval::step, true);
  if (!session.should_accumulate()) ++session.progress.logged_step;
  session.in_batch = false;
  if (!session.has_reached_last_batch()) save_requested(session);
}

// After Ctrl-C nobody waits for validation: a checkpoint tells that it is due.
void after_batch(Session& session) {
  agree_on_stops(session);
  const bool is_due = is_validation_due(session);
  session.progress.validation_is_due = is_due && session.interrupted;
  if (!session.progress.validation_is_due) return finish_batch(session, is_due);
  session.in_batch = false;
}

bool is_epoch_over(Session& session) {
  if (session.interrupted || session.max_steps_reached() || session.has_reached_last_batch()) return true;
  if (session.train_loader->is_done()) return true;
  return session.stops && session.can_stop_early();
}

void run_batches(Session& session) {
  while (!is_epoch_over(session)) {
    train_batch(session);
    if (session.skips_rest) {
      session.in_batch = false;
      break;
    }
    after_batch(session);
    if (session.skips_rest) break;
  }
}

void end_epoch(Session& session) {
  ++session.epochs_processed;
  add_up_results(session, session.results());
  session.hook = "on_train_epoch_end";
  for (const auto& callback : session.callbacks)
    if (!callback->monitors()) callback->on_train_epoch_end(session.trainer, *session.module);
  session.module_does("on_train_epoch_end", [&] { session.module->on_train_epoch_end(); });
  add_up_results(session, session.results());
  for (const auto& callback : session.callbacks)
    if (callback->monitors()) callback->on_train_epoch_end(session.trainer, *session.module);
  session.hook = "";
  add_up_results(session, session.results());
  session.results().add_to(session.views, false, true);
  if (session.has_reached_last_batch()) step_schedulers(session, Interval::epoch, true);
  // Loggers expect the numbers of an epoch under its last step.
  --session.progress.logged_step;
  session.log_to_callbacks(session.results().logged(false));
  ++session.progress.logged_step;
  session.train_results.reset();
  ++session.progress.epoch;
  session.progress.batch = 0;
  agree_on_stops(session);
  save_requested(session);
}

bool is_done(Session& session) {
  if (session.interrupted || session.max_steps_reached()) return true;
  const auto most = session.options.max_epochs.value_or(-1);
  if (most >= 0 && session.epochs_processed >= most) return true;
  return session.stops && session.can_stop_early();
}

void train_epoch(Session& session) {
  const auto measured = session.profile("run_training_epoch");
  if (resume_epoch(session)) {
    if (std::exchange(session.progress.validation_is_due, false)) finish_batch(session, true);
  } else {
    session.both("on_train_epoch_start", &Callback::on_train_epoch_start, &ModuleHooks::on_train_epoch_start);
    remember_epoch_start(session);
    session.train_loader->start();
    session.is_last_batch = false;
  }
  if (session.progress.batch == 0 && session.train_loader->is_done())
    throw Error(ErrorKind::usage, "fit",
                "the loader gave no batch in epoch " + std::to_string(session.progress.epoch) +
                    "; is it a generator that is used up, and cannot begin again?");
  run_batches(session);
  session.train_loader->stop();
  session.current = {};
  if (session.interrupted) return;
  if (session.epochs_processed == session.first_epoch) check_manual_steps(session);
  end_epoch(session);
}

}  // namespace

void pass_over_training_batches(Session& session) {
  const torch::NoGradGuard no_grad;
  Loader& loader = *session.train_loader;
  loader.start();
  for (std::int64_t i = 0; (!session.train_batches || i < *session.train_batches) && !loader.is_done(); ++i) {
    session.current = loader.batch();
    session.current_idx = i;
    session.place();
    const PrecisionScope scope(session);
    session.step(Stage::training, "training_step");
    loader.advance();
  }
  loader.stop();
  session.current = {};
  session.train_results.reset();
}

void fit(Session& session) {
  sanity_check(session);
  agree_on_stops(session);
  if (session.train_batches == 0 || is_done(session)) return;
  session.both("on_train_start", &Callback::on_train_start, &ModuleHooks::on_train_start);
  resume_random(session);
  session.first_epoch = session.epochs_processed;
  while (!is_done(session)) train_epoch(session);
  session.both("on_train_end", &Callback::on_train_end, &ModuleHooks::on_train_end);
  agree_on_stops(session);
  save_requested(session);
}

}  // namespace weigh::lightning
