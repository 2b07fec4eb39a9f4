// What a step costs under Trainer, and in a loop written by hand: bench_trainer. Prints seconds for a step, the best of
// some runs that take turns: of a small CNN by hand and under Trainer, of a model that does next to nothing by hand and
// under Trainer. Trainer has its default callbacks but for checkpoints, and the steps log their loss for its progress
// bar.
#include "weigh/lightning/trainer.h"

#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "live/measure.h"

#include "weigh/lightning/module.h"

namespace {

namespace lightning = weigh::lightning;
using Example = torch::data::Example<>;

// Its own loss and optimizer, for both loops.
struct Net : lightning::LightningModule<Example> {
  virtual torch::Tensor loss(const Example& batch) = 0;
  torch::Tensor training_step(Example& batch, std::int64_t) override {
    const torch::Tensor value = loss(batch);
    if (has_trainer()) log("train_loss", value, {.prog_bar = true});
    return value;
  }
  lightning::Optimizers configure_optimizers() override { return optimizer(); }
  std::shared_ptr<torch::optim::SGD> optimizer() {
    return std::make_shared<torch::optim::SGD>(parameters(), torch::optim::SGDOptions(1e-3));
  }
};

struct CNN : Net {
  torch::Tensor loss(const Example& batch) override {
    torch::Tensor x = torch::relu(conv1(batch.data));
    x = torch::max_pool2d(torch::relu(conv2(x)), 2);
    return torch::cross_entropy_loss(fc(x.flatten(1)), batch.target);
  }
  torch::nn::Conv2d conv1 = register_module("conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 16, 3).padding(1)));
  torch::nn::Conv2d conv2 = register_module("conv2", torch::nn::Conv2d(torch::nn::Conv2dOptions(16, 32, 3).padding(1)));
  torch::nn::Linear fc = register_module("fc", torch::nn::Linear(512, 10));
};

struct Nothing : Net {
  torch::Tensor loss(const Example&) override { return weight * 1; }
  torch::Tensor weight = register_parameter("weight", torch::ones({}));
};

void by_hand(Net& net, const std::vector<Example>& batches) {
  const auto optimizer = net.optimizer();
  for (const Example& batch : batches) {
    optimizer->zero_grad();
    net.loss(batch).backward();
    optimizer->step();
  }
}

void under_trainer(Net& net, const std::vector<Example>& batches) {
  std::ostream nowhere(nullptr);
  lightning::Trainer trainer({.max_epochs = 1, .enable_checkpointing = false, .output = &nowhere});
  trainer.fit(net, batches);
}

template <class Model>
void measure(const Example& batch, std::size_t steps, int runs) {
  Model model;
  const std::vector<Example> batches(steps, batch);
  double hand = 0;
  double trainer = 0;
  for (int i = 0; i < runs; ++i) {
    const double first = weigh::bench::seconds_of([&] { by_hand(model, batches); });
    const double second = weigh::bench::seconds_of([&] { under_trainer(model, batches); });
    hand = i == 0 ? first : std::min(hand, first);
    trainer = i == 0 ? second : std::min(trainer, second);
  }
  std::printf("%.9f %.9f\n", hand / static_cast<double>(steps), trainer / static_cast<double>(steps));
}

}  // namespace

int main() {
  torch::manual_seed(0);
  torch::set_num_threads(1);  // what another process takes of a second one is no part of a step
  measure<CNN>({torch::rand({32, 1, 8, 8}), torch::randint(10, {32}, torch::kLong)}, 200, 15);
  measure<Nothing>({torch::zeros({1}), torch::zeros({1})}, 5000, 15);
}
