#include "weigh/lightning/trainer.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "lightning/checkpoint.h"
#include "lightning/data_parallel.h"
#include "lightning/interrupt.h"
#include "lightning/session.h"

#include "weigh/lightning/callbacks.h"
#include "weigh/lightning/model_checkpoint.h"

namespace weigh::lightning {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::usage, "Trainer", message); }

void check_limit(const char* name, Limit limit) {
  if (limit.value() < 0)
    refuse(fmt::format("{} is {}; it is a number of batches or a part of all", name, limit.value()));
  if (limit.is_fraction() && limit.value() > 1)
    refuse(fmt::format("{} is {}; a part of all batches is at most 1.0, a number of them has no point: {}", name,
                       limit.value(), static_cast<std::int64_t>(limit.value())));
}

void check_at_least(const char* name, std::int64_t value, std::int64_t least) {
  if (value < least) refuse(fmt::format("{} is {}; the least that makes sense is {}", name, value, least));
}

void check(const TrainerOptions& options) {
  check_limit("limit_train_batches", options.limit_train_batches);
  check_limit("limit_val_batches", options.limit_val_batches);
  check_limit("limit_test_batches", options.limit_test_batches);
  check_limit("limit_predict_batches", options.limit_predict_batches);
  check_limit("overfit_batches", options.overfit_batches);
  check_limit("val_check_interval", options.val_check_interval);
  if (options.val_check_interval.value() == 0)
    refuse("val_check_interval is 0; to switch validation off, limit_val_batches is 0");
  check_at_least("max_epochs", options.max_epochs.value_or(0), -1);
  check_at_least("min_epochs", options.min_epochs.value_or(0), 0);
  check_at_least("max_steps", options.max_steps, -1);
  check_at_least("check_val_every_n_epoch", options.check_val_every_n_epoch, 1);
  check_at_least("num_sanity_val_steps", options.num_sanity_val_steps, -1);
  check_at_least("accumulate_grad_batches", options.accumulate_grad_batches, 1);
  check_at_least("log_every_n_steps", options.log_every_n_steps, 1);
  check_at_least("fast_dev_run", options.fast_dev_run, 0);
  check_at_least("devices", options.devices, 1);
  check_at_least("max_time, in milliseconds,", options.max_time.value_or(std::chrono::milliseconds(0)).count(), 0);
  check_at_least("process_timeout, in milliseconds,", options.process_timeout.count(), 1);
  if (options.gradient_clip_val < 0)
    refuse(fmt::format("gradient_clip_val is {}; 0 switches clipping off", options.gradient_clip_val));
}

template <class Wanted>
bool has(const std::vector<std::shared_ptr<Callback>>& callbacks) {
  return std::any_of(callbacks.begin(), callbacks.end(),
                     [](const auto& callback) { return dynamic_cast<Wanted*>(callback.get()) != nullptr; });
}

TrainerOptions completed(TrainerOptions options) {
  check(options);
  if (const auto batches = options.fast_dev_run; batches > 0) {
    options.limit_train_batches = options.limit_val_batches = options.limit_test_batches =
        options.limit_predict_batches = Limit(batches);
    options.max_epochs = 1;
    options.max_steps = batches;
    options.num_sanity_val_steps = 0;
    options.val_check_interval = 1.0;
    options.check_val_every_n_epoch = 1;
    options.enable_checkpointing = false;
    std::erase_if(options.callbacks, [](const auto& callback) {
      return callback->saves_checkpoints() || callback->monitors() || dynamic_cast<FileLogger*>(callback.get());
    });
  }
  auto& callbacks = options.callbacks;
  if (options.max_time && has<Timer>(callbacks))
    refuse("max_time is set, and a Timer is among the callbacks: one of them is enough");
  if (options.max_time) callbacks.push_back(std::make_shared<Timer>(*options.max_time));
  if (!options.max_epochs) options.max_epochs = options.max_steps >= 0 || has<Timer>(callbacks) ? -1 : 1000;
  if (options.overfit_batches.value() > 0)
    options.limit_train_batches = options.limit_val_batches = options.overfit_batches;
  if (options.enable_progress_bar && !has<ProgressBar>(callbacks)) callbacks.push_back(std::make_shared<ProgressBar>());
  if (options.enable_model_summary && !has<ModelSummary>(callbacks))
    callbacks.push_back(std::make_shared<ModelSummary>());
  if (options.enable_checkpointing && !has<ModelCheckpoint>(callbacks))
    callbacks.push_back(std::make_shared<ModelCheckpoint>());
  return options;
}

void setup(Session& session) {
  if (session.options.seed && session.task == Task::fit) torch::manual_seed(*session.options.seed);
  join_processes(session);
  session.callbacks_do("setup", &Callback::setup, session.task);
  session.module_does("setup", [&] { session.module->setup(session.task); });
}

void teardown(Session& session) {
  session.callbacks_do("teardown", &Callback::teardown, session.task);
  session.module_does("teardown", [&] { session.module->teardown(session.task); });
}

// A loader of a share may have fewer batches than others.
void check_not_empty(const Session& session, const Loader& loader, Limit limit, const char* what) {
  if (session.group || limit.value() == 0 || loader.size() != 0) return;
  refuse(
      fmt::format("the loader of {} is empty: its size is 0; is the data set empty, or smaller than a batch? To leave "
                  "it out, give no loader or a limit of 0 batches",
                  what));
}

void configure_loops(Session& session) {
  const TrainerOptions& options = session.options;
  check_not_empty(session, *session.train_loader, options.limit_train_batches, "training batches");
  if (session.evaluation_loader)
    check_not_empty(session, *session.evaluation_loader, options.limit_val_batches, "validation batches");
  session.train_batches =
      agreed_count(session, batches_of(*session.train_loader, options.limit_train_batches, "limit_train_batches"));
  session.evaluation_batches =
      session.evaluation_loader ? batches_of(*session.evaluation_loader, options.limit_val_batches, "limit_val_batches")
                                : std::optional<std::int64_t>(0);
  const Limit interval = options.val_check_interval;
  session.validate_every.reset();
  if (!interval.is_fraction()) {
    session.validate_every = static_cast<std::int64_t>(interval.value());
    if (session.train_batches && *session.validate_every > *session.train_batches && session.evaluation_batches != 0)
      refuse(
          fmt::format("val_check_interval is {}, but an epoch has {} training batches: there would be no validation; "
                      "limit_val_batches = 0 switches it off",
                      *session.validate_every, *session.train_batches));
  } else if (interval.value() != 1.0) {
    if (!session.train_batches)
      refuse(
          fmt::format("val_check_interval is a part of an epoch, {}, but the loader does not tell how many batches it "
                      "has (no size()): give a number of batches",
                      interval.value()));
    session.validate_every = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(static_cast<double>(*session.train_batches) * interval.value()));
  } else if (session.train_batches) {
    session.validate_every = std::max<std::int64_t>(1, *session.train_batches);
  }
}

// Schedulers that would undo each other, or end before the training does.
void check_schedules(const Session& session, const std::vector<Schedule>& schedules) {
  const bool sets_rates = std::any_of(schedules.begin(), schedules.end(),
                                      [](const Schedule& schedule) { return schedule.scheduler->sets_rates(); });
  if (sets_rates && schedules.size() > 1)
    throw Error(
        ErrorKind::usage, "configure_optimizers",
        fmt::format("an optimizer has {} schedulers, of which one sets the learning rate whatever the others did: "
                    "make them one, with sequential({{…}}, {{…}}), or leave one out",
                    schedules.size()));
  for (const Schedule& schedule : schedules) {
    const auto most = schedule.scheduler->total_steps();
    const auto times = planned(session, schedule.interval);
    if (most && times && *times / schedule.frequency > *most)
      throw Error(
          ErrorKind::usage, "configure_optimizers",
          fmt::format("a scheduler is for {} steps (total_steps), but it will be stepped {} times, every {} "
                      "{}{}: give it the steps of the whole training",
                      *most, *times / schedule.frequency, schedule.frequency,
                      schedule.interval == Interval::step ? "step" : "epoch", schedule.frequency == 1 ? "" : "s"));
  }
}

void check_manual(const Session& session) {
  if (session.module->automatic_optimization) return;
  if (session.options.gradient_clip_val > 0)
    refuse(
        fmt::format("gradient_clip_val is {}, but the module optimises by hand (automatic_optimization = false): call "
                    "clip_gradients(optimizer(i), {}) there",
                    session.options.gradient_clip_val, session.options.gradient_clip_val));
  if (session.options.accumulate_grad_batches != 1)
    refuse(
        fmt::format("accumulate_grad_batches is {}, but the module optimises by hand (automatic_optimization = "
                    "false): step every {} batches there",
                    session.options.accumulate_grad_batches, session.options.accumulate_grad_batches));
}

void configure_optimizers(Session& session) {
  check_manual(session);
  const Optimizers configured =
      session.module_does("configure_optimizers", [&] { return session.module->configure_optimizers(); });
  session.optimizers = configured.all();
  for (const auto& [optimizer, schedules] : session.optimizers) {
    if (!optimizer) throw Error(ErrorKind::usage, "configure_optimizers", "an optimizer is a null pointer");
    for (const Schedule& schedule : schedules) {
      if (!schedule.scheduler) throw Error(ErrorKind::usage, "configure_optimizers", "a scheduler is a null pointer");
      if (schedule.frequency < 1)
        throw Error(ErrorKind::usage, "configure_optimizers",
                    fmt::format("a scheduler has frequency {}; 1 is every {}", schedule.frequency,
                                schedule.interval == Interval::step ? "step" : "epoch"));
      if (schedule.scheduler->needs_metric() && schedule.monitor.empty())
        throw Error(ErrorKind::usage, "configure_optimizers",
                    "a scheduler watches a metric, but it is not said which: set Schedule::monitor");
    }
    if (session.module->automatic_optimization) check_schedules(session, schedules);
    if (session.scaler && dynamic_cast<torch::optim::LBFGS*>(optimizer.get()))
      throw Error(
          ErrorKind::usage, "configure_optimizers",
          "LBFGS computes gradients several times in a step, and cannot have losses that are scaled: train with "
          "another precision than f16, without a grad_scaler");
  }
  session.manual_steps.assign(session.optimizers.size(), 0);
  check_optimizers(session);
}

void tell_profile(Session& session) {
  const auto& profiler = session.options.profiler;
  if (!profiler || !session.is_first()) return;
  constexpr const char* kTasks[] = {"fit", "validate", "test", "predict"};
  session.trainer.output() << profiler->table(kTasks[static_cast<std::size_t>(session.task)]) << std::flush;
  if (!profiler->trace_path().empty()) profiler->write_trace(profiler->trace_path());
}

// Runs what is given between setup and teardown, with the weights of the checkpoint if there is one; callbacks hear of
// what is thrown, and the run ends either way.
template <class Function>
void guarded(Session& session, const std::string& ckpt_path, const Function& function) {
  struct End {
    Session& session;
    ~End() { session.end(); }
  } end{session};
  try {
    setup(session);
    std::optional<Checkpoint> checkpoint = open_checkpoint(session, ckpt_path);
    place_module(session);
    if (checkpoint) load_model(session, *checkpoint);
    function(checkpoint);
    teardown(session);
    tell_profile(session);
    leave_processes(session);
  } catch (const std::exception& error) {
    for (const auto& callback : session.callbacks) callback->on_exception(session.trainer, *session.module, error);
    tell_processes(session, error);
    throw;
  }
}

}  // namespace

Trainer::Trainer(TrainerOptions options) : session_(std::make_unique<Session>(*this, completed(std::move(options)))) {
  session_->member = member_for(session_->options);
  settle_precision(*session_);
}
Trainer::~Trainer() = default;

void Trainer::fit_any(ModuleBase& module, std::unique_ptr<Loader> train, std::unique_ptr<Loader> validation,
                      const std::string& ckpt_path) {
  Session& session = *session_;
  if (session.module) refuse("fit is called while this trainer runs; use a trainer of its own");
  if (!train) refuse("fit is called without batches to train on");
  session.begin(module, Task::fit);
  const bool overfits = session.options.overfit_batches.value() > 0;
  session.train_loader = overfits ? make_unchanging(std::move(train)) : std::move(train);
  session.evaluation_loader = overfits ? make_unchanging(std::move(validation)) : std::move(validation);
  guarded(session, ckpt_path, [&](std::optional<Checkpoint>& checkpoint) {
    configure_loops(session);
    initialize_lazy_layers(session);
    share_parameters(session);
    configure_optimizers(session);
    session.both("on_fit_start", &Callback::on_fit_start, &ModuleHooks::on_fit_start);
    report_uninitialized(session);
    if (checkpoint) load_training(session, *checkpoint);
    checkpoint.reset();
    {
      const InterruptScope scope;
      lightning::fit(session);
    }
    session.both("on_fit_end", &Callback::on_fit_end, &ModuleHooks::on_fit_end);
  });
}

Metrics Trainer::evaluate_any(Task task, ModuleBase& module, std::unique_ptr<Loader> loader,
                              const std::string& ckpt_path, std::vector<torch::Tensor>* outputs) {
  Session& session = *session_;
  if (session.module) refuse("this trainer runs already; use a trainer of its own");
  if (!loader) refuse("there are no batches to evaluate");
  session.begin(module, task);
  session.evaluation_loader = std::move(loader);
  session.outputs = outputs;
  Metrics metrics;
  guarded(session, ckpt_path, [&](const std::optional<Checkpoint>&) {
    const TrainerOptions& options = session.options;
    const auto [limit, name] = task == Task::validate ? std::pair(options.limit_val_batches, "limit_val_batches")
                               : task == Task::test   ? std::pair(options.limit_test_batches, "limit_test_batches")
                                                    : std::pair(options.limit_predict_batches, "limit_predict_batches");
    check_not_empty(session, *session.evaluation_loader, limit, "batches");
    session.evaluation_batches = batches_of(*session.evaluation_loader, limit, name);
    share_parameters(session);
    metrics = lightning::evaluate(session, session.stage);
    collect_outputs(session);
  });
  return metrics;
}

const TrainerOptions& Trainer::options() const { return session_->options; }
std::int64_t Trainer::current_epoch() const { return session_->progress.epoch; }
std::int64_t Trainer::global_step() const { return session_->progress.global_step; }
std::int64_t Trainer::batch_idx() const { return session_->current_idx; }
Stage Trainer::stage() const { return session_->stage; }
Task Trainer::task() const { return session_->task; }
bool Trainer::is_sanity_checking() const { return session_->sanity_checking; }
std::optional<std::int64_t> Trainer::num_training_batches() const { return session_->train_batches; }
std::optional<std::int64_t> Trainer::num_evaluation_batches() const { return session_->evaluation_batches; }
int Trainer::global_rank() const { return session_->member ? session_->member->rank : 0; }
int Trainer::world_size() const { return session_->member ? session_->member->size : 1; }
std::string Trainer::from_rank_zero(const std::string& text) const {
  return session_->group ? session_->group->from_first(processes::Meeting::text, text) : text;
}
std::optional<double> Trainer::agreed_metric(const std::string& name) const {
  const Metrics& metrics = callback_metrics();
  const auto found = metrics.find(name);
  std::optional<double> own;
  if (found != metrics.end()) own = found->second;
  return session_->group ? agreed_number(*session_, own) : own;
}
void Trainer::stop() { session_->stops = true; }
bool Trainer::should_stop() const { return session_->stops; }
bool Trainer::was_interrupted() const { return session_->interrupted; }

const Metrics& Trainer::callback_metrics() const {
  if (session_->module)
    session_->results().add_to(session_->views, session_->in_batch, session_->stage == Stage::training);
  return session_->views.callback;
}
const Metrics& Trainer::progress_bar_metrics() const { return session_->views.progress_bar; }
const Metrics& Trainer::logged_metrics() const { return session_->views.logged; }
void Trainer::log(const std::string& name, double value, const LogOptions& options) {
  session_->log(name, value, options);
}
void Trainer::log_metrics(const Metrics& metrics) {
  if (!is_global_zero()) return;
  for (const auto& callback : session_->callbacks) callback->log_metrics(metrics, session_->progress.logged_step);
}
bool Trainer::is_logging_step() const { return session_->is_logging_step(); }
void Trainer::set_callback_metric(const std::string& name, double value) { session_->views.callback[name] = value; }

const std::vector<ConfiguredOptimizer>& Trainer::optimizers() const { return session_->optimizers; }
void Trainer::replace_schedules(std::size_t optimizer, std::vector<Schedule> schedules) {
  session_->optimizers.at(optimizer).schedules = std::move(schedules);
}
void Trainer::set_accumulate_grad_batches(std::int64_t batches) { session_->accumulate = batches; }
void Trainer::pass_over_training_batches() { lightning::pass_over_training_batches(*session_); }
const std::vector<std::shared_ptr<Callback>>& Trainer::callbacks() const { return session_->callbacks; }
const Placement& Trainer::placement() const { return session_->placement; }
std::ostream& Trainer::output() const {
  static std::ostream nowhere(nullptr);
  if (!is_global_zero()) return nowhere;
  return session_->options.output ? *session_->options.output : std::cout;
}

void Trainer::save_checkpoint(const std::string& path, std::function<void()> then) {
  session_->requests.emplace_back(path, std::move(then));
}

const std::vector<Note>& Trainer::notes() const { return session_->notes; }
void Trainer::add_note(Note note) {
  if (session_->options.on_note) {
    session_->options.on_note(note);
  } else if (is_global_zero() || note.code == kNoLoss) {  // the other notes are those of all
    std::cerr << note.place << ": " << note.message << '\n';
  }
  session_->notes.push_back(std::move(note));
}

}  // namespace weigh::lightning
