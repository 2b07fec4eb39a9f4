// karate ../data/karate.txt SEED
#include <fstream>
#include <iostream>
#include <sstream>
#include <tuple>

#include <torch/torch.h>
#include <weigh/lightning/lightning.h>
#include <weigh/torch/graph/gatv2_conv.h>

namespace L = weigh::lightning;
namespace F = torch::nn::functional;
using torch::Tensor;
using weigh::nn::GATv2Conv, weigh::nn::GATv2ConvOptions;
using Batch = std::tuple<Tensor, Tensor, Tensor, Tensor>;

std::tuple<Tensor, Tensor, Tensor> read(const char* path) {
  std::vector<std::int64_t> sides, pairs;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream row(line);
    std::string what;
    std::int64_t i = 0, j = 0;
    row >> what >> i >> j;
    if (what == "member") sides.push_back(j);
    if (what == "friends") pairs.insert(pairs.end(), {i, j});
  }
  Tensor edges = torch::tensor(pairs).view({-1, 2}).t();
  edges = torch::cat({edges, edges.flip(0)}, 1);
  const auto count = static_cast<std::int64_t>(sides.size());
  return {torch::eye(count), edges, torch::tensor(sides)};
}

class GAT : public L::LightningModule<Batch> {
 public:
  GAT(const Tensor& x, const Tensor& edges) {
    conv1 = register_module(
        "conv1", GATv2Conv(GATv2ConvOptions(-1, 8).heads(4)));
    conv2 = register_module("conv2", GATv2Conv(-1, 2));
    example_input(*this, x, edges);
  }

  Tensor forward(Tensor x, const Tensor& edges) {
    x = torch::dropout(x, 0.3, is_training());
    x = torch::elu(conv1(x, edges));
    return conv2(x, edges);
  }

  Tensor training_step(Batch& batch, std::int64_t) override {
    return step(batch, "train");
  }

  Tensor validation_step(Batch& batch, std::int64_t) override {
    return step(batch, "val");
  }

  Tensor test_step(Batch& batch, std::int64_t) override {
    return step(batch, "test");
  }

  L::Optimizers configure_optimizers() override {
    return std::make_shared<torch::optim::Adam>(
        parameters(),
        torch::optim::AdamOptions(0.01).weight_decay(5e-4));
  }

 private:
  Tensor step(Batch& batch, const std::string& stage) {
    const auto& [x, edges, y, nodes] = batch;
    const Tensor logits = forward(x, edges).index({nodes});
    const Tensor target = y.index({nodes});
    const Tensor loss = F::cross_entropy(logits, target);
    const Tensor right = logits.argmax(1) == target;
    const auto size = nodes.size(0);
    log(stage + "_loss", loss,
        {.prog_bar = true, .batch_size = size});
    log(stage + "_acc", right.to(torch::kFloat).mean(),
        {.batch_size = size});
    return loss;
  }

  GATv2Conv conv1{nullptr}, conv2{nullptr};
};

int main(int, char** argv) {
  torch::manual_seed(std::stoul(argv[2]));
  const auto [x, edges, y] = read(argv[1]);
  const Tensor order = torch::randperm(34, torch::kLong);
  const auto parts = order.split_with_sizes({8, 8, 18});
  GAT net(x, edges);
  auto best = std::make_shared<L::ModelCheckpoint>(
      L::ModelCheckpoint::Options{.monitor = "val_loss"});
  L::Trainer trainer({.max_epochs = 100,
                      .log_every_n_steps = 1,
                      .callbacks = {best}});

  const auto loader = [&](const Tensor& nodes) {
    return std::vector{Batch(x, edges, y, nodes)};
  };

  trainer.fit(net, loader(parts[0]), loader(parts[1]));
  trainer.test(net, loader(parts[2]), best->best_model_path());
  std::cout << "accuracy "
            << trainer.callback_metrics().at("test_acc") << '\n';
}
