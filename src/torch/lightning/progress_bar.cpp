#include <algorithm>
#include <chrono>
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "weigh/lightning/callbacks.h"
#include "weigh/lightning/trainer.h"

namespace weigh::lightning {
namespace {

// "1:02:03", "02:03"
std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  const std::int64_t hours = whole / 3600;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, whole / 60 % 60, whole % 60);
  return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
}

std::string rate_text(std::int64_t done, double seconds) {
  if (done == 0 || seconds <= 0) return "?/s";
  const double rate = static_cast<double>(done) / seconds;
  return rate >= 1 ? fmt::format("{:.1f}/s", rate) : fmt::format("{:.1f} s each", 1 / rate);
}

std::string bar_text(std::int64_t done, std::int64_t total) {
  constexpr std::int64_t kWidth = 20;
  const auto filled = static_cast<std::size_t>(total == 0 ? kWidth : std::min(done, total) * kWidth / total);
  return fmt::format("[{:<{}}]", std::string(filled, '='), kWidth);
}

}  // namespace

double ProgressBar::now() const {
  if (options_.now) return options_.now();
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool ProgressBar::is_terminal(const Trainer& trainer) const {
  if (options_.terminal) return *options_.terminal;
  return trainer.options().output == nullptr && ::isatty(STDOUT_FILENO) != 0;
}

void ProgressBar::begin(Bar& bar, std::string title, std::optional<std::int64_t> total) {
  bar = {std::move(title), total};
  bar.start = bar.last_shown = bar.last_step = now();
}

void ProgressBar::advance(Trainer& trainer, Bar& bar) {
  ++bar.done;
  bar.last_step = now();
  if (!is_terminal(trainer) && bar.done == bar.total) return;  // the end of the loop tells it, with its metrics
  const double gap = is_terminal(trainer) ? options_.refresh_seconds : options_.plain_refresh_seconds;
  if (bar.last_step - bar.last_shown >= gap) show(trainer, bar);
}

// Of the batches: the time of a validation in between is no part of their rate.
void ProgressBar::show(Trainer& trainer, Bar& bar) {
  bar.last_shown = bar.last_step;
  const double seconds = bar.last_step - bar.start;
  std::string line = bar.title;
  if (bar.total) {
    line += fmt::format(" {} {}/{}", bar_text(bar.done, *bar.total), bar.done, *bar.total);
  } else {
    line += fmt::format(" {}", bar.done);
  }
  line += fmt::format("  {}", clock_text(seconds));
  if (bar.total && bar.done > 0 && bar.done < *bar.total)
    line += fmt::format(
        "<{}", clock_text(seconds / static_cast<double>(bar.done) * static_cast<double>(*bar.total - bar.done)));
  line += fmt::format("  {}", rate_text(bar.done, seconds));
  for (const auto& [name, value] : trainer.progress_bar_metrics()) line += fmt::format("  {} {:.3g}", name, value);
  std::ostream& output = trainer.output();
  if (!is_terminal(trainer)) {
    output << line << '\n' << std::flush;
    return;
  }
  const std::size_t width = line.size();
  if (width < shown_width_) line.append(shown_width_ - width, ' ');
  output << '\r' << line << std::flush;
  shown_width_ = width;
}

void ProgressBar::finish_line(Trainer& trainer) {
  if (std::exchange(shown_width_, 0) > 0) trainer.output() << '\n' << std::flush;
}

void ProgressBar::on_train_epoch_start(Trainer& trainer, ModuleBase&) {
  begin(train_, fmt::format("Epoch {}", trainer.current_epoch()), trainer.num_training_batches());
}

void ProgressBar::on_train_batch_end(Trainer& trainer, ModuleBase& module, const torch::Tensor&, const AnyBatch&,
                                     std::int64_t batch_idx) {
  if (train_.title.empty()) {  // in the middle of an epoch that a checkpoint goes on with
    on_train_epoch_start(trainer, module);
    train_.done = batch_idx;
  }
  advance(trainer, train_);
}

void ProgressBar::on_train_epoch_end(Trainer& trainer, ModuleBase&) {
  show(trainer, train_);
  finish_line(trainer);
}

void ProgressBar::on_validation_start(Trainer& trainer, ModuleBase&) {
  begin(evaluation_, trainer.is_sanity_checking() ? "Sanity check" : "Validation", trainer.num_evaluation_batches());
  if (trainer.is_sanity_checking() && trainer.options().num_sanity_val_steps >= 0)
    evaluation_.total = std::min(trainer.options().num_sanity_val_steps,
                                 evaluation_.total.value_or(trainer.options().num_sanity_val_steps));
}
void ProgressBar::on_test_start(Trainer& trainer, ModuleBase&) {
  begin(evaluation_, "Test", trainer.num_evaluation_batches());
}
void ProgressBar::on_predict_start(Trainer& trainer, ModuleBase&) {
  begin(evaluation_, "Prediction", trainer.num_evaluation_batches());
}

void ProgressBar::on_validation_batch_end(Trainer& trainer, ModuleBase&, const torch::Tensor&, const AnyBatch&,
                                          std::int64_t) {
  advance(trainer, evaluation_);
}
void ProgressBar::on_test_batch_end(Trainer& trainer, ModuleBase&, const torch::Tensor&, const AnyBatch&,
                                    std::int64_t) {
  advance(trainer, evaluation_);
}
void ProgressBar::on_predict_batch_end(Trainer& trainer, ModuleBase&, const torch::Tensor&, const AnyBatch&,
                                       std::int64_t) {
  advance(trainer, evaluation_);
}

// Validation within fit is told by its metrics, in the line of the epoch.
void ProgressBar::on_validation_end(Trainer& trainer, ModuleBase&) {
  if (trainer.task() == Task::fit) return;
  show(trainer, evaluation_);
  finish_line(trainer);
}
void ProgressBar::on_test_end(Trainer& trainer, ModuleBase&) {
  show(trainer, evaluation_);
  finish_line(trainer);
}
void ProgressBar::on_predict_end(Trainer& trainer, ModuleBase&) {
  show(trainer, evaluation_);
  finish_line(trainer);
}

// After Ctrl-C no epoch has ended.
void ProgressBar::on_train_end(Trainer& trainer, ModuleBase&) { finish_line(trainer); }

// What is printed about the error begins on a line of its own.
void ProgressBar::on_exception(Trainer& trainer, ModuleBase&, const std::exception&) { finish_line(trainer); }

}  // namespace weigh::lightning
