// What a step costs under Trainer, and in a loop written by hand: bench_trainer. Prints seconds for a step, the best of
// some runs that take turns: of a small CNN by hand, under Trainer, and under Trainer with a TensorBoardLogger and a
// Profiler; of a model that does next to nothing likewise. Trainer has its default callbacks but for checkpoints, and
// the steps log their loss for its progress bar.
#include "weigh/lightning/trainer.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "live/measure.h"

#include "weigh/lightning/loggers.h"
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

void under_trainer(Net& net, const std::vector<Example>& batches, lightning::TrainerOptions options = {}) {
  std::ostream nowhere(nullptr);
  options.set_max_epochs(1).set_enable_checkpointing(false).set_output(&nowhere);
  lightning::Trainer(options).fit(net, batches);
}

void recorded(Net& net, const std::vector<Example>& batches, const std::string& folder) {
  under_trainer(net, batches,
                {.callbacks = {std::make_shared<lightning::TensorBoardLogger>(
                     lightning::LoggerOptions{.save_dir = folder, .name = "", .version = "logs"})},
                 .profiler = std::make_shared<lightning::Profiler>(
                     lightning::Profiler::Options{.trace_path = folder + "/trace.json"})});
}

template <class Model>
void measure(const Example& batch, std::size_t steps, int runs) {
  Model model;
  const std::vector<Example> batches(steps, batch);
  const std::string folder = (std::filesystem::temp_directory_path() / "weigh_bench_trainer").string();
  std::array<double, 3> best;
  best.fill(1e9);
  for (int i = 0; i < runs; ++i) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const std::array<double, 3> taken = {
        weigh::bench::seconds_of([&] { by_hand(model, batches); }),
        weigh::bench::seconds_of([&] { under_trainer(model, batches); }),
        weigh::bench::seconds_of([&] { recorded(model, batches, folder); }),
    };
    for (std::size_t j = 0; j < best.size(); ++j) best[j] = std::min(best[j], taken[j]);
  }
  std::filesystem::remove_all(folder);
  for (const double seconds : best) std::printf("%.9f ", seconds / static_cast<double>(steps));
  std::printf("\n");
}

}  // namespace

int main() {
  torch::manual_seed(0);
  torch::set_num_threads(1);  // what another process takes of a second one is no part of a step
  measure<CNN>({torch::rand({32, 1, 8, 8}), torch::randint(10, {32}, torch::kLong)}, 200, 15);
  measure<Nothing>({torch::zeros({1}), torch::zeros({1})}, 5000, 15);
}
