// Optimisation by hand, scaled losses, and what a Trainer refuses or ends early.
#include <chrono>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "support/files.h"
#include "torch/lightning/nets.h"

#include "weigh/error.h"
#include "weigh/lightning/grad_scaler.h"

namespace weigh::lightning {
namespace {

using testing::batches;
using testing::Example;
using testing::quiet;
using weigh::testing::error_of;

// Two layers with an optimizer each; what is done in a step, a test says.
struct ByHand : LightningModule<Example> {
  ByHand() { automatic_optimization = false; }
  torch::Tensor training_step(Example& batch, std::int64_t batch_idx) override {
    step(*this, torch::mse_loss(second(torch::tanh(first(batch.data))), batch.target), batch_idx);
    return {};
  }
  Optimizers configure_optimizers() override {
    const auto one = std::make_shared<torch::optim::SGD>(first->parameters(), 0.1);
    const auto other = std::make_shared<torch::optim::SGD>(second->parameters(), 0.2);
    return Optimizers{
        {{one, make_scheduler(*one, exponential(0.5))}, {other, make_scheduler(*other, exponential(0.1))}}};
  }
  // Protected functions, for the tests.
  using LightningModule::clip_gradients;
  using LightningModule::lr_scheduler;
  using LightningModule::manual_backward;
  using LightningModule::optimizer;
  using LightningModule::toggle_optimizer;

  torch::nn::Linear first = register_module("first", torch::nn::Linear(2, 3));
  torch::nn::Linear second = register_module("second", torch::nn::Linear(3, 1));
  std::function<void(ByHand&, torch::Tensor, std::int64_t)> step = [](ByHand&, const torch::Tensor&, std::int64_t) {};
};

std::vector<bool> requires_grad(const torch::nn::Module& module) {
  std::vector<bool> all;
  for (const torch::Tensor& parameter : module.parameters()) all.push_back(parameter.requires_grad());
  return all;
}

TEST(ByHand, TogglesStepsSchedulersAndClips) {
  ByHand net;
  net.second->bias.set_requires_grad(false);
  net.step = [](ByHand& self, const torch::Tensor&, std::int64_t batch_idx) {
    LightningOptimizer of_second = self.optimizer(1);
    {
      const auto toggled = self.toggle_optimizer(of_second);
      EXPECT_EQ(requires_grad(self), (std::vector<bool>{false, false, true, false}));
    }
    EXPECT_EQ(requires_grad(self), (std::vector<bool>{true, true, true, false}));
    of_second.step([&] {
      of_second.zero_grad();
      self.manual_backward(100 * self.second->weight.sum(), true);
      self.clip_gradients(of_second, 0.5, ClipAlgorithm::value);
    });
    EXPECT_EQ(self.second->weight.grad().max().item<double>(), 0.5);
    EXPECT_EQ(self.global_step(), batch_idx + 1);
    self.lr_scheduler(1).step(0);
    EXPECT_NEAR(learning_rates(of_second.optimizer())[0], 0.2 * std::pow(0.1, batch_idx + 1), 1e-15);
  };
  std::vector<Note> notes;
  TrainerOptions options = quiet({.max_epochs = 1});
  options.on_note = [&](const Note& note) { notes.push_back(note); };
  Trainer trainer(options);
  trainer.fit(net, batches(3));
  EXPECT_EQ(trainer.global_step(), 3);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].code, "idle-optimizer");
  EXPECT_EQ(notes[0].message,
            "made no step of optimizer 0 (SGD) in its first epoch. training_step optimises by hand "
            "(automatic_optimization = false): it calls manual_backward(loss) and optimizer(i).step(); steps of an "
            "optimizer that the module keeps itself are not counted");
}

TEST(ByHand, SaysThatNothingIsTrained) {
  ByHand net;
  Trainer trainer(quiet({.max_epochs = 3}));
  EXPECT_EQ(error_of([&] { trainer.fit(net, batches(4)); }),
            "training_step: made no step of an optimizer in epoch 0, in 4 batches: nothing is trained. training_step "
            "optimises by hand (automatic_optimization = false): it calls manual_backward(loss) and "
            "optimizer(i).step(); steps of an optimizer that the module keeps itself are not counted. If it is meant, "
            "allow_no_loss = true goes on");
  EXPECT_EQ(trainer.current_epoch(), 0);
  Trainer goes_on(quiet({.max_epochs = 3, .allow_no_loss = true}));
  goes_on.fit(net, batches(4));
  EXPECT_EQ(goes_on.current_epoch(), 3);
}

TEST(ByHand, RefusesWhatTheTrainerWouldDoItself) {
  const auto refusal = [](TrainerOptions options, std::function<void(ByHand&, torch::Tensor, std::int64_t)> step = {}) {
    ByHand net;
    if (step) net.step = std::move(step);
    return error_of([&] { Trainer(quiet(options)).fit(net, batches(2)); });
  };
  EXPECT_EQ(
      refusal({.gradient_clip_val = 0.5}),
      "Trainer: gradient_clip_val is 0.5, but the module optimises by hand (automatic_optimization = false): call "
      "clip_gradients(optimizer(i), 0.5) there");
  EXPECT_EQ(refusal({.accumulate_grad_batches = 3}),
            "Trainer: accumulate_grad_batches is 3, but the module optimises by hand (automatic_optimization = false): "
            "step every 3 batches there");
  EXPECT_EQ(refusal({}, [](ByHand& self, const torch::Tensor&, std::int64_t) { self.optimizer(2).step(); }),
            "ByHand: optimizer(2) is asked for, but configure_optimizers() returned 2");
  EXPECT_EQ(refusal({}, [](ByHand& self, const torch::Tensor&, std::int64_t) { self.lr_scheduler(2).step(0); }),
            "ByHand: lr_scheduler(2) is asked for, but configure_optimizers() returned 2");
  EXPECT_EQ(refusal({}, [](ByHand& self, const torch::Tensor& loss,
                           std::int64_t) { self.manual_backward(loss * std::nan("")); })
                .substr(0, 63),
            "training_step: the loss is nan, at step 0, epoch 0, batch 0; no");
  EXPECT_EQ(refusal({},
                    [](ByHand& self, const torch::Tensor& loss, std::int64_t) {
                      self.automatic_optimization = true;
                      self.manual_backward(loss);
                    }),
            "ByHand: manual_backward() is called, but the trainer optimises: set automatic_optimization = false in the "
            "constructor");
}

// A scale that is a power of two changes no bit, also where gradients are clipped and batches make a step together; a
// gradient that is not finite makes no step.
TEST(ScaledLosses, TrainAsOthersDoAndLeaveStepsOut) {
  const auto trained = [](std::shared_ptr<GradScaler> scaler, bool by_hand) {
    torch::manual_seed(3);
    TrainerOptions options = quiet({.max_epochs = 2, .grad_scaler = std::move(scaler)});
    if (by_hand) {
      ByHand net;
      net.step = [](ByHand& self, const torch::Tensor& loss, std::int64_t) {
        for (std::size_t i = 0; i < 2; ++i) {
          LightningOptimizer optimizer = self.optimizer(i);
          optimizer.zero_grad();
          const auto toggled = self.toggle_optimizer(optimizer);
          self.manual_backward(loss, true);
          optimizer.step();
        }
      };
      Trainer(options).fit(net, batches(4));
      return net.first->weight.detach().clone();
    }
    testing::Net net;
    options.accumulate_grad_batches = 2;
    options.gradient_clip_val = 0.05;
    Trainer(options).fit(net, batches(4));
    return net.first->weight.detach().clone();
  };
  const auto grown = std::make_shared<GradScaler>(GradScaler::Options{.growth_interval = 2});
  EXPECT_TRUE(torch::equal(trained(grown, false), trained(nullptr, false)));
  EXPECT_EQ(grown->get_scale(), 65536 * 4);
  EXPECT_TRUE(torch::equal(trained(std::make_shared<GradScaler>(), true), trained(nullptr, true)));

  testing::Net net;
  const torch::Tensor before = net.first->weight.detach().clone();
  net.change = [](testing::Net& self, const torch::Tensor& loss, std::int64_t) {
    return loss +
           torch::sqrt((self.first->weight - self.first->weight.detach()).sum());  // finite, with an infinite slope
  };
  const auto scaler = std::make_shared<GradScaler>();
  Trainer trainer(quiet({.max_epochs = 1, .grad_scaler = scaler}));
  trainer.fit(net, batches(3));
  EXPECT_TRUE(torch::equal(net.first->weight, before));
  EXPECT_EQ(scaler->get_scale(), 65536 / 8);
  EXPECT_EQ(trainer.global_step(), 3);  // as in Lightning
}

TEST(ScaledLosses, GoOnFromACheckpointWithTheirScale) {
  GradScaler first({.init_scale = 32, .growth_interval = 2});
  first.update(true);
  GradScaler second({.growth_interval = 2});
  second.load_state(first.state());
  second.update(true);
  EXPECT_EQ(second.get_scale(), 64);
}

TEST(Precision, OfSixteenBitsOnACpuIsBfloat16WithANote) {
  testing::Net net;
  net.change = [](testing::Net& self, const torch::Tensor& loss, std::int64_t) {
    EXPECT_EQ(self.first(torch::ones({1, 2})).scalar_type(), torch::kBFloat16);
    return loss;
  };
  std::vector<Note> notes;
  TrainerOptions options = quiet({.max_epochs = 1, .precision = Precision::f16});
  options.on_note = [&](const Note& note) { notes.push_back(note); };
  Trainer(options).fit(net, batches(1));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].message, "precision f16 (16-mixed) needs a GPU; bf16 (bf16-mixed) is used in its place");
  EXPECT_EQ(net.first(torch::ones({1, 2})).scalar_type(), torch::kFloat32);
}

double g_now = 0;
double clock_of_test() { return g_now += 1; }

TEST(Timer, EndsTrainingAfterTheBatchAtHand) {
  g_now = 0;
  const auto timer =
      std::make_shared<Timer>(Timer::Options{.duration = std::chrono::seconds(5), .now = &clock_of_test});
  testing::Net net;
  Trainer trainer(quiet({.callbacks = {timer}}));
  trainer.fit(net, batches(100));
  // The clock is looked at as training starts, for the start and for a check, and after each batch.
  EXPECT_EQ(net.losses.size(), 4U);
  EXPECT_EQ(trainer.options().max_epochs, -1);  // as in Lightning, a time alone is no limit of epochs
  EXPECT_EQ(error_of([&] { Trainer({.max_time = std::chrono::hours(1), .callbacks = {timer}}); }),
            "Trainer: max_time is set, and a Timer is among the callbacks: one of them is enough");
}

TEST(MaxTime, LetsMinEpochsPass) {
  testing::Net net;
  Trainer(quiet({.min_epochs = 2, .max_time = std::chrono::milliseconds(0)})).fit(net, batches(3));
  EXPECT_EQ(net.losses.size(), 6U);
}

TEST(Loaders, ThatAreEmptyAreErrors) {
  testing::Net net;
  const std::string advice =
      " is empty: its size is 0; is the data set empty, or smaller than a batch? To leave it out, give no loader or a "
      "limit of 0 batches";
  Trainer trainer(quiet({.max_epochs = 1}));
  EXPECT_EQ(error_of([&] { trainer.fit(net, batches(0)); }), "Trainer: the loader of training batches" + advice);
  EXPECT_EQ(error_of([&] { trainer.fit(net, batches(1), batches(0)); }),
            "Trainer: the loader of validation batches" + advice);
  EXPECT_EQ(error_of([&] { trainer.test(net, batches(0)); }), "Trainer: the loader of batches" + advice);
  Trainer(quiet({.max_epochs = 1, .limit_val_batches = 0})).fit(net, batches(1), batches(0));
  EXPECT_EQ(net.losses.size(), 1U);
  struct Unsized {
    std::vector<Example> all = batches(0);
    auto begin() { return all.begin(); }
    auto end() { return all.end(); }
  };
  EXPECT_EQ(
      error_of([&] { trainer.predict(net, Unsized()); }),
      "predict: the loader gave no batch; is the data set empty, or a generator used up? To leave it out, give no "
      "loader or a limit of 0 batches");
}

TEST(Schedules, ThatContradictEachOtherAreErrors) {
  const auto refusal = [](std::function<std::vector<Schedule>(torch::optim::Optimizer&)> schedules) {
    testing::Net net;
    net.configure = [&](testing::Net& self) {
      const auto sgd = std::make_shared<torch::optim::SGD>(self.parameters(), 0.1);
      return Optimizers{{{sgd, schedules(*sgd)}}};
    };
    return error_of([&] { Trainer(quiet({.max_epochs = 3, .accumulate_grad_batches = 2})).fit(net, batches(5)); });
  };
  EXPECT_EQ(
      refusal([](torch::optim::Optimizer& sgd) -> std::vector<Schedule> {
        return {{make_scheduler(sgd, cosine_annealing(3))}, {make_plateau(sgd), Interval::epoch, 1, "val_loss"}};
      }),
      "configure_optimizers: an optimizer has 2 schedulers, of which one sets the learning rate whatever the others "
      "did: make them one, with sequential({…}, {…}), or leave one out");
  EXPECT_EQ(
      refusal([](torch::optim::Optimizer& sgd) -> std::vector<Schedule> {
        return {{make_one_cycle(sgd, {.max_lr = 1, .total_steps = 8}), Interval::step}};
      }),
      "configure_optimizers: a scheduler is for 8 steps (total_steps), but it will be stepped 9 times, every 1 step: "
      "give it the steps of the whole training");
}

}  // namespace
}  // namespace weigh::lightning
