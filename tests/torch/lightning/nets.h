// Small models and trainers for the tests.
#pragma once

#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "weigh/lightning/callbacks.h"
#include "weigh/lightning/module.h"
#include "weigh/lightning/trainer.h"

namespace weigh::lightning::testing {

using Example = torch::data::Example<>;

// A loader of so many batches of four, which are not alike.
inline std::vector<Example> batches(int count, int width = 2) {
  std::vector<Example> all;
  for (int i = 0; i < count; ++i) {
    const torch::Tensor x = torch::arange(4.0 * width).view({4, width}) / 8 - i;
    all.emplace_back(x, torch::sin(x.sum(1, true)));
  }
  return all;
}

// Without files and text.
inline TrainerOptions quiet(TrainerOptions options = {}) {
  options.enable_checkpointing = false;
  options.enable_progress_bar = false;
  options.enable_model_summary = false;
  return options;
}

// Two layers, a loss that every test may change.
class Net : public LightningModule<Example> {
 public:
  explicit Net(double rate = 0.1) : rate_(rate) {}

  torch::Tensor forward(const torch::Tensor& x) { return second(torch::tanh(first(x))); }
  torch::Tensor training_step(Example& batch, std::int64_t batch_idx) override {
    torch::Tensor loss = torch::mse_loss(forward(batch.data), batch.target);
    if (change) loss = change(*this, loss, batch_idx);
    if (loss.defined()) losses.push_back(loss.item<double>());
    return loss;
  }
  torch::Tensor validation_step(Example& batch, std::int64_t) override {
    const torch::Tensor loss = torch::mse_loss(forward(batch.data), batch.target);
    log("val_loss", loss, {.prog_bar = true});
    return loss;
  }
  torch::Tensor test_step(Example& batch, std::int64_t) override {
    log("test_loss", torch::mse_loss(forward(batch.data), batch.target));
    return {};
  }
  torch::Tensor predict_step(Example& batch, std::int64_t) override { return forward(batch.data); }
  Optimizers configure_optimizers() override {
    if (configure) return configure(*this);
    return std::make_shared<torch::optim::SGD>(parameters(), torch::optim::SGDOptions(rate_).momentum(0.9));
  }

  torch::nn::Linear first = register_module("first", torch::nn::Linear(2, 3));
  torch::nn::Linear second = register_module("second", torch::nn::Linear(3, 1));
  std::function<torch::Tensor(Net&, torch::Tensor, std::int64_t)> change;
  std::function<Optimizers(Net&)> configure;
  std::vector<double> losses;  // of each training step

 private:
  double rate_;
};

}  // namespace weigh::lightning::testing
