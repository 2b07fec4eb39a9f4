// Early stopping, learning rates, the progress bar.
#include <cmath>
#include <csignal>
#include <limits>

#include <gtest/gtest.h>

#include "support/files.h"
#include "torch/lightning/nets.h"

#include "weigh/error.h"

namespace weigh::lightning {
namespace {

using testing::batches;
using testing::Example;
using testing::Net;
using testing::quiet;
using weigh::testing::error_of;

// Its validation loss is what a test says, by epoch.
struct Scripted : Net {
  explicit Scripted(std::vector<double> script) : values(std::move(script)) {}
  torch::Tensor validation_step(Example&, std::int64_t) override {
    log("val_loss", values.at(static_cast<std::size_t>(current_epoch())));
    return {};
  }
  std::vector<double> values;
};

struct Stopped {
  std::int64_t epochs;
  double best;
  std::string reason;
  bool operator==(const Stopped&) const = default;
};
std::ostream& operator<<(std::ostream& stream, const Stopped& stopped) {
  return stream << stopped.epochs << " epochs, best " << stopped.best << ", " << stopped.reason;
}

Stopped stopped(std::vector<double> values, const EarlyStopping::Options& options,
                TrainerOptions trainer_options = {}) {
  const auto stopping = std::make_shared<EarlyStopping>(options);
  trainer_options = quiet(trainer_options);
  if (!trainer_options.max_epochs) trainer_options.max_epochs = static_cast<std::int64_t>(values.size());
  trainer_options.callbacks = {stopping};
  Trainer trainer(trainer_options);
  Scripted net(values);
  trainer.fit(net, batches(2), batches(1));
  return {trainer.current_epoch(), stopping->best_score(), stopping->reason()};
}

TEST(EarlyStopping, StopsWhenPatienceIsOver) {
  EXPECT_EQ(stopped({3, 2, 2, 2, 1, 1}, {.monitor = "val_loss", .patience = 2}),
            (Stopped{4, 2, "val_loss did not become better in the last 2 checks; the best was 2.000"}));
  EXPECT_EQ(stopped({3, 2, 2, 1, 1, 0}, {.monitor = "val_loss", .patience = 2}), (Stopped{6, 0, ""}));
  EXPECT_EQ(stopped({3, 2.95, 2.91, 2.85}, {.monitor = "val_loss", .patience = 2, .min_delta = 0.1}),
            (Stopped{3, 3, "val_loss did not become better in the last 2 checks; the best was 3.000"}));
  EXPECT_EQ(stopped({1, 2, 2, 2}, {.monitor = "val_loss", .mode = Mode::max, .patience = 1}),
            (Stopped{3, 2, "val_loss did not become better in the last 1 checks; the best was 2.000"}));
}

TEST(EarlyStopping, WaitsForMinEpochs) {
  EXPECT_EQ(stopped({1, 1, 1, 1, 1, 1, 1}, {.monitor = "val_loss", .patience = 1}, {.min_epochs = 5}).epochs, 5);
}

TEST(EarlyStopping, StopsAtWhatIsNoNumber) {
  EXPECT_EQ(stopped({3, std::nan(""), 1}, {.monitor = "val_loss"}),
            (Stopped{2, 3, "val_loss is nan, no finite number; the best was 3.000"}));
  EXPECT_EQ(stopped({3, std::nan(""), 1}, {.monitor = "val_loss", .check_finite = false}), (Stopped{3, 1, ""}));
}

TEST(EarlyStopping, SaysThatItsMetricWasNotLogged) {
  TrainerOptions options = quiet({.max_epochs = 1});
  options.callbacks = {std::make_shared<EarlyStopping>(EarlyStopping::Options{.monitor = "accuracy"})};
  Net net;
  EXPECT_EQ(error_of([&] { Trainer(options).fit(net, batches(2), batches(1)); }),
            "EarlyStopping: \"accuracy\" was not logged in epoch 0; there is: val_loss");
  EXPECT_EQ(error_of([&] { EarlyStopping({}); }), "EarlyStopping: no metric is named: set monitor");
}

// Learning rates of each step.
std::vector<double> rates(const std::function<Optimizers(Net&)>& configure, TrainerOptions options = {},
                          std::vector<double> values = {1, 1, 1, 1, 1, 1}) {
  Scripted net(std::move(values));
  net.configure = configure;
  std::vector<double> seen;
  net.change = [&](Net& self, torch::Tensor loss, std::int64_t) {
    seen.push_back(learning_rates(*self.trainer().optimizers()[0].optimizer)[0]);
    return loss;
  };
  Trainer(quiet(options)).fit(net, batches(2), batches(1));
  return seen;
}

std::shared_ptr<torch::optim::SGD> sgd(Net& net) { return std::make_shared<torch::optim::SGD>(net.parameters(), 1.0); }

TEST(Schedulers, AreSteppedByEpochOrByStep) {
  const auto halving = [](Interval interval, std::int64_t frequency) {
    return [=](Net& net) -> Optimizers {
      const auto optimizer = sgd(net);
      return {optimizer,
              Schedule{make_lambda(*optimizer, [](std::int64_t n) { return std::pow(0.5, n); }), interval, frequency}};
    };
  };
  using Rates = std::vector<double>;
  EXPECT_EQ(rates(halving(Interval::epoch, 1), {.max_epochs = 3}), (Rates{1, 1, 0.5, 0.5, 0.25, 0.25}));
  EXPECT_EQ(rates(halving(Interval::epoch, 2), {.max_epochs = 3}), (Rates{1, 1, 1, 1, 0.5, 0.5}));
  EXPECT_EQ(rates(halving(Interval::step, 1), {.max_epochs = 2}), (Rates{1, 0.5, 0.25, 0.125}));
  EXPECT_EQ(rates(halving(Interval::step, 1), {.max_epochs = 2, .accumulate_grad_batches = 2}),
            (Rates{1, 1, 0.5, 0.5}));
  EXPECT_EQ(rates(
                [](Net& net) -> Optimizers {
                  const auto optimizer = sgd(net);
                  return {optimizer, make_native<torch::optim::StepLR>(*optimizer, 2, 0.1)};
                },
                {.max_epochs = 3}),
            (Rates{1, 1, 1, 1, 0.1, 0.1}));
}

TEST(Schedulers, WatchAMetric) {
  const auto plateau = [](std::string monitor) {
    return [=](Net& net) -> Optimizers {
      const auto optimizer = sgd(net);
      return {optimizer, Schedule{.scheduler = std::make_shared<ReduceLROnPlateau>(
                                      *optimizer, PlateauOptions{.factor = 0.5, .patience = 1}),
                                  .monitor = monitor}};
    };
  };
  EXPECT_EQ(rates(plateau("val_loss"), {.max_epochs = 6, .limit_train_batches = 1}, {5, 4, 4, 4, 3, 3}),
            (std::vector<double>{1, 1, 1, 1, 0.5, 0.5}));
  EXPECT_EQ(error_of([&] { rates(plateau("other"), {.max_epochs = 1}); }),
            "configure_optimizers: a scheduler watches \"other\", which was not logged; there is: val_loss");
  EXPECT_EQ(error_of([&] { rates(plateau(""), {.max_epochs = 1}); }),
            "configure_optimizers: a scheduler watches a metric, but it is not said which: set Schedule::monitor");
}

double g_now = 0;
double clock_of_test() { return g_now += 0.5; }

TEST(ProgressBar, PrintsLinesWhereThereIsNoTerminal) {
  g_now = 0;
  std::ostringstream text;
  TrainerOptions options{.max_epochs = 1, .enable_model_summary = false, .enable_checkpointing = false};
  options.output = &text;
  options.callbacks = {std::make_shared<ProgressBar>(
      ProgressBar::Options{.plain_refresh_seconds = 1, .terminal = false, .now = &clock_of_test})};
  Scripted net({0.25});
  net.change = [](Net& self, torch::Tensor loss, std::int64_t) {
    self.log("seen", 3.0, {.prog_bar = true});
    return loss;
  };
  Trainer(options).fit(net, batches(4), batches(1));
  EXPECT_EQ(text.str(),
            "Epoch 0 [==========          ] 2/4  00:01<00:01  2.0/s  seen 3\n"
            "Epoch 0 [====================] 4/4  00:02  2.0/s  seen 3\n");
}

TEST(ProgressBar, RewritesALineOnATerminal) {
  g_now = 0;
  std::ostringstream text;
  TrainerOptions options{.max_epochs = 1, .enable_model_summary = false, .enable_checkpointing = false};
  options.output = &text;
  options.callbacks = {std::make_shared<ProgressBar>(ProgressBar::Options{.terminal = true, .now = &clock_of_test})};
  Net net;
  Trainer(options).fit(net, batches(2));
  EXPECT_EQ(text.str(),
            "\rEpoch 0 [==========          ] 1/2  00:01<00:01  2.0/s"
            "\rEpoch 0 [====================] 2/2  00:01  2.0/s      "
            "\rEpoch 0 [====================] 2/2  00:01  2.0/s\n");
}

// What is printed afterwards begins on a line of its own, though the epoch has not ended.
TEST(ProgressBar, EndsItsLineAfterCtrlC) {
  g_now = 0;
  std::ostringstream text;
  TrainerOptions options{.max_epochs = 1, .enable_model_summary = false, .enable_checkpointing = false};
  options.output = &text;
  options.callbacks = {std::make_shared<ProgressBar>(ProgressBar::Options{.terminal = true, .now = &clock_of_test})};
  Net net;
  net.change = [](Net&, torch::Tensor loss, std::int64_t) {
    std::raise(SIGINT);
    return loss;
  };
  Trainer(options).fit(net, batches(2));
  EXPECT_EQ(text.str(), "\rEpoch 0 [==========          ] 1/2  00:01<00:01  2.0/s\n");
}

}  // namespace
}  // namespace weigh::lightning
