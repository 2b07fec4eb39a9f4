// Runs the loops, with the options of Lightning's Trainer (weigh/lightning/trainer_options.h).
//
//   weigh::lightning::Trainer trainer({.max_epochs = 10, .gradient_clip_val = 1.0});
//   trainer.fit(net, train_batches, validation_batches);
//   trainer.test(net, test_batches);
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "weigh/lightning/callback.h"
#include "weigh/lightning/loader.h"
#include "weigh/lightning/module.h"
#include "weigh/lightning/trainer_options.h"
#include "weigh/model.h"

namespace weigh::lightning {

struct Session;

class Trainer {
 public:
  // Throws weigh::Error(usage) for options that make no sense.
  explicit Trainer(TrainerOptions options = {});
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  ~Trainer();

  // Trains. `ckpt_path` is a checkpoint to go on from. What a step, a loader or a callback throws is passed on, after
  // Callback::on_exception. Ctrl-C ends the training after the step at hand, with a checkpoint; a second one kills.
  template <class Module, class Train, class Validation = std::nullptr_t>
  void fit(Module&& module, Train&& train, Validation&& validation = nullptr, const std::string& ckpt_path = "") {
    auto& inner = module_of(module);
    using Batch = typename std::remove_reference_t<decltype(inner)>::Batch;
    fit_any(inner, detail::make_loader<Batch>(std::forward<Train>(train)),
            detail::make_loader<Batch>(std::forward<Validation>(validation)), ckpt_path);
  }
  // What was logged for the epoch.
  template <class Module, class Source>
  Metrics validate(Module&& module, Source&& source, const std::string& ckpt_path = "") {
    return evaluate(Task::validate, module, std::forward<Source>(source), ckpt_path, nullptr);
  }
  template <class Module, class Source>
  Metrics test(Module&& module, Source&& source, const std::string& ckpt_path = "") {
    return evaluate(Task::test, module, std::forward<Source>(source), ckpt_path, nullptr);
  }
  // What predict_step returned for each batch.
  template <class Module, class Source>
  std::vector<torch::Tensor> predict(Module&& module, Source&& source, const std::string& ckpt_path = "") {
    std::vector<torch::Tensor> outputs;
    evaluate(Task::predict, module, std::forward<Source>(source), ckpt_path, &outputs);
    return outputs;
  }

  const TrainerOptions& options() const;  // as given, after fast_dev_run had its say
  std::int64_t current_epoch() const;
  std::int64_t global_step() const;  // steps of the optimizer
  std::int64_t batch_idx() const;    // in the epoch, of the batch at hand or the last one
  Stage stage() const;
  Task task() const;
  bool is_sanity_checking() const;
  // Of an epoch, with limits; nothing where the loader does not tell.
  std::optional<std::int64_t> num_training_batches() const;
  std::optional<std::int64_t> num_evaluation_batches() const;

  // Which of the processes that train one model this one is, and how many there are: 0 and 1 in one process. Rank 0
  // alone prints, logs and saves.
  int global_rank() const;
  int world_size() const;
  bool is_global_zero() const { return global_rank() == 0; }
  // The rest is for callbacks, and is called in all processes or in none. What rank 0 has:
  std::string from_rank_zero(const std::string& text) const;
  // A metric to decide by, so that all decide alike: the mean where they do not have the same; nothing where none has.
  std::optional<double> agreed_metric(const std::string& name) const;

  // Ends the training after the batch at hand, once min_epochs are reached.
  void stop();
  bool should_stop() const;
  bool was_interrupted() const;  // by Ctrl-C

  // What was logged last: with the names that callbacks ask for, for the progress bar, for loggers.
  const Metrics& callback_metrics() const;
  const Metrics& progress_bar_metrics() const;
  const Metrics& logged_metrics() const;
  // As LightningModule::log(), for callbacks.
  void log(const std::string& name, double value, const LogOptions& options = {});
  // Writes numbers to the loggers at once, under the step at hand.
  void log_metrics(const Metrics& metrics);
  // Whether the step at hand is one of every log_every_n_steps.
  bool is_logging_step() const;
  // Makes a number known to callbacks that monitor, without logging it.
  void set_callback_metric(const std::string& name, double value);

  const std::vector<ConfiguredOptimizer>& optimizers() const;
  // For callbacks: other schedulers for an optimizer, from now on.
  void replace_schedules(std::size_t optimizer, std::vector<Schedule> schedules);
  // So many batches make a step, from the next one on.
  void set_accumulate_grad_batches(std::int64_t batches);
  // training_step for each batch of an epoch, without gradients and steps: for what a forward learns.
  void pass_over_training_batches();
  const std::vector<std::shared_ptr<Callback>>& callbacks() const;
  const Placement& placement() const;
  std::ostream& output() const;

  // Saves the model, and beside it all that is needed to go on: NAME.safetensors and NAME.STEP.state. It is written as
  // soon as nothing is half done, after the batch or the epoch at hand; then `then` is called.
  void save_checkpoint(const std::string& path, std::function<void()> then = {});

  const std::vector<Note>& notes() const;
  void add_note(Note note);
  // What is not initialised, as weigh::ModelSummary::warnings() tells it: notes, once for a module, nothing, or an
  // error, as the options say.
  void tell_uninitialized(ModuleBase& module, std::vector<Note> notes);

 private:
  friend class ModuleBase;
  friend struct Session;

  template <class Module>
  static auto& module_of(Module& module) {
    static_assert(weigh::detail::NativeModule<Module>,
                  "a Trainer runs a LightningModule, its holder or a std::shared_ptr to it; is it a pointer or a "
                  "std::unique_ptr, whose * is meant?");
    auto& inner = weigh::detail::module_in(module);
    static_assert(std::is_base_of_v<ModuleBase, std::remove_reference_t<decltype(inner)>>,
                  "a Trainer runs modules that derive from weigh::lightning::LightningModule<Batch>, and not from "
                  "torch::nn::Module alone");
    return inner;
  }
  template <class Module, class Source>
  Metrics evaluate(Task task, Module& module, Source&& source, const std::string& ckpt_path,
                   std::vector<torch::Tensor>* outputs) {
    auto& inner = module_of(module);
    using Batch = typename std::remove_reference_t<decltype(inner)>::Batch;
    return evaluate_any(task, inner, detail::make_loader<Batch>(std::forward<Source>(source)), ckpt_path, outputs);
  }
  void fit_any(ModuleBase& module, std::unique_ptr<Loader> train, std::unique_ptr<Loader> validation,
               const std::string& ckpt_path);
  Metrics evaluate_any(Task task, ModuleBase& module, std::unique_ptr<Loader> loader, const std::string& ckpt_path,
                       std::vector<torch::Tensor>* outputs);

  std::unique_ptr<Session> session_;
};

}  // namespace weigh::lightning
