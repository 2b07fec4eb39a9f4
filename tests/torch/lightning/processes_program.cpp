// One process of several that train together: what processes_test.cpp starts. The first argument names the part.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <torch/torch.h>
#include <unistd.h>

#include "torch/lightning/nets.h"

#include "weigh/lightning/model_checkpoint.h"
#include "weigh/torch/lazy_linear.h"

namespace weigh::lightning {
namespace {

using testing::batches;
using testing::Example;
using testing::Net;
using testing::quiet;

std::string g_folder;  // the second argument

// The same text for the same numbers, to the last bit or to so many digits.
void print(const torch::nn::Module& module) {
  for (const torch::Tensor& tensor : module.parameters()) {
    const torch::Tensor flat = tensor.detach().reshape({-1});
    for (std::int64_t i = 0; i < flat.numel(); ++i) std::cout << fmt::format("{:a} ", flat[i].item<double>());
  }
  for (const torch::Tensor& tensor : module.buffers()) std::cout << fmt::format("{:a} ", tensor.sum().item<double>());
  std::cout << '\n';
}

// Parameters that no other process has, before rank 0's are taken.
struct Own : Net {
  Own() {
    const char* rank = std::getenv("RANK");
    const torch::NoGradGuard no_grad;
    torch::manual_seed(1 + (rank ? std::atoi(rank) : 0));
    for (torch::Tensor& parameter : parameters()) parameter.uniform_(-1, 1);
  }
};

// `count` batches of four, dealt out; `whole` batches of as many as all processes have at once.
void train(std::int64_t count, TrainerOptions options = {}) {
  Own net;
  options = quiet(options);
  if (!options.max_epochs) options.max_epochs = 3;
  Trainer trainer(options);
  const auto data = batches(static_cast<int>(count));
  trainer.fit(net, data, batches(2));
  std::cout << trainer.global_step() << ' ' << net.losses.size() << '\n';
  print(net);
}

void mean() { train(6); }
void devices() { train(6, {.devices = 2}); }
void uneven() { train(5); }
void accumulated() { train(12, {.gradient_clip_val = 0.05, .accumulate_grad_batches = 2}); }

void summary() {
  Own net;
  const auto data = batches(4);
  TrainerOptions options{.max_epochs = 2, .log_every_n_steps = 1, .default_root_dir = g_folder};
  const auto logger = std::make_shared<CSVLogger>();
  const auto checkpoint = std::make_shared<ModelCheckpoint>(ModelCheckpoint::Options{.monitor = "val_loss"});
  options.callbacks = {logger, checkpoint};
  Trainer trainer(options);
  trainer.fit(net, data, batches(3));
  std::cerr << logger->log_dir() << ' ' << checkpoint->best_model_path() << ' '
            << fmt::format("{:a}", checkpoint->best_model_score()) << '\n';
}

// Shuffles, drops out, counts batches, and is saved in the middle of an epoch.
struct Model : LightningModule<Example> {
  torch::Tensor forward(torch::Tensor x) {
    return second(torch::dropout(norm(torch::tanh(first(x))), 0.3, is_training()));
  }
  torch::Tensor training_step(Example& batch, std::int64_t) override {
    const torch::Tensor loss = torch::mse_loss(forward(batch.data), batch.target);
    log("loss", loss, {.on_step = true, .on_epoch = true});
    losses += fmt::format("{:a} ", loss.item<double>());
    if (global_step() == interrupted_at && trainer().global_rank() == 1) std::raise(SIGINT);
    return loss;
  }
  void on_train_epoch_end() override {
    losses += fmt::format("| {:a} | ", trainer().callback_metrics().at("loss_epoch"));
  }
  Optimizers configure_optimizers() override { return std::make_shared<torch::optim::Adam>(parameters(), 0.05); }

  torch::nn::Linear first = register_module("first", torch::nn::Linear(2, 8));
  torch::nn::BatchNorm1d norm = register_module("norm", torch::nn::BatchNorm1d(8));
  torch::nn::Linear second = register_module("second", torch::nn::Linear(8, 1));
  std::int64_t interrupted_at = -1;
  std::string losses;
};

struct Data : torch::data::datasets::Dataset<Data> {
  Example get(std::size_t index) override {
    const double value = static_cast<double>(index) / 8;
    return {torch::tensor({value, value * value}, torch::kFloat), torch::sin(torch::full({1}, 3 * value))};
  }
  torch::optional<std::size_t> size() const override { return 32; }
};

void go_on(std::int64_t interrupted_at, const std::string& from) {
  torch::manual_seed(7);
  Model net;
  net.interrupted_at = interrupted_at;
  TrainerOptions options{.max_epochs = 3,
                         .enable_model_summary = false,
                         .enable_progress_bar = false,
                         .default_root_dir = g_folder,
                         .callbacks = {std::make_shared<ModelCheckpoint>()}};
  Trainer trainer(options);
  trainer.fit(net,
              torch::data::make_data_loader<torch::data::samplers::RandomSampler>(
                  Data().map(torch::data::transforms::Stack<>()), 4),
              nullptr, from);
  std::cout << net.losses << '\n';
  print(net);
}

void whole() { go_on(-1, ""); }
void interrupted() { go_on(5, ""); }
void resumed() { go_on(-1, g_folder + "/checkpoints/interrupted.safetensors"); }

// Rank 1 sees no progress, rank 0 much: what both see is what counts.
void stop_early() {
  struct Scripted : Own {
    torch::Tensor validation_step(Example&, std::int64_t) override {
      log("val_loss", trainer().global_rank() == 0 ? 10.0 - current_epoch() : 1.0 + 3 * current_epoch());
      return {};
    }
  } net;
  TrainerOptions options = quiet({.max_epochs = 20});
  options.callbacks = {std::make_shared<EarlyStopping>(EarlyStopping::Options{.monitor = "val_loss", .patience = 2})};
  Trainer trainer(options);
  trainer.fit(net, batches(4), batches(4));
  std::cout << trainer.current_epoch() << ' ' << trainer.callback_metrics().at("val_loss") << '\n';
}

void stop_by_one() {
  Own net;
  TrainerOptions options = quiet({.max_epochs = 20});
  Trainer trainer(options);
  net.change = [&](Net&, torch::Tensor loss, std::int64_t) {
    if (trainer.global_rank() == 1 && trainer.global_step() == 3) trainer.stop();
    return loss;
  };
  trainer.fit(net, batches(4));
  std::cout << trainer.global_step() << '\n';
}

void without_loss() {
  Own net;
  net.change = [](Net& self, torch::Tensor loss, std::int64_t batch_idx) {
    return self.trainer().global_rank() == 1 && batch_idx == 1 ? torch::Tensor() : loss;
  };
  TrainerOptions options = quiet({.max_epochs = 2});
  options.allow_no_loss = true;
  Trainer trainer(options);
  trainer.fit(net, batches(4));
  std::cout << trainer.global_step() << ' ' << net.losses.size() << '\n';
  print(net);
}

void not_finite() {
  Own net;
  net.change = [](Net& self, torch::Tensor loss, std::int64_t) {
    return self.trainer().global_rank() == 1 && self.global_step() == 2 ? loss / 0 : loss;
  };
  Trainer(quiet({.max_epochs = 2})).fit(net, batches(4));
}

void killed() {
  Own net;
  net.change = [](Net& self, torch::Tensor loss, std::int64_t) {
    if (self.trainer().global_rank() == 1 && self.global_step() == 2) ::kill(::getpid(), SIGKILL);
    return loss;
  };
  Trainer(quiet({.max_epochs = 2})).fit(net, batches(4));
}

void stuck() {
  Own net;
  net.change = [](Net& self, torch::Tensor loss, std::int64_t) {
    if (self.trainer().global_rank() == 1 && self.global_step() == 2)
      std::this_thread::sleep_for(std::chrono::seconds(8));
    return loss;
  };
  TrainerOptions options = quiet({.max_epochs = 2});
  options.process_timeout = std::chrono::milliseconds(2000);
  Trainer(options).fit(net, batches(4));
}

void evaluate() {
  Own net;
  const auto data = batches(5);
  Trainer trainer(quiet());
  std::cout << fmt::format("{:.6f}", trainer.test(net, data).at("test_loss"));
  for (const torch::Tensor& output : trainer.predict(net, data))
    std::cout << fmt::format(" {:.5f}", output.sum().item<double>());
  std::cout << '\n';
}

// Layers that the first forward initialises.
void lazy() {
  struct Lazy : LightningModule<Example> {
    torch::Tensor training_step(Example& batch, std::int64_t) override { return layer(batch.data).square().mean(); }
    Optimizers configure_optimizers() override { return std::make_shared<torch::optim::SGD>(parameters(), 0.1); }
    nn::LazyLinear layer = register_module("layer", nn::LazyLinear(3));
  } net;
  torch::manual_seed(std::atoi(std::getenv("RANK")));
  TrainerOptions options = quiet({.max_epochs = 1});
  options.uninitialized = Uninitialized::silent;
  Trainer(options).fit(net, batches(4));
  print(net);
}

void own_shares() {
  Own net;
  TrainerOptions options = quiet({.max_epochs = 2});
  options.use_distributed_sampler = false;
  Trainer trainer(options);
  trainer.fit(net, batches(trainer.is_global_zero() ? 4 : 3));
  std::cout << trainer.global_step() << '\n';
}

void other_model() {
  struct Other : LightningModule<Example> {
    explicit Other(int rank) { layer = register_module("layer", torch::nn::Linear(2, 1 + rank)); }
    torch::Tensor training_step(Example& batch, std::int64_t) override { return layer(batch.data).mean(); }
    Optimizers configure_optimizers() override { return std::make_shared<torch::optim::SGD>(parameters(), 0.1); }
    torch::nn::Linear layer = nullptr;
  } net(std::atoi(std::getenv("RANK")));
  Trainer(quiet({.max_epochs = 1})).fit(net, batches(4));
}

void alone() {
  Own net;
  TrainerOptions options = quiet({.max_epochs = 1});
  options.strategy = Strategy::ddp;
  Trainer(options).fit(net, batches(4));
}

const std::map<std::string, void (*)()> kParts = {{"mean", mean},
                                                  {"uneven", uneven},
                                                  {"devices", devices},
                                                  {"accumulated", accumulated},
                                                  {"summary", summary},
                                                  {"whole", whole},
                                                  {"interrupted", interrupted},
                                                  {"resumed", resumed},
                                                  {"stop_early", stop_early},
                                                  {"stop_by_one", stop_by_one},
                                                  {"without_loss", without_loss},
                                                  {"not_finite", not_finite},
                                                  {"killed", killed},
                                                  {"stuck", stuck},
                                                  {"evaluate", evaluate},
                                                  {"lazy", lazy},
                                                  {"own_shares", own_shares},
                                                  {"other_model", other_model},
                                                  {"alone", alone}};

}  // namespace
}  // namespace weigh::lightning

int main(int count, char** arguments) {
  if (count > 2) weigh::lightning::g_folder = arguments[2];
  try {
    weigh::lightning::kParts.at(arguments[1])();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
