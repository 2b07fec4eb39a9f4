// The order of hooks, and what is logged when, are those that Lightning's own were recorded with
// (tools/fixtures/make_lightning_hooks.py).
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "torch/lightning/nets.h"

namespace weigh::lightning {
namespace {

using testing::quiet;

std::vector<std::string> g_calls;

#define RECORD_CALLBACK(name) \
  void name(Trainer&, ModuleBase&) override { g_calls.push_back("callback." #name); }
#define RECORD_BATCHES(stage)                                                                                        \
  void on_##stage##_batch_start(Trainer&, ModuleBase&, const AnyBatch&, std::int64_t) override {                     \
    g_calls.push_back("callback.on_" #stage "_batch_start");                                                         \
  }                                                                                                                  \
  void on_##stage##_batch_end(Trainer&, ModuleBase&, const torch::Tensor&, const AnyBatch&, std::int64_t) override { \
    g_calls.push_back("callback.on_" #stage "_batch_end");                                                           \
  }

class Recorder : public Callback {
  void setup(Trainer&, ModuleBase&, Task) override { g_calls.push_back("callback.setup"); }
  void teardown(Trainer&, ModuleBase&, Task) override { g_calls.push_back("callback.teardown"); }
  RECORD_CALLBACK(on_fit_start)
  RECORD_CALLBACK(on_fit_end)
  RECORD_CALLBACK(on_sanity_check_start)
  RECORD_CALLBACK(on_sanity_check_end)
  RECORD_CALLBACK(on_train_start)
  RECORD_CALLBACK(on_train_end)
  RECORD_CALLBACK(on_train_epoch_start)
  RECORD_CALLBACK(on_train_epoch_end)
  RECORD_CALLBACK(on_validation_start)
  RECORD_CALLBACK(on_validation_end)
  RECORD_CALLBACK(on_validation_epoch_start)
  RECORD_CALLBACK(on_validation_epoch_end)
  RECORD_CALLBACK(on_test_start)
  RECORD_CALLBACK(on_test_end)
  RECORD_CALLBACK(on_test_epoch_start)
  RECORD_CALLBACK(on_test_epoch_end)
  RECORD_CALLBACK(on_predict_start)
  RECORD_CALLBACK(on_predict_end)
  RECORD_CALLBACK(on_predict_epoch_start)
  RECORD_CALLBACK(on_predict_epoch_end)
  RECORD_CALLBACK(on_after_backward)
  RECORD_BATCHES(train)
  RECORD_BATCHES(validation)
  RECORD_BATCHES(test)
  RECORD_BATCHES(predict)
  void on_before_zero_grad(Trainer&, ModuleBase&, torch::optim::Optimizer&) override {
    g_calls.push_back("callback.on_before_zero_grad");
  }
  void on_before_backward(Trainer&, ModuleBase&, const torch::Tensor&) override {
    g_calls.push_back("callback.on_before_backward");
  }
  void on_before_optimizer_step(Trainer&, ModuleBase&, torch::optim::Optimizer&) override {
    g_calls.push_back("callback.on_before_optimizer_step");
  }
  void on_exception(Trainer&, ModuleBase&, const std::exception&) override {
    g_calls.push_back("callback.on_exception");
  }
};

// The model of the script.
class Net : public LightningModule<torch::Tensor> {
 public:
  Net(std::string interval, int raises_at) : interval_(std::move(interval)), raises_at_(raises_at) {
    automatic_optimization = interval_ != "by hand";
  }

  torch::Tensor training_step(torch::Tensor& batch, std::int64_t batch_idx) override {
    g_calls.push_back("module.training_step");
    if (global_step() == raises_at_) throw std::runtime_error("boom");
    log("train_loss", static_cast<double>(batch_idx + 1) / 8, {.on_step = true, .on_epoch = true, .batch_size = 4});
    log("seen", static_cast<double>(global_step()));
    const torch::Tensor loss = layer(batch).sum();
    if (automatic_optimization) return loss;
    LightningOptimizer by_hand = optimizer();
    by_hand.zero_grad();
    manual_backward(loss);
    by_hand.step();
    return {};
  }
  torch::Tensor validation_step(torch::Tensor&, std::int64_t batch_idx) override {
    g_calls.push_back("module.validation_step");
    log("val_loss", std::pow(2.0, -static_cast<double>(current_epoch() + batch_idx)),
        {.prog_bar = true, .batch_size = 4});
    return {};
  }
  torch::Tensor test_step(torch::Tensor&, std::int64_t) override {
    g_calls.push_back("module.test_step");
    log("test_loss", 1.5, {.batch_size = 4});
    return {};
  }
  torch::Tensor predict_step(torch::Tensor& batch, std::int64_t) override {
    g_calls.push_back("module.predict_step");
    return layer(batch);
  }
  Optimizers configure_optimizers() override {
    g_calls.push_back("module.configure_optimizers");
    const auto optimizer = std::make_shared<torch::optim::SGD>(parameters(), 0.5);
    if (interval_.empty() || !automatic_optimization) return optimizer;
    const auto scheduler = make_lambda(*optimizer, [](std::int64_t count) { return std::pow(0.5, count); });
    return {optimizer, Schedule{scheduler, interval_ == "step" ? Interval::step : Interval::epoch}};
  }

  torch::nn::Linear layer = register_module("layer", torch::nn::Linear(2, 1));

 private:
  std::string interval_;
  int raises_at_;
};

#define RECORD(name) \
  void name() override { g_calls.push_back("module." #name); }
#define RECORD_AND_CALL(name)           \
  void name() override {                \
    g_calls.push_back("module." #name); \
    Net::name();                        \
  }
#define RECORD_MODULE_BATCHES(stage)                                                         \
  void on_##stage##_batch_start(torch::Tensor&, std::int64_t) override {                     \
    g_calls.push_back("module.on_" #stage "_batch_start");                                   \
  }                                                                                          \
  void on_##stage##_batch_end(const torch::Tensor&, torch::Tensor&, std::int64_t) override { \
    g_calls.push_back("module.on_" #stage "_batch_end");                                     \
  }

class RecordedNet : public Net {
 public:
  using Net::Net;
  void setup(Task) override { g_calls.push_back("module.setup"); }
  void teardown(Task) override { g_calls.push_back("module.teardown"); }
  RECORD(on_fit_start)
  RECORD(on_fit_end)
  RECORD(on_train_start)
  RECORD(on_train_end)
  RECORD(on_train_epoch_start)
  RECORD(on_train_epoch_end)
  RECORD(on_validation_start)
  RECORD(on_validation_end)
  RECORD(on_validation_epoch_start)
  RECORD(on_validation_epoch_end)
  RECORD(on_test_start)
  RECORD(on_test_end)
  RECORD(on_test_epoch_start)
  RECORD(on_test_epoch_end)
  RECORD(on_predict_start)
  RECORD(on_predict_end)
  RECORD(on_predict_epoch_start)
  RECORD(on_predict_epoch_end)
  RECORD(on_after_backward)
  RECORD_AND_CALL(on_validation_model_eval)
  RECORD_AND_CALL(on_test_model_eval)
  RECORD_AND_CALL(on_predict_model_eval)
  RECORD_AND_CALL(on_validation_model_zero_grad)
  RECORD_MODULE_BATCHES(train)
  RECORD_MODULE_BATCHES(validation)
  RECORD_MODULE_BATCHES(test)
  RECORD_MODULE_BATCHES(predict)
  void on_before_zero_grad(torch::optim::Optimizer&) override { g_calls.push_back("module.on_before_zero_grad"); }
  void on_before_backward(const torch::Tensor&) override { g_calls.push_back("module.on_before_backward"); }
  void on_before_optimizer_step(torch::optim::Optimizer&) override {
    g_calls.push_back("module.on_before_optimizer_step");
  }
  void optimizer_step(torch::optim::Optimizer& optimizer, const std::function<torch::Tensor()>& closure) override {
    g_calls.push_back("module.optimizer_step");
    Net::optimizer_step(optimizer, closure);
  }
  void optimizer_zero_grad(torch::optim::Optimizer& optimizer) override {
    g_calls.push_back("module.optimizer_zero_grad");
    Net::optimizer_zero_grad(optimizer);
  }
  void backward(const torch::Tensor& loss) override {
    g_calls.push_back("module.backward");
    Net::backward(loss);
  }
  void configure_gradient_clipping(torch::optim::Optimizer& optimizer) override {
    g_calls.push_back("module.configure_gradient_clipping");
    Net::configure_gradient_clipping(optimizer);
  }
  void lr_scheduler_step(Scheduler& scheduler, double metric) override {
    g_calls.push_back("module.lr_scheduler_step");
    Net::lr_scheduler_step(scheduler, metric);
  }
};

std::vector<torch::Tensor> loader(int count) { return std::vector<torch::Tensor>(count, torch::ones({4, 2})); }

Limit limit_of(const nlohmann::json& value) {
  return value.is_number_float() ? Limit(value.get<double>()) : Limit(value.get<std::int64_t>());
}

TrainerOptions options_of(const nlohmann::json& given) {
  TrainerOptions options = quiet();
  options.callbacks = {std::make_shared<Recorder>()};
  for (const auto& [name, value] : given.items()) {
    if (name == "max_epochs") options.max_epochs = value.get<std::int64_t>();
    if (name == "max_steps") options.max_steps = value.get<std::int64_t>();
    if (name == "num_sanity_val_steps") options.num_sanity_val_steps = value.get<std::int64_t>();
    if (name == "accumulate_grad_batches") options.accumulate_grad_batches = value.get<std::int64_t>();
    if (name == "check_val_every_n_epoch") options.check_val_every_n_epoch = value.get<std::int64_t>();
    if (name == "val_check_interval") options.val_check_interval = limit_of(value);
    if (name == "limit_train_batches") options.limit_train_batches = limit_of(value);
    if (name == "limit_val_batches") options.limit_val_batches = limit_of(value);
    if (name == "gradient_clip_val") options.gradient_clip_val = value.get<double>();
    if (name == "fast_dev_run") options.fast_dev_run = 1;
  }
  return options;
}

std::string calls_of(const nlohmann::json& scenario) {
  const auto& given = scenario.at("options");
  RecordedNet net(given.value("interval", ""), given.value("raises_at", -1));
  Trainer trainer(options_of(given));
  const std::string function = given.value("function", "fit");
  g_calls.clear();
  try {
    if (function == "fit") trainer.fit(net, loader(3), loader(2));
    if (function == "validate") trainer.validate(net, loader(2));
    if (function == "test") trainer.test(net, loader(2));
    if (function == "predict") trainer.predict(net, loader(2));
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "boom");
  }
  std::string text;
  for (const std::string& call : g_calls) text += (text.empty() ? "" : " ") + call;
  return text;
}

TEST(Hooks, AreCalledInTheOrderThatLightningWasRecordedWith) {
  const auto book = nlohmann::json::parse(weigh::testing::file("lightning_hooks/hooks.json"));
  ASSERT_GE(book.at("scenarios").size(), 20U);
  for (const auto& scenario : book.at("scenarios")) {
    SCOPED_TRACE(scenario.at("name"));
    EXPECT_EQ(calls_of(scenario), scenario.at("calls").get<std::string>());
  }
}

struct CsvOfLightning : ::testing::TestWithParam<const char*> {};

TEST_P(CsvOfLightning, IsWrittenToTheByte) {
  const std::string folder = ::testing::TempDir() + "weigh_lightning_csv_" + GetParam();
  std::filesystem::remove_all(folder);
  TrainerOptions options = quiet({.max_epochs = 2, .log_every_n_steps = 2});
  options.callbacks = {std::make_shared<CSVLogger>(CSVLogger::Options{.save_dir = folder, .name = "", .version = "v"}),
                       std::make_shared<LearningRateMonitor>()};
  Net net(GetParam(), -1);
  Trainer(options).fit(net, loader(3), loader(2));
  EXPECT_EQ(weigh::testing::read_file(folder + "/v/metrics.csv"),
            weigh::testing::file(std::string("lightning_hooks/metrics_") + GetParam() + ".csv"));
}
INSTANTIATE_TEST_SUITE_P(Intervals, CsvOfLightning, ::testing::Values("step", "epoch"));

}  // namespace
}  // namespace weigh::lightning
