// The state of a Trainer, and how hooks are called. The loops are functions of it.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "lightning/layer_times.h"
#include "lightning/random_state.h"
#include "lightning/results.h"
#include "processes/group.h"

#include "weigh/lightning/trainer.h"

namespace weigh::lightning {

// What is counted, and is a part of every checkpoint.
struct Progress {
  std::int64_t epoch = 0;          // epochs completed
  std::int64_t batch = 0;          // batches of this epoch that were begun
  std::int64_t total_batches = 0;  // of all epochs
  std::int64_t global_step = 0;    // steps of the optimizer
  std::int64_t logged_step = 0;    // as global_step, but counted when all that belongs to the step is done
  bool validation_is_due = false;  // Ctrl-C came before it
};

// Where a checkpoint was made, for the loop that goes on from it.
struct ResumePoint {
  RandomState now;
  std::optional<RandomState> epoch_start;  // in the middle of an epoch
  std::vector<Result> results;             // of the epoch so far
};

struct Session {
  Session(Trainer& owner, TrainerOptions given);

  // Calls the hook of all callbacks, or of the module. `name` is for what is logged in it.
  template <class Hook, class... Arguments>
  void callbacks_do(const char* name, Hook hook, Arguments&&... arguments) {
    const std::string before = std::exchange(this->hook, name);  // by hand, steps of optimizers are within a step
    for (const auto& callback : callbacks) {
      const auto measured = profile(*callback, name);
      ((*callback).*hook)(trainer, *module, arguments...);
    }
    this->hook = before;
  }
  template <class Function>
  decltype(auto) module_does(const char* name, Function&& function) {
    const auto measured = profile(*module, name);
    struct Leave {
      Session& session;
      std::string before;
      ~Leave() { session.hook = before; }
    } leave{*this, std::exchange(hook, name)};
    return function();
  }
  void both(const char* name, void (Callback::*of_callback)(Trainer&, ModuleBase&), void (ModuleHooks::*of_module)());
  void both(const char* name, void (Callback::*of_callback)(Trainer&, ModuleBase&, torch::optim::Optimizer&),
            void (ModuleHooks::*of_module)(torch::optim::Optimizer&), torch::optim::Optimizer& optimizer);

  // Of the time until what is returned ends; without a profiler of nothing. `name` is a literal.
  Profiler::Scope profile(const char* name) { return {options.profiler.get(), options.profiler ? entry_of(name) : 0}; }
  Profiler::Scope profile(const Callback& callback, const char* name) {
    return {options.profiler.get(), options.profiler ? entry_of(callback, name) : 0};
  }
  Profiler::Scope profile(const ModuleBase& of, const char* name) {
    return {options.profiler.get(), options.profiler ? entry_of(of, name) : 0};
  }
  std::uint32_t entry_of(const char* name);
  std::uint32_t entry_of(const Callback& callback, const char* name);
  std::uint32_t entry_of(const ModuleBase& of, const char* name);
  // For LayerTimes::Watch; null where layers are not looked at.
  LayerTimes* layers();

  // The module's functions that take a batch.
  torch::Tensor step(Stage of, const char* name);
  void batch_start(Stage of, const char* name);
  void batch_end(Stage of, const char* name, const torch::Tensor& output);
  void place() { module->place(current, placement); }
  torch::Tensor forward_any(const AnyBatch& batch) { return module->forward_any(batch); }
  void place(const AnyBatch& batch, const Placement& to) { module->place(batch, to); }

  Results& results() { return stage == Stage::training ? train_results : evaluation_results; }
  void log(const std::string& name, double value, const LogOptions& options);
  void log_to_callbacks(Metrics metrics, std::optional<std::int64_t> step = {});
  bool is_logging_step() const { return (progress.logged_step + 1) % options.log_every_n_steps == 0; }
  void begin(ModuleBase& of, Task what);
  void end();

  bool is_last_of_accumulation() const;
  bool has_reached_last_batch() const { return is_last_batch || (train_batches && progress.batch == *train_batches); }
  bool should_accumulate() const { return !is_last_of_accumulation() && !has_reached_last_batch(); }
  bool can_stop_early() const { return epochs_processed >= options.min_epochs.value_or(0); }
  bool max_steps_reached() const { return options.max_steps >= 0 && progress.global_step >= options.max_steps; }

  Trainer& trainer;
  TrainerOptions options;
  std::vector<std::shared_ptr<Callback>> callbacks;
  Placement placement;

  std::optional<processes::Member> member;  // of several processes
  std::shared_ptr<processes::Group> group;  // those that came
  bool is_first() const { return !member || member->rank == 0; }

  ModuleBase* module = nullptr;
  Task task = Task::fit;
  Stage stage = Stage::training;
  bool sanity_checking = false;
  std::string hook;
  std::unique_ptr<Loader> train_loader;
  std::unique_ptr<Loader> evaluation_loader;
  std::optional<std::int64_t> train_batches;       // of an epoch
  std::optional<std::int64_t> evaluation_batches;  // of a pass, without regard to sanity checking
  std::optional<std::int64_t> validate_every;      // batches; nothing: at the end
  std::vector<torch::Tensor>* outputs = nullptr;   // of predict_step

  std::vector<ConfiguredOptimizer> optimizers;
  std::vector<std::int64_t> manual_steps;  // of each, in optimisation by hand
  std::shared_ptr<GradScaler> scaler;      // null where losses are not scaled
  std::unique_ptr<LayerTimes> layer_times;
  Progress progress;
  std::int64_t accumulate = 1;  // batches for a step
  std::int64_t epochs_processed = 0;
  std::int64_t first_epoch = 0;  // of this run
  AnyBatch current;
  std::int64_t current_idx = 0;
  bool in_batch = false;
  bool is_last_batch = false;
  bool skips_rest = false;
  bool stops = false;
  bool interrupted = false;
  bool saves = false;          // a callback of some process asked for a checkpoint
  bool has_gradients = false;  // there was a loss since gradients were let go of

  // Checkpoints that callbacks asked for, and what is to be done afterwards.
  std::vector<std::pair<std::string, std::function<void()>>> requests;
  std::optional<RandomState> epoch_start;  // before the batches of this epoch were drawn
  std::optional<ResumePoint> resumes;

  Results train_results;
  Results evaluation_results;
  MetricViews views;
  std::vector<Note> notes;
  std::set<const void*> told;       // modules whose layers without a shape were told of
  std::set<const void*> optimised;  // parameters that were there when optimizers were configured
  bool was_lazy = false;            // some had no shape then
};

// The code of the note that a step returned no loss.
constexpr const char* kNoLoss = "no-loss";

// fit_loop.cpp
void fit(Session& session);
void pass_over_training_batches(Session& session);
// evaluation_loop.cpp: a pass over session.evaluation_loader; what was logged for it
Metrics evaluate(Session& session, Stage stage);
// optimization.cpp: training_step, and a step of the optimizers unless gradients are accumulated. The loss, detached;
// undefined where there was none.
torch::Tensor optimize(Session& session);
void step_schedulers(Session& session, Interval interval, bool those_with_metric);
// How many steps fit will make of its optimizers, or how many epochs; nothing where nobody knows yet.
std::optional<std::int64_t> planned(const Session& session, Interval interval);
// lazy.cpp
void initialize_lazy_layers(Session& session);
void check_optimizers(Session& session);
void check_new_parameters(Session& session);
// Unless a callback did.
void report_uninitialized(Session& session);
// unchanging_loader.cpp: gives the same batches in each pass, though the range draws an order.
std::unique_ptr<Loader> make_unchanging(std::unique_ptr<Loader> loader);
// precision.cpp
void place_module(Session& session);
// Sets what a step of this precision needs while it lives.
class PrecisionScope {
 public:
  explicit PrecisionScope(const Session& session);
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;
  ~PrecisionScope();

 private:
  Precision precision_;
  torch::DeviceType device_;
};
// A GPU computes in 16 bits of either kind, a CPU in bfloat16.
void settle_precision(Session& session);
// How many batches of a loader; `name` is the option's. Throws weigh::Error(usage) for a part of an unknown number.
std::optional<std::int64_t> batches_of(const Loader& loader, Limit limit, const char* name);

}  // namespace weigh::lightning
