// A training in a process of its own, which the tests interrupt, kill and leave without space:
//   lightning_run FOLDER [resume=CHECKPOINT] [width=N] [sgd=1] [wait_at=STEP] [limit_at=STEP limit=BYTES]
// It saves after every step, and prints "ready" and then a line for each step, its number and its loss as hexadecimal
// digits. At `wait_at` a step does not end; from `limit_at` on no file may be longer than `limit`, as on a full disk.
#include <chrono>
#include <csignal>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <sys/resource.h>
#include <torch/torch.h>
#include <unistd.h>

#include "weigh/lightning/model_checkpoint.h"
#include "weigh/lightning/module.h"
#include "weigh/lightning/trainer.h"

namespace {

namespace lightning = weigh::lightning;
using Example = torch::data::Example<>;
using Options = std::map<std::string, std::string>;

std::int64_t number(const Options& options, const std::string& name, std::int64_t otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : std::stoll(found->second);
}

// In one piece, whenever the process ends.
void print(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
}

void limit_files(std::int64_t bytes) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{static_cast<rlim_t>(bytes), RLIM_INFINITY};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

// With dropout and a loader that shuffles, so that random numbers matter, and a scheduler.
class Net : public lightning::LightningModule<Example> {
 public:
  explicit Net(const Options& options) : options_(options) {
    const std::int64_t width = number(options, "width", 512);
    first = register_module("first", torch::nn::Linear(2, width));
    second = register_module("second", torch::nn::Linear(width, 1));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    return second(torch::dropout(torch::tanh(first(x)), 0.3, is_training()));
  }
  torch::Tensor training_step(Example& batch, std::int64_t) override {
    const std::int64_t step = global_step();
    if (step == number(options_, "limit_at", -1)) limit_files(number(options_, "limit", 0));
    if (step == number(options_, "wait_at", -1)) {
      print("waiting\n");
      std::this_thread::sleep_for(std::chrono::minutes(10));
    }
    const torch::Tensor loss = torch::mse_loss(forward(batch.data), batch.target);
    print(fmt::format("{} {:a}\n", step, loss.item<double>()));
    return loss;
  }
  lightning::Optimizers configure_optimizers() override {
    if (number(options_, "sgd", 0) != 0) return std::make_shared<torch::optim::SGD>(parameters(), 1e-6);
    const auto adam = std::make_shared<torch::optim::Adam>(parameters(), 0.05);
    return {adam,
            lightning::Schedule{lightning::make_lambda(*adam, [](std::int64_t n) { return 1.0 / (1.0 + 0.1 * n); }),
                                lightning::Interval::step}};
  }
  void on_train_start() override { print("ready\n"); }

 private:
  Options options_;
  torch::nn::Linear first{nullptr}, second{nullptr};
};

struct Data : torch::data::datasets::Dataset<Data> {
  Example get(std::size_t index) override {
    const double value = static_cast<double>(index) / 8;
    return {torch::full({2}, value), torch::sin(torch::full({1}, 3 * value))};
  }
  torch::optional<std::size_t> size() const override { return 18; }
};

void run(const std::string& folder, const Options& options) {
  const bool resumes = options.count("resume") > 0;
  torch::manual_seed(resumes ? 99 : 7);  // what is drawn after resuming is the checkpoint's
  Net net(options);
  auto loader = torch::data::make_data_loader<torch::data::samplers::RandomSampler>(
      Data().map(torch::data::transforms::Stack<>()), 4);  // five batches, the last of two
  const auto checkpoint = std::make_shared<lightning::ModelCheckpoint>(
      lightning::ModelCheckpoint::Options{.dirpath = folder, .save_last = true, .every_n_train_steps = 1});
  lightning::Trainer trainer({.max_epochs = 8,
                              .enable_model_summary = false,
                              .enable_progress_bar = false,
                              .default_root_dir = folder,
                              .callbacks = {checkpoint}});
  trainer.fit(net, loader, nullptr, resumes ? options.at("resume") : "");
  print(trainer.was_interrupted() ? "interrupted\n" : "done\n");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Options options;
    for (int i = 2; i < argc; ++i) {
      const std::string argument = argv[i];
      const auto sign = argument.find('=');
      options[argument.substr(0, sign)] = argument.substr(sign + 1);
    }
    torch::set_num_threads(1);
    run(argv[1], options);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
