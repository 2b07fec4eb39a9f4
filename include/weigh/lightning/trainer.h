// Runs the loops, with the options of Lightning's Trainer.
//
//   weigh::lightning::Trainer trainer({.max_epochs = 10, .gradient_clip_val = 1.0});
//   trainer.fit(net, train_batches, validation_batches);
//   trainer.test(net, test_batches);
#pragma once

#include <chrono>
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
#include "weigh/model.h"

namespace weigh::lightning {

struct Session;

// A number of batches, 10, or a fraction of all, 0.5. As in Python, 1 is one batch, and 1.0 is all of them.
class Limit {
 public:
  template <class Number>
  requires std::is_arithmetic_v<Number> Limit(Number number)
      : is_fraction_(std::is_floating_point_v<Number>), value_(static_cast<double>(number)) {}
  bool is_fraction() const { return is_fraction_; }
  double value() const { return value_; }

 private:
  bool is_fraction_;
  double value_;
};

enum class ClipAlgorithm : std::uint8_t { norm, value };
// bf16: parameters stay 32-bit, and operators that gain by it compute in bfloat16 (Lightning's "bf16-mixed").
enum class Precision : std::uint8_t { f32, f64, bf16 };
// What is done about layers that are not initialised when fit starts.
enum class Uninitialized : std::uint8_t { warn, silent, error };

// Whether several processes train one model, each on a part of the batches: docs/lightning.md. With automatic, they do
// where torchrun or mpirun started several, or `devices` asks for them; with ddp, one alone is an error.
enum class Strategy : std::uint8_t { automatic, single, ddp };

struct TrainerOptions {
  std::optional<std::int64_t> max_epochs = {};  // 1000 where there is no max_steps either; -1: no limit
  std::optional<std::int64_t> min_epochs = {};
  std::int64_t max_steps = -1;  // steps of the optimizer; -1: no limit
  Limit limit_train_batches = 1.0;
  Limit limit_val_batches = 1.0;
  Limit limit_test_batches = 1.0;
  Limit limit_predict_batches = 1.0;
  std::int64_t check_val_every_n_epoch = 1;
  Limit val_check_interval = 1.0;  // within an epoch: after so many training batches, or such a part of them
  std::int64_t num_sanity_val_steps = 2;
  double gradient_clip_val = 0;  // 0: gradients are not clipped
  ClipAlgorithm gradient_clip_algorithm = ClipAlgorithm::norm;
  std::int64_t accumulate_grad_batches = 1;
  Precision precision = Precision::f32;
  std::optional<std::uint64_t> seed = {};
  torch::Device device = torch::kCPU;
  Strategy strategy = Strategy::automatic;
  // So many processes on this machine. Where no launcher started them, the trainer does, when it is made: each runs the
  // program from its beginning, with the same arguments.
  int devices = 1;
  bool use_distributed_sampler = true;  // batches are dealt out; false: each process has a loader with its share
  // How long a process waits for the others, before it takes one for stuck. That of the first trainer that trains.
  std::chrono::milliseconds process_timeout = std::chrono::minutes(30);
  std::int64_t fast_dev_run = 0;  // a trial with so many batches of everything, without checkpoints and logs
  bool enable_model_summary = true;
  bool enable_progress_bar = true;
  bool enable_checkpointing = true;
  std::int64_t log_every_n_steps = 50;
  bool detect_nan = true;      // a loss that is no number is an error, before it reaches a parameter
  bool allow_no_loss = false;  // a step that returns an undefined tensor leaves its batch out; else it is an error
  std::string default_root_dir = ".";
  std::vector<std::shared_ptr<Callback>> callbacks = {};
  Uninitialized uninitialized = Uninitialized::warn;
  // Where text goes: a summary, a progress bar; standard output where null.
  std::ostream* output = nullptr;
  // What notes go to; without it, a line on standard error. All are in Trainer::notes().
  std::function<void(const Note&)> on_note = {};
};

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
  void fit(Module& module, Train&& train, Validation&& validation = nullptr, const std::string& ckpt_path = "") {
    auto& inner = weigh::detail::module_in(module);
    using Batch = typename std::remove_reference_t<decltype(inner)>::Batch;
    fit_any(inner, detail::make_loader<Batch>(std::forward<Train>(train)),
            detail::make_loader<Batch>(std::forward<Validation>(validation)), ckpt_path);
  }
  // What was logged for the epoch.
  template <class Module, class Source>
  Metrics validate(Module& module, Source&& source, const std::string& ckpt_path = "") {
    return evaluate(Task::validate, module, std::forward<Source>(source), ckpt_path, nullptr);
  }
  template <class Module, class Source>
  Metrics test(Module& module, Source&& source, const std::string& ckpt_path = "") {
    return evaluate(Task::test, module, std::forward<Source>(source), ckpt_path, nullptr);
  }
  // What predict_step returned for each batch.
  template <class Module, class Source>
  std::vector<torch::Tensor> predict(Module& module, Source&& source, const std::string& ckpt_path = "") {
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

  template <class Module, class Source>
  Metrics evaluate(Task task, Module& module, Source&& source, const std::string& ckpt_path,
                   std::vector<torch::Tensor>* outputs) {
    auto& inner = weigh::detail::module_in(module);
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
