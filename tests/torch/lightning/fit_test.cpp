// Training is what a loop written by hand does, to the last bit; limits, stopping, errors.
#include <csignal>
#include <limits>
#include <memory>

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

std::vector<torch::Tensor> copies(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> made;
  for (const torch::Tensor& tensor : tensors) made.push_back(tensor.detach().clone());
  return made;
}

void expect_same(const std::vector<torch::Tensor>& left, const std::vector<torch::Tensor>& right) {
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_TRUE(torch::equal(left[i], right[i])) << "parameter " << i;
}

enum class Clip { none, norm, value };

// Two epochs by hand; a step after every `accumulate` batches, and after the last one of an epoch.
void train_by_hand(Net& net, const std::vector<Example>& data, int accumulate, Clip clip) {
  torch::optim::SGD optimizer(net.parameters(), torch::optim::SGDOptions(0.1).momentum(0.9));
  for (int epoch = 0; epoch < 2; ++epoch) {
    optimizer.zero_grad();
    for (std::size_t i = 0; i < data.size(); ++i) {
      torch::Tensor loss = torch::mse_loss(net.forward(data[i].data), data[i].target);
      if (accumulate > 1) loss = loss / accumulate;
      loss.backward();
      if ((i + 1) % accumulate != 0 && i + 1 != data.size()) continue;
      if (clip == Clip::norm) torch::nn::utils::clip_grad_norm_(net.parameters(), 0.05);
      if (clip == Clip::value) torch::nn::utils::clip_grad_value_(net.parameters(), 0.05);
      optimizer.step();
      optimizer.zero_grad();
    }
  }
}

struct ByHand : ::testing::TestWithParam<std::tuple<int, Clip>> {};

TEST_P(ByHand, IsTheSameToTheLastBit) {
  const auto [accumulate, clip] = GetParam();
  torch::manual_seed(1);
  Net by_hand;
  torch::manual_seed(1);
  Net net;
  const std::vector<torch::Tensor> before = copies(net.parameters());
  const auto data = batches(5);
  train_by_hand(by_hand, data, accumulate, clip);
  TrainerOptions options = quiet({.max_epochs = 2, .accumulate_grad_batches = accumulate});
  if (clip != Clip::none) options.gradient_clip_val = 0.05;
  if (clip == Clip::value) options.gradient_clip_algorithm = ClipAlgorithm::value;
  Trainer trainer(options);
  trainer.fit(net, data, batches(2));
  expect_same(net.parameters(), by_hand.parameters());
  EXPECT_FALSE(torch::equal(net.parameters()[0], before[0]));
  EXPECT_EQ(trainer.global_step(), 2 * ((5 + accumulate - 1) / accumulate));
}
INSTANTIATE_TEST_SUITE_P(AccumulationAndClipping, ByHand,
                         ::testing::Combine(::testing::Values(1, 2, 5),
                                            ::testing::Values(Clip::none, Clip::norm, Clip::value)));

TEST(Fit, TakesADataLoaderByPointer) {
  struct Data : torch::data::datasets::Dataset<Data> {
    Example get(std::size_t index) override { return {torch::full({2}, static_cast<double>(index)), torch::ones({1})}; }
    torch::optional<std::size_t> size() const override { return 10; }
  };
  auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
      Data().map(torch::data::transforms::Stack<>()), 4);
  Net net;
  Trainer trainer(quiet({.max_epochs = 2}));
  trainer.fit(net, loader);
  EXPECT_EQ(net.losses.size(), 6U);  // 4 + 4 + 2, twice
  EXPECT_EQ(trainer.current_epoch(), 2);
}

TEST(Fit, KeepsLimits) {
  struct Count {
    TrainerOptions options;
    std::size_t steps;
  };
  const Count cases[] = {
      {{.max_epochs = 2, .limit_train_batches = 3}, 6},
      {{.max_epochs = 2, .limit_train_batches = 0.5}, 4},
      {{.max_epochs = 2, .limit_train_batches = 1.0}, 10},
      {{.max_epochs = 2, .limit_train_batches = 1}, 2},
      {{.max_epochs = 2, .limit_train_batches = 100}, 10},
      {{.max_epochs = 0}, 0},
      {{.max_steps = 7}, 7},
      {{.max_epochs = 1, .max_steps = 7}, 5},
      {{.max_epochs = 4, .fast_dev_run = 2}, 2},
  };
  for (const Count& count : cases) {
    Net net;
    Trainer(quiet(count.options)).fit(net, batches(5));
    EXPECT_EQ(net.losses.size(), count.steps);
  }
}

TEST(Fit, RefusesOptionsThatMakeNoSense) {
  const auto refusal = [](TrainerOptions options) {
    return error_of([&] {
      Net net;
      Trainer(quiet(options)).fit(net, batches(5), batches(2));
    });
  };
  EXPECT_EQ(
      refusal({.limit_train_batches = 1.5}),
      "Trainer: limit_train_batches is 1.5; a part of all batches is at most 1.0, a number of them has no point: 1");
  EXPECT_EQ(refusal({.limit_train_batches = 0.1}),
            "Trainer: limit_train_batches is a part of all batches, 0.1, of which there are 5: that is less than "
            "one batch; give a larger part or a number");
  EXPECT_EQ(refusal({.val_check_interval = 6}),
            "Trainer: val_check_interval is 6, but an epoch has 5 training batches: there would be no validation; "
            "limit_val_batches = 0 switches it off");
  EXPECT_EQ(refusal({.accumulate_grad_batches = 0}),
            "Trainer: accumulate_grad_batches is 0; the least that makes sense is 1");
}

TEST(Fit, StopsAtALossThatIsNoNumberBeforeItReachesAParameter) {
  Net net;
  std::vector<torch::Tensor> before;
  net.change = [&](Net& self, torch::Tensor loss, std::int64_t batch_idx) {
    if (self.current_epoch() != 1 || batch_idx != 2) return loss;
    before = copies(self.parameters());
    return loss * std::numeric_limits<double>::quiet_NaN();
  };
  Trainer trainer(quiet({.max_epochs = 3}));
  EXPECT_EQ(
      error_of([&] { trainer.fit(net, batches(5)); }),
      "training_step: the loss is nan, at step 7, epoch 1, batch 2; no parameter was changed by it, and "
      "checkpoints saved before are kept. A likely cause is a learning rate that is too large, a logarithm or root "
      "of 0, or such a value in the batch (detect_nan = false goes on)");
  expect_same(copies(net.parameters()), before);
  EXPECT_FALSE(net.has_trainer());
}

TEST(Fit, SaysWhatIsWrongWithALoss) {
  Net net;
  net.change = [](Net&, const torch::Tensor& loss, std::int64_t) { return loss.detach(); };
  EXPECT_EQ(error_of([&] { Trainer(quiet()).fit(net, batches(2)); }),
            "training_step: no parameter that requires a gradient led to the loss, at step 0, epoch 0, batch 0; was it "
            "detached, or made with gradients switched off?");
  struct Wide : Net {
    torch::Tensor training_step(Example& batch, std::int64_t) override { return forward(batch.data); }
  } wide;
  EXPECT_EQ(error_of([&] { Trainer(quiet()).fit(wide, batches(2)); }),
            "training_step: the loss has 4 elements, at step 0, epoch 0, batch 0; backward starts from one number: "
            "reduce it with mean() or sum()");
}

TEST(Fit, LeavesABatchOutWhoseLossIsUndefined) {
  torch::manual_seed(2);
  Net net;
  net.configure = [](Net& self) { return std::make_shared<torch::optim::SGD>(self.parameters(), 0.1); };
  net.change = [](Net&, torch::Tensor loss, std::int64_t batch_idx) { return batch_idx == 0 ? loss : torch::Tensor(); };
  torch::manual_seed(2);
  Net once;
  once.configure = net.configure;
  std::vector<Note> heard;
  TrainerOptions options = quiet({.max_epochs = 1, .allow_no_loss = true});
  options.on_note = [&](const Note& note) { heard.push_back(note); };
  Trainer(options).fit(net, batches(4));
  Trainer(quiet({.max_epochs = 1, .limit_train_batches = 1})).fit(once, batches(4));
  expect_same(net.parameters(), once.parameters());
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].code, "no-loss");
  EXPECT_EQ(heard[0].message,
            "returned an undefined tensor at step 1, epoch 0, batch 1: the batch is left out. This is said once");
}

TEST(Fit, StopsWhereAStepReturnsNoLoss) {
  Net net;
  net.change = [](Net&, torch::Tensor loss, std::int64_t batch_idx) { return batch_idx < 2 ? loss : torch::Tensor(); };
  Trainer trainer(quiet({.max_epochs = 3}));
  EXPECT_EQ(
      error_of([&] { trainer.fit(net, batches(4)); }),
      "training_step: returned no loss (an undefined tensor), at step 2, epoch 0, batch 2; no parameter was changed "
      "by it, and checkpoints saved before are kept. If it is meant, allow_no_loss = true leaves such batches out");
  EXPECT_EQ(trainer.global_step(), 2);
  EXPECT_FALSE(net.has_trainer());
}

// A loader whose third batch cannot be made.
struct Broken {
  struct Position {
    int index;
    Example operator*() const {
      if (index == 2) throw std::out_of_range("no third batch");
      return batches(3)[static_cast<std::size_t>(index)];
    }
    void operator++() { ++index; }
    bool operator==(const Position& other) const { return index == other.index; }
  };
  Position begin() const { return {0}; }
  Position end() const { return {5}; }
};

TEST(Fit, PassesOnWhatALoaderThrowsAndCanBeUsedAgain) {
  struct Hearing : Callback {
    void on_exception(Trainer& trainer, ModuleBase&, const std::exception& error) override {
      heard = error.what() + (" after step " + std::to_string(trainer.global_step()));
    }
    std::string heard;
  };
  const auto hearing = std::make_shared<Hearing>();
  TrainerOptions options = quiet({.max_epochs = 1});
  options.callbacks = {hearing};
  Trainer trainer(options);
  Net net;
  EXPECT_THROW(trainer.fit(net, Broken()), std::out_of_range);
  EXPECT_EQ(hearing->heard, "no third batch after step 2");
  EXPECT_EQ(net.losses.size(), 2U);
  trainer.fit(net, batches(4));
  EXPECT_EQ(trainer.global_step(), 4);
}

TEST(Fit, EndsAfterTheStepInWhichCtrlCWasPressed) {
  Net net;
  net.change = [](Net&, torch::Tensor loss, std::int64_t batch_idx) {
    if (batch_idx == 2) std::raise(SIGINT);
    return loss;
  };
  struct Ends : Callback {
    void on_train_end(Trainer&, ModuleBase&) override { text += "train end, "; }
    void on_train_epoch_end(Trainer&, ModuleBase&) override { text += "epoch end, "; }
    void on_fit_end(Trainer&, ModuleBase&) override { text += "fit end"; }
    std::string text;
  };
  const auto ends = std::make_shared<Ends>();
  TrainerOptions options = quiet({.max_epochs = 3});
  options.callbacks = {ends};
  Trainer trainer(options);
  trainer.fit(net, batches(5));
  EXPECT_TRUE(trainer.was_interrupted());
  EXPECT_EQ(trainer.global_step(), 3);
  EXPECT_EQ(trainer.current_epoch(), 0);
  EXPECT_EQ(ends->text, "train end, fit end");
  EXPECT_EQ(std::signal(SIGINT, SIG_DFL), SIG_DFL);  // as it was before
}

TEST(Fit, StepsSeveralOptimizersWithOneLoss) {
  torch::manual_seed(3);
  Net together;
  torch::manual_seed(3);
  Net apart;
  apart.configure = [](Net& self) {
    return Optimizers({std::make_shared<torch::optim::SGD>(self.first->parameters(), 0.1),
                       std::make_shared<torch::optim::SGD>(self.second->parameters(), 0.1)});
  };
  together.configure = [](Net& self) { return std::make_shared<torch::optim::SGD>(self.parameters(), 0.1); };
  Trainer(quiet({.max_epochs = 2})).fit(together, batches(3));
  Trainer trainer(quiet({.max_epochs = 2}));
  trainer.fit(apart, batches(3));
  expect_same(apart.parameters(), together.parameters());
  EXPECT_EQ(trainer.global_step(), 6);
}

TEST(Fit, SkipsTheRestOfAnEpoch) {
  struct Skipping : Net {
    void on_train_batch_start(Example&, std::int64_t batch_idx) override {
      if (batch_idx == 1) skip_rest_of_epoch();
    }
  } net;
  Trainer trainer(quiet({.max_epochs = 2}));
  trainer.fit(net, batches(4));
  EXPECT_EQ(net.losses.size(), 2U);
  EXPECT_EQ(trainer.current_epoch(), 2);
}

TEST(Precision, IsThatOfParametersAndBatches) {
  const auto dtypes = [](Precision precision) {
    struct Seeing : Net {
      torch::Tensor training_step(Example& batch, std::int64_t) override {
        const torch::Tensor y = forward(batch.data);
        seen = std::string(torch::toString(first->weight.scalar_type())) + " " +
               torch::toString(batch.data.scalar_type()) + " " + torch::toString(y.scalar_type());
        return torch::mse_loss(y.to(torch::kFloat32), batch.target.to(torch::kFloat32));
      }
      std::string seen;
    } seeing;
    Trainer(quiet({.max_epochs = 1, .precision = precision})).fit(seeing, batches(2));
    return seeing.seen;
  };
  EXPECT_EQ(dtypes(Precision::f32), "Float Float Float");
  EXPECT_EQ(dtypes(Precision::f64), "Double Double Double");
  EXPECT_EQ(dtypes(Precision::bf16), "Float Float BFloat16");
  EXPECT_EQ(torch::get_default_dtype(), caffe2::TypeMeta::Make<float>());
}

TEST(Evaluation, HasItsMetricsWeightedAndLeavesTheModelAsItWas) {
  Net net;
  net.train();
  net.second->eval();
  Trainer trainer(quiet({.limit_test_batches = 2}));
  auto data = batches(3);
  data[1].data = data[1].data.slice(0, 0, 1);  // a batch of one beside one of four
  data[1].target = data[1].target.slice(0, 0, 1);
  const auto loss_of = [&](const Example& batch) {
    return torch::mse_loss(net.forward(batch.data), batch.target).item<double>();
  };
  const Metrics metrics = trainer.test(net, data);
  EXPECT_EQ(metrics, (Metrics{{"test_loss", (loss_of(data[0]) * 4 + loss_of(data[1])) / 5}}));
  EXPECT_TRUE(net.is_training());
  EXPECT_FALSE(net.second->is_training());
  EXPECT_EQ(trainer.validate(net, data).count("val_loss"), 1U);
  const std::vector<torch::Tensor> outputs = trainer.predict(net, data);
  ASSERT_EQ(outputs.size(), 3U);
  EXPECT_TRUE(torch::equal(outputs[1], net.forward(data[1].data)));
  EXPECT_FALSE(outputs[1].requires_grad());
}

TEST(Evaluation, SaysThatAStepIsMissing) {
  struct Bare : LightningModule<Example> {
    torch::Tensor training_step(Example& batch, std::int64_t) override { return layer(batch.data).sum(); }
    Optimizers configure_optimizers() override { return std::make_shared<torch::optim::SGD>(parameters(), 0.1); }
    torch::nn::Linear layer = register_module("layer", torch::nn::Linear(2, 1));
  } net;
  EXPECT_EQ(error_of([&] { Trainer(quiet()).fit(net, batches(2), batches(2)); }),
            "Bare: a loader is given, but validation_step is not overridden: override it, or leave out the loader");
}

TEST(Log, RefusesWhatHasNoMeaning) {
  const auto refusal = [](std::function<void(Net&)> in_step, std::function<void(Net&)> in_end) {
    struct Ending : Net {
      void on_train_epoch_end() override {
        if (end) end(*this);
      }
      void on_fit_start() override {
        if (start) start(*this);
      }
      std::function<void(Net&)> end, start;
    } net;
    if (in_step) net.change = [&](Net& self, torch::Tensor loss, std::int64_t) { return in_step(self), loss; };
    net.end = in_end;
    if (!in_step && !in_end) net.start = [](Net& self) { self.log("early", 1.0); };
    return error_of([&] { Trainer(quiet({.max_epochs = 1})).fit(net, batches(2)); });
  };
  EXPECT_EQ(refusal([](Net& net) { net.log("wide", torch::ones({3})); }, {}),
            "wide: a tensor of 3 elements is logged; a metric is one number: reduce it with mean() or sum()");
  EXPECT_EQ(refusal([](Net& net) { net.log("none", 1.0, {.on_step = false}); }, {}),
            "none: is logged neither for the step nor for the epoch (on_step and on_epoch are false): set one of them");
  EXPECT_EQ(refusal({}, [](Net& net) { net.log("late", 1.0, {.on_step = true}); }),
            "late: on_step is asked for in on_train_epoch_end, which has no steps: leave it out, or log it in a step");
  EXPECT_EQ(
      refusal({}, {}),
      "early: nothing can be logged in on_fit_start, which belongs to no epoch: log it in a step, or in a hook of a "
      "batch or an epoch");
  Net alone;
  alone.log("nobody listens", 1.0);  // without a trainer, nothing
}

}  // namespace
}  // namespace weigh::lightning
