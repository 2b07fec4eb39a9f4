// Numbers of torch.optim.lr_scheduler, torch.amp.GradScaler and Lightning, recorded by
// tools/fixtures/make_lightning_numbers.py.
#include <cmath>
#include <functional>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "torch/lightning/nets.h"

#include "weigh/error.h"
#include "weigh/lightning/averaging.h"
#include "weigh/lightning/grad_scaler.h"
#include "weigh/lightning/schedulers.h"

namespace weigh::lightning {
namespace {

using testing::Example;
using testing::quiet;
using weigh::testing::error_of;

const nlohmann::json& book() {
  static const auto parsed = nlohmann::json::parse(weigh::testing::file("lightning_hooks/numbers.json"));
  return parsed;
}

using Numbers = std::vector<double>;

void expect_near(const Numbers& got, const Numbers& expected, double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << "number " << i;
}

// Two groups, of rates 1 and 0.2.
template <class Kind, class Options>
std::shared_ptr<Kind> two_groups(Options options) {
  const auto group = [&](double rate) {
    auto own = std::make_unique<Options>(options);
    own->set_lr(rate);
    return torch::optim::OptimizerParamGroup({torch::zeros({1}).set_requires_grad(true)}, std::move(own));
  };
  return std::make_shared<Kind>(std::vector<torch::optim::OptimizerParamGroup>{group(1), group(0.2)}, options);
}
std::shared_ptr<torch::optim::SGD> sgd() {
  return two_groups<torch::optim::SGD>(torch::optim::SGDOptions(1).momentum(0.5));
}

double momentum_of(torch::optim::Optimizer& optimizer) {
  auto& options = optimizer.param_groups()[0].options();
  if (const auto* adam = dynamic_cast<torch::optim::AdamOptions*>(&options)) return std::get<0>(adam->betas());
  return dynamic_cast<torch::optim::SGDOptions&>(options).momentum();
}

using Make = std::function<std::shared_ptr<Scheduler>(torch::optim::Optimizer&)>;

Make by(RateFormula formula) {
  return [formula](torch::optim::Optimizer& optimizer) { return make_scheduler(optimizer, formula); };
}
Make cycle(OneCycleOptions options) {
  return [options](torch::optim::Optimizer& optimizer) { return make_one_cycle(optimizer, options); };
}

// A checkpoint after so many steps: another scheduler goes on with what the first one tells.
void expect_rates(const Make& make, torch::optim::Optimizer& optimizer, const nlohmann::json& expected,
                  int saved_after) {
  auto scheduler = make(optimizer);
  Numbers rates, momenta, expected_rates;
  for (int i = 0; i < 16; ++i) {
    for (const double rate : learning_rates(optimizer)) rates.push_back(rate);
    momenta.push_back(momentum_of(optimizer));
    if (i == saved_after) {
      const auto state = scheduler->state();
      scheduler = make(optimizer);
      scheduler->load_state(state);
    }
    scheduler->step(0);
  }
  for (const auto& of_groups : expected.at("rates"))
    for (const double rate : of_groups) expected_rates.push_back(rate);
  expect_near(rates, expected_rates, 1e-12);
  expect_near(momenta, expected.at("momenta").get<Numbers>(), 1e-12);
}

TEST(Schedulers, GiveTheNumbersOfPyTorch) {
  const std::map<std::string, Make> schedulers = {
      {"cosine", by(cosine_annealing(7, 0.01))},
      {"cosine_warm_restarts", by(cosine_warm_restarts(3, 2, 0.05))},
      {"linear", by(linear(0.25, 0.75, 6))},
      {"step", by(step_decay(4, 0.5))},
      {"multi_step", by(multi_step({2, 5, 11}, 0.3))},
      {"exponential", by(exponential(0.9))},
      {"polynomial", by(polynomial(8, 2))},
      {"warm_up_cosine", by(warm_up(4, cosine_annealing(10), 0.1))},
      {"three_in_a_row", by(sequential({exponential(0.5), linear(0.2, 1, 3), step_decay(2, 0.1)}, {3, 7}))},
      {"one_cycle", cycle({.max_lr = 2, .total_steps = 16})},
      {"one_cycle_linear", cycle({.max_lr = 0.5,
                                  .total_steps = 16,
                                  .pct_start = 0.4,
                                  .linear = true,
                                  .div_factor = 10,
                                  .final_div_factor = 100})},
      {"one_cycle_three_phase", cycle({.max_lr = 0.5, .total_steps = 16, .three_phase = true})},
  };
  ASSERT_EQ(book().at("schedulers").size(), schedulers.size());
  for (const auto& [name, expected] : book().at("schedulers").items()) {
    for (const int saved_after : {-1, 5}) {
      SCOPED_TRACE(name);
      const auto optimizer = sgd();
      expect_rates(schedulers.at(name), *optimizer, expected, saved_after);
    }
  }
  const auto adam = two_groups<torch::optim::Adam>(torch::optim::AdamOptions(1));
  expect_rates(schedulers.at("one_cycle"), *adam, book().at("one_cycle_of_adam"), -1);
}

TEST(Schedulers, ReduceOnAPlateauAsPyTorchDoes) {
  const std::map<std::string, PlateauOptions> plateaus = {
      {"defaults", {.patience = 1}},
      {"cooldown", {.factor = 0.5, .patience = 1, .cooldown = 2, .min_lr = 0.06}},
      {"absolute", {.factor = 0.5, .patience = 0, .threshold = 0.5, .threshold_absolute = true}},
      {"max", {.mode_max = true, .factor = 0.3, .patience = 2}},
  };
  ASSERT_EQ(book().at("plateaus").size(), plateaus.size());
  for (const auto& [name, expected] : book().at("plateaus").items()) {
    SCOPED_TRACE(name);
    const auto optimizer = sgd();
    const auto scheduler = make_plateau(*optimizer, plateaus.at(name));
    std::size_t i = 0;
    for (const double metric : book().at("metrics")) {
      scheduler->step(metric);
      expect_near(learning_rates(*optimizer), expected.at(i++).get<Numbers>(), 1e-12);
    }
  }
}

TEST(Schedulers, RefuseNumbersThatMakeNoSense) {
  const auto optimizer = sgd();
  EXPECT_EQ(error_of([] { cosine_annealing(0); }), "cosine_annealing: t_max is 0; the least that makes sense is 1");
  EXPECT_EQ(error_of([] { sequential({exponential(0.5)}, {3}); }),
            "sequential: there are 1 formulas and 1 milestones; between two formulas is one");
  EXPECT_EQ(error_of([] {
              sequential({exponential(1), exponential(1), exponential(1)}, {5, 3});
            }),
            "sequential: milestone 3 comes after 5: the formula between them would never be used");
  EXPECT_EQ(error_of([&] { make_plateau(*optimizer, {.factor = 1}); }),
            "ReduceLROnPlateau: factor is 1; a rate is reduced by a factor below 1");
  EXPECT_EQ(
      error_of([&] { make_one_cycle(*optimizer, {.max_lr = 1}); }),
      "OneCycleLR: max_lr 1, total_steps 0, pct_start 0.3: a rate above 0, one step at least, a part from 0 to 1");
  const auto once = make_one_cycle(*optimizer, {.max_lr = 1, .total_steps = 1});
  once->step(0);
  EXPECT_EQ(
      error_of([&] { once->step(0); }),
      "OneCycleLR: is stepped 2 times, but total_steps is 1: it is the number of steps of the whole training, epochs "
      "times steps of an epoch, for Interval::step");
  torch::optim::Adagrad adagrad(std::vector<torch::Tensor>{torch::zeros({1})}, 0.1);
  EXPECT_EQ(error_of([&] { make_one_cycle(adagrad, {.max_lr = 1, .total_steps = 2}); }),
            "OneCycleLR: Adagrad has neither momentum nor betas to cycle: set cycle_momentum = false");
}

TEST(GradScaler, ScalesAndSkipsAsPyTorchDoes) {
  GradScaler scaler({.init_scale = 8, .growth_interval = 3});
  torch::Tensor weight = torch::ones({2}).set_requires_grad(true);
  torch::optim::SGD optimizer(std::vector<torch::Tensor>{weight}, 0.5);
  std::size_t i = 0;
  for (const int is_infinite : book().at("found_inf")) {
    optimizer.zero_grad();
    scaler.scale((weight * (is_infinite ? INFINITY : 1.0)).sum()).backward();
    const bool all_finite = scaler.unscale({weight});
    EXPECT_EQ(all_finite, is_infinite == 0);
    if (all_finite) optimizer.step();
    scaler.update(all_finite);
    EXPECT_EQ((Numbers{scaler.get_scale(), weight[0].item<double>()}), book().at("scales").at(i++).get<Numbers>());
  }
  EXPECT_EQ(
      error_of([] { GradScaler({.growth_factor = 1}); }),
      "GradScaler: init_scale 65536, growth_factor 1, backoff_factor 0.5, growth_interval 2000: the scale is above "
      "0, grows by a factor above 1 and shrinks by one below");
}

// What the script trains.
std::vector<Example> data(int count) {
  std::vector<Example> all;
  for (int i = 0; i < count; ++i)
    all.emplace_back(torch::arange(8.0).view({4, 2}) / 8 - i, torch::sin(torch::arange(4.0) + i).view({4, 1}));
  return all;
}

class Net : public LightningModule<Example> {
 public:
  explicit Net(bool has_norm = false) {
    if (has_norm) norm = register_module("norm", torch::nn::BatchNorm1d(2));
    const torch::NoGradGuard no_grad;
    layer->weight.copy_(torch::tensor({{0.5, -0.25}}));
    layer->bias.fill_(0.125);
  }
  torch::Tensor forward(const torch::Tensor& x) { return layer(norm ? norm(x) : x); }
  torch::Tensor training_step(Example& batch, std::int64_t) override {
    rates.push_back(learning_rates(*trainer().optimizers()[0].optimizer)[0]);
    steps.push_back(static_cast<double>(global_step()));
    return torch::mse_loss(forward(batch.data), batch.target);
  }
  torch::Tensor validation_step(Example& batch, std::int64_t) override {
    val_loss.push_back(torch::mse_loss(forward(batch.data), batch.target).item<double>());
    return {};
  }
  Optimizers configure_optimizers() override { return std::make_shared<torch::optim::SGD>(parameters(), 0.1); }

  torch::nn::BatchNorm1d norm{nullptr};
  torch::nn::Linear layer = register_module("layer", torch::nn::Linear(2, 1));
  Numbers rates, steps, val_loss;
};

class ByHand : public Net {
 public:
  ByHand() { automatic_optimization = false; }
  torch::Tensor training_step(Example& batch, std::int64_t batch_idx) override {
    steps.push_back(static_cast<double>(global_step()));
    LightningOptimizer first = optimizer(0);
    LightningOptimizer second = optimizer(1);
    first.zero_grad();
    manual_backward(torch::mse_loss(layer(batch.data), batch.target));
    first.step();
    if (batch_idx % 2 == 0) return {};
    second.zero_grad();
    manual_backward(layer(batch.data).square().mean());
    second.step();
    return {};
  }
  Optimizers configure_optimizers() override {
    const auto of = [](const torch::Tensor& parameter, double rate) {
      return std::make_shared<torch::optim::SGD>(std::vector<torch::Tensor>{parameter}, rate);
    };
    return Optimizers{{of(layer->weight, 0.1), of(layer->bias, 0.05)}};
  }
};

Numbers numbers_of(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().to(torch::kFloat64).reshape({-1}).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

void expect_run(const std::string& name, Net& net, TrainerOptions options, std::int64_t fewer_steps = 0,
                std::size_t fewer_validations = 0) {
  SCOPED_TRACE(name);
  nlohmann::json expected = book().at("runs").at(name);
  options = quiet(options);
  options.num_sanity_val_steps = 0;
  Trainer trainer(options);
  trainer.fit(net, data(3), data(1));
  EXPECT_EQ(trainer.global_step(), expected.at("global_step").get<std::int64_t>() - fewer_steps);
  expect_near(net.steps, expected.at("steps").get<Numbers>(), 0);
  if (!expected.at("rates").empty()) expect_near(net.rates, expected.at("rates").get<Numbers>(), 1e-12);
  Numbers val_loss = expected.at("val_loss").get<Numbers>();
  val_loss.resize(val_loss.size() - fewer_validations);
  expect_near(net.val_loss, val_loss, 1e-6);
  expect_near(numbers_of(net.layer->weight), expected.at("weight").get<Numbers>(), 1e-6);
  expect_near(numbers_of(net.layer->bias), {expected.at("bias").get<double>()}, 1e-6);
  if (!expected.contains("running_mean")) return;
  expect_near(numbers_of(net.norm->running_mean), expected.at("running_mean").get<Numbers>(), 1e-6);
  expect_near(numbers_of(net.norm->running_var), expected.at("running_var").get<Numbers>(), 1e-6);
}

TrainerOptions with(std::shared_ptr<Callback> callback, std::int64_t epochs) {
  return TrainerOptions().set_max_epochs(epochs).set_callbacks({std::move(callback)});
}

TEST(Averages, AreThoseOfLightning) {
  Net ema, some, norm(true), mean;
  expect_run("ema", ema, with(std::make_shared<EMAWeightAveraging>(0.75), 3));
  expect_run("ema of some", some,
             with(std::make_shared<EMAWeightAveraging>(EMAWeightAveraging::Options{
                      .decay = 0.75, .update_every_n_steps = 2, .update_starting_at_step = 0}),
                  3));
  expect_run("ema of a norm", norm, with(std::make_shared<EMAWeightAveraging>(0.75), 3));
  expect_run("mean", mean, with(std::make_shared<WeightAveraging>(), 3));
  EXPECT_EQ(error_of([] { EMAWeightAveraging(1.5); }),
            "EMAWeightAveraging: decay 1.5, update_every_n_steps 1: a decay is between 0 and 1, a number of steps not "
            "below 0");
}

TEST(Averages, OfTheLastEpochsAreThoseOfLightning) {
  using Options = StochasticWeightAveraging::Options;
  const auto swa = [](const Options& options) { return std::make_shared<StochasticWeightAveraging>(options); };
  Net plain, linear, norm(true);
  expect_run("swa", plain, with(swa({.swa_lr = 0.02, .swa_epoch_start = std::int64_t{2}, .annealing_epochs = 3}), 6));
  expect_run("swa, linear", linear,
             with(swa({.swa_lr = 0.02, .swa_epoch_start = 0.5, .annealing_epochs = 2, .linear = true}), 6));
  // Lightning counts its pass for statistics as an epoch, with a validation and a step that steps nothing.
  expect_run("swa of a norm", norm,
             with(swa({.swa_lr = 0.02, .swa_epoch_start = std::int64_t{2}, .annealing_epochs = 3}), 4), 1, 1);
}

TEST(Averages, RefuseWhatMakesNoSense) {
  const auto refusal = [](std::function<Optimizers(testing::Net&)> configure) {
    testing::Net net;
    net.configure = std::move(configure);
    return error_of(
        [&] { Trainer(quiet(with(std::make_shared<StochasticWeightAveraging>(0.1), 2))).fit(net, data(1)); });
  };
  EXPECT_EQ(error_of([] { StochasticWeightAveraging(0.0); }),
            "StochasticWeightAveraging: swa_lr is 0; a learning rate is above 0");
  EXPECT_EQ(refusal([](testing::Net& net) {
              const auto made = [&] { return std::make_shared<torch::optim::SGD>(net.parameters(), 0.1); };
              return Optimizers{{made(), made()}};
            }),
            "StochasticWeightAveraging: there are 2 optimizers; it works with one");
}

TEST(ByHand, CountsStepsAndTrainsAsLightning) {
  ByHand two_epochs, six_steps;
  expect_run("by hand", two_epochs, TrainerOptions().set_max_epochs(2));
  expect_run("by hand, max_steps", six_steps, TrainerOptions().set_max_steps(6));
}

TEST(Accumulation, FollowsASchedule) {
  Net net;
  using Schedule = std::map<std::int64_t, std::int64_t>;
  expect_run("accumulation", net, with(std::make_shared<GradientAccumulationScheduler>(Schedule{{1, 2}, {3, 3}}), 5));
  EXPECT_EQ(error_of([] { GradientAccumulationScheduler({}); }),
            "GradientAccumulationScheduler: no epoch is named: {{0, 8}, {4, 4}}");
  EXPECT_EQ(
      error_of([] {
        GradientAccumulationScheduler(Schedule{{2, 0}});
      }),
      "GradientAccumulationScheduler: 0 batches make a step from epoch 2 on: epochs count from 0, and a step takes "
      "one batch at least");
  TrainerOptions twice = with(std::make_shared<GradientAccumulationScheduler>(Schedule{{1, 2}}), 2);
  twice.accumulate_grad_batches = 4;
  EXPECT_EQ(error_of([&] { Trainer(quiet(twice)).fit(net, data(1)); }),
            "GradientAccumulationScheduler: accumulate_grad_batches is 4, too: leave one of them out");
}

TEST(Overfit, TrainsOnAFewBatches) {
  Net net;
  expect_run("overfit", net, TrainerOptions().set_overfit_batches(2).set_max_epochs(2));
}

}  // namespace
}  // namespace weigh::lightning
