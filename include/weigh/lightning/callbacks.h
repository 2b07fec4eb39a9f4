// The callbacks that come with the library; checkpoints, loggers and averages of weights have headers of their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weigh/lightning/averaging.h"
#include "weigh/lightning/callback.h"
#include "weigh/lightning/loggers.h"
#include "weigh/lightning/module.h"
#include "weigh/torch/model_summary.h"

namespace weigh::lightning {

// Prints the table of weigh::summarize when training starts, with shapes and FLOPs where the module has an example
// input, and tells which layers are not initialised. A trainer has one unless enable_model_summary is false.
class ModelSummary : public Callback {
 public:
  // `max_depth` as SummaryOptions::depth: -1 for all levels, 0 for the totals alone.
  explicit ModelSummary(int max_depth = 1) : max_depth_(max_depth) {}
  void on_fit_start(Trainer& trainer, ModuleBase& module) override;

 protected:
  // The summary; override it for statistics of your own.
  virtual weigh::ModelSummary summarize(Trainer& trainer, ModuleBase& module);
  virtual RenderOptions style(Trainer& trainer) const;
  int max_depth() const { return max_depth_; }

 private:
  int max_depth_;
};

// With colours.
class RichModelSummary : public ModelSummary {
 public:
  using ModelSummary::ModelSummary;

 protected:
  RenderOptions style(Trainer& trainer) const override;
};

// Where an epoch stands, its rate, the time left, and the metrics that are logged with prog_bar. One line that is
// rewritten on a terminal, and lines every few seconds elsewhere.
class ProgressBar : public Callback {
 public:
  struct Options {
    double refresh_seconds = 0.1;       // on a terminal
    double plain_refresh_seconds = 5;   // elsewhere
    std::optional<bool> terminal = {};  // whether the output is one; asked of the system where not said
    // The clock, in seconds, for tests.
    double (*now)() = nullptr;
  };
  ProgressBar() : ProgressBar(Options()) {}
  explicit ProgressBar(Options options) : options_(options) {}

  void on_train_epoch_start(Trainer& trainer, ModuleBase& module) override;
  void on_train_batch_end(Trainer& trainer, ModuleBase& module, const torch::Tensor& output, const AnyBatch& batch,
                          std::int64_t batch_idx) override;
  void on_train_epoch_end(Trainer& trainer, ModuleBase& module) override;
  void on_train_end(Trainer& trainer, ModuleBase& module) override;
  void on_validation_start(Trainer& trainer, ModuleBase& module) override;
  void on_validation_batch_end(Trainer& trainer, ModuleBase& module, const torch::Tensor& output, const AnyBatch& batch,
                               std::int64_t batch_idx) override;
  void on_validation_end(Trainer& trainer, ModuleBase& module) override;
  void on_test_start(Trainer& trainer, ModuleBase& module) override;
  void on_test_batch_end(Trainer& trainer, ModuleBase& module, const torch::Tensor& output, const AnyBatch& batch,
                         std::int64_t batch_idx) override;
  void on_test_end(Trainer& trainer, ModuleBase& module) override;
  void on_predict_start(Trainer& trainer, ModuleBase& module) override;
  void on_predict_batch_end(Trainer& trainer, ModuleBase& module, const torch::Tensor& output, const AnyBatch& batch,
                            std::int64_t batch_idx) override;
  void on_predict_end(Trainer& trainer, ModuleBase& module) override;
  void on_exception(Trainer& trainer, ModuleBase& module, const std::exception& error) override;

 private:
  struct Bar {
    std::string title;
    std::optional<std::int64_t> total;
    std::int64_t done = 0;
    double start = 0;
    double last_shown = 0;
    double last_step = 0;
  };
  double now() const;
  bool is_terminal(const Trainer& trainer) const;
  void begin(Bar& bar, std::string title, std::optional<std::int64_t> total);
  void advance(Trainer& trainer, Bar& bar);
  void show(Trainer& trainer, Bar& bar);
  void finish_line(Trainer& trainer);

  Options options_;
  Bar train_;
  Bar evaluation_;
  std::size_t shown_width_ = 0;  // of the line that is being rewritten
};

// Ends the training when it has taken so long, after the batch or the epoch at hand, once min_epochs are reached. What
// was spent before a checkpoint that training goes on from is counted.
class Timer : public Callback {
 public:
  struct Options {
    std::optional<std::chrono::milliseconds> duration = {};
    Interval interval = Interval::step;
    double (*now)() = nullptr;  // seconds; another clock, for tests
  };
  explicit Timer(std::chrono::milliseconds duration) : Timer(Options{.duration = duration}) {}
  explicit Timer(Options options) : options_(options) {}
  void on_fit_start(Trainer& trainer, ModuleBase& module) override;
  void on_train_start(Trainer& trainer, ModuleBase& module) override;
  void on_train_batch_end(Trainer& trainer, ModuleBase& module, const torch::Tensor& output, const AnyBatch& batch,
                          std::int64_t batch_idx) override;
  void on_train_epoch_end(Trainer& trainer, ModuleBase& module) override;
  void on_train_end(Trainer& trainer, ModuleBase& module) override;
  std::string state_key() const override;
  std::map<std::string, std::string> state() const override;
  void load_state(const std::map<std::string, std::string>& state) override;

  double time_elapsed() const;  // of training, in seconds

 private:
  double now() const;
  void check(Trainer& trainer, Interval at) const;

  Options options_;
  std::optional<double> start_;
  double before_ = 0;  // of earlier runs
};

// How many batches make a step, from which epoch on: {{0, 8}, {4, 4}} is 8, and from the fifth epoch on 4; 1 before the
// first one that is named.
class GradientAccumulationScheduler : public Callback {
 public:
  // Throws weigh::Error(usage) for no epoch, one below 0, or fewer than one batch.
  explicit GradientAccumulationScheduler(std::map<std::int64_t, std::int64_t> scheduling);
  void on_train_start(Trainer& trainer, ModuleBase& module) override;
  void on_train_epoch_start(Trainer& trainer, ModuleBase& module) override;

 private:
  std::map<std::int64_t, std::int64_t> scheduling_;
};

enum class Mode : std::uint8_t { min, max };

// Ends the training when a metric has not become better for `patience` checks. It is checked at the end of each
// training epoch; where validation is not once in each, after validation.
class EarlyStopping : public Callback {
 public:
  struct Options {
    std::string monitor;
    Mode mode = Mode::min;
    std::int64_t patience = 3;
    double min_delta = 0;
    bool strict = true;        // a metric that was not logged is an error
    bool check_finite = true;  // stops when the metric is no finite number
  };
  explicit EarlyStopping(Options options);
  void setup(Trainer& trainer, ModuleBase& module, Task task) override;
  void on_train_epoch_end(Trainer& trainer, ModuleBase& module) override;
  void on_validation_end(Trainer& trainer, ModuleBase& module) override;
  bool monitors() const override { return true; }
  std::string state_key() const override;
  std::map<std::string, std::string> state() const override;
  void load_state(const std::map<std::string, std::string>& state) override;

  std::int64_t wait_count() const { return wait_count_; }
  std::int64_t stopped_epoch() const { return stopped_epoch_; }  // 0: it did not stop
  double best_score() const { return best_; }
  const std::string& reason() const { return reason_; }

 private:
  void check(Trainer& trainer);
  bool is_better(double value) const;

  Options options_;
  bool at_train_end_ = true;
  double best_;
  std::int64_t wait_count_ = 0;
  std::int64_t stopped_epoch_ = 0;
  std::string reason_;
};

// Logs the learning rates as "lr-SGD", of several groups as "lr-SGD/pg1", of a second optimizer of a type as
// "lr-SGD-1". Those with a scheduler at its interval, others at both.
class LearningRateMonitor : public Callback {
 public:
  explicit LearningRateMonitor(std::optional<Interval> logging_interval = {}) : interval_(logging_interval) {}
  void on_train_batch_start(Trainer& trainer, ModuleBase& module, const AnyBatch& batch, std::int64_t idx) override;
  void on_train_epoch_start(Trainer& trainer, ModuleBase& module) override;

 private:
  void log(Trainer& trainer, Interval at);

  std::optional<Interval> interval_;
};

}  // namespace weigh::lightning
