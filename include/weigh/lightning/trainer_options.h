// What a Trainer is told: names and defaults as in Lightning's Trainer.
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
#include "weigh/lightning/grad_scaler.h"
#include "weigh/lightning/profiler.h"
#include "weigh/model.h"

namespace weigh::lightning {

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

// bf16, f16: parameters stay 32-bit, and operators that gain by it compute in 16 bits, Lightning's "bf16-mixed" and
// "16-mixed". f16 scales losses (GradScaler), and needs a GPU: on a CPU it is bf16, and a note says so.
enum class Precision : std::uint8_t { f32, f64, bf16, f16 };
// What is done about layers that are not initialised when fit starts.
enum class Uninitialized : std::uint8_t { warn, silent, error };

// Whether several processes train one model, each on a part of the batches: docs/lightning.md. With automatic, they do
// where torchrun or mpirun started several, or `devices` asks for them; with ddp, one alone is an error.
enum class Strategy : std::uint8_t { automatic, single, ddp };

// By designated initialisers, in this order, which goes from how long and how much over how to what is written, or by
// setters, in any order:
//   Trainer trainer({.max_epochs = 10, .precision = Precision::bf16});
//   Trainer trainer(TrainerOptions().set_precision(Precision::bf16).set_max_epochs(10));
struct TrainerOptions {
  std::optional<std::int64_t> max_epochs = {};  // 1000 where there is no max_steps either; -1: no limit
  std::optional<std::int64_t> min_epochs = {};
  std::int64_t max_steps = -1;                             // steps of the optimizer; -1: no limit
  std::optional<std::chrono::milliseconds> max_time = {};  // the step at hand is the last one then; as Timer
  Limit limit_train_batches = 1.0;
  Limit limit_val_batches = 1.0;
  Limit limit_test_batches = 1.0;
  Limit limit_predict_batches = 1.0;
  Limit overfit_batches = 0;  // so many batches for training and for validation, the same ones in each epoch
  std::int64_t check_val_every_n_epoch = 1;
  Limit val_check_interval = 1.0;  // within an epoch: after so many training batches, or such a part of them
  std::int64_t num_sanity_val_steps = 2;
  double gradient_clip_val = 0;  // 0: gradients are not clipped
  ClipAlgorithm gradient_clip_algorithm = ClipAlgorithm::norm;
  std::int64_t accumulate_grad_batches = 1;
  Precision precision = Precision::f32;
  std::shared_ptr<GradScaler> grad_scaler = {};  // with any precision; f16 has one of its own where it is null
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
  bool detect_nan = true;  // a loss that is no number is an error, before it reaches a parameter
  // A step that returns an undefined tensor leaves its batch out, and optimisation by hand may make no step in its
  // first epoch; else both are errors.
  bool allow_no_loss = false;
  std::string default_root_dir = ".";
  std::vector<std::shared_ptr<Callback>> callbacks = {};
  std::shared_ptr<Profiler> profiler = {};
  Uninitialized uninitialized = Uninitialized::warn;
  // Where text goes: a summary, a progress bar; standard output where null.
  std::ostream* output = nullptr;
  // What notes go to; without it, a line on standard error. All are in Trainer::notes().
  std::function<void(const Note&)> on_note = {};

#define WEIGH_SETTER(name)                           \
  TrainerOptions& set_##name(decltype(name) value) { \
    name = std::move(value);                         \
    return *this;                                    \
  }
  WEIGH_SETTER(max_epochs)
  WEIGH_SETTER(min_epochs)
  WEIGH_SETTER(max_steps)
  WEIGH_SETTER(max_time)
  WEIGH_SETTER(limit_train_batches)
  WEIGH_SETTER(limit_val_batches)
  WEIGH_SETTER(limit_test_batches)
  WEIGH_SETTER(limit_predict_batches)
  WEIGH_SETTER(overfit_batches)
  WEIGH_SETTER(check_val_every_n_epoch)
  WEIGH_SETTER(val_check_interval)
  WEIGH_SETTER(num_sanity_val_steps)
  WEIGH_SETTER(gradient_clip_val)
  WEIGH_SETTER(gradient_clip_algorithm)
  WEIGH_SETTER(accumulate_grad_batches)
  WEIGH_SETTER(precision)
  WEIGH_SETTER(grad_scaler)
  WEIGH_SETTER(seed)
  WEIGH_SETTER(device)
  WEIGH_SETTER(strategy)
  WEIGH_SETTER(devices)
  WEIGH_SETTER(use_distributed_sampler)
  WEIGH_SETTER(process_timeout)
  WEIGH_SETTER(fast_dev_run)
  WEIGH_SETTER(enable_model_summary)
  WEIGH_SETTER(enable_progress_bar)
  WEIGH_SETTER(enable_checkpointing)
  WEIGH_SETTER(log_every_n_steps)
  WEIGH_SETTER(detect_nan)
  WEIGH_SETTER(allow_no_loss)
  WEIGH_SETTER(default_root_dir)
  WEIGH_SETTER(callbacks)
  WEIGH_SETTER(profiler)
  WEIGH_SETTER(uninitialized)
  WEIGH_SETTER(output)
  WEIGH_SETTER(on_note)
#undef WEIGH_SETTER
};

}  // namespace weigh::lightning
