// A small convolutional network whose layers find out their input channels themselves, on 1,797 handwritten digits, in
// one process or several.
//
//   digits [--processes N]
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include <torch/torch.h>
#include <weigh/lightning/callbacks.h>
#include <weigh/lightning/module.h>
#include <weigh/lightning/trainer.h>
#include <weigh/torch/lazy_conv.h>
#include <weigh/torch/lazy_linear.h>
#include <weigh/torch/lazy_norm.h>

#include "data.h"

namespace {

using torch::Tensor;
namespace nn = weigh::nn;

class CNN : public weigh::lightning::LightningModule<torch::data::Example<>> {
 public:
  CNN() { example_input(*this, torch::zeros({32, 1, 8, 8})); }

  Tensor forward(Tensor x) {
    x = torch::relu(norm1(conv1(x)));
    x = torch::max_pool2d(torch::relu(norm2(conv2(x))), 2);
    return fc2(torch::dropout(torch::relu(fc1(x.flatten(1))), 0.3, is_training()));
  }
  Tensor training_step(Batch& batch, std::int64_t) override { return step(batch, "train"); }
  Tensor validation_step(Batch& batch, std::int64_t) override { return step(batch, "val"); }
  Tensor test_step(Batch& batch, std::int64_t) override { return step(batch, "test"); }
  weigh::lightning::Optimizers configure_optimizers() override {
    return std::make_shared<torch::optim::Adam>(parameters(), 2e-3);
  }

 private:
  Tensor step(Batch& batch, const std::string& stage) {
    const Tensor logits = forward(batch.data);
    const Tensor loss = torch::nn::functional::cross_entropy(logits, batch.target);
    log(stage + "_loss", loss, {.prog_bar = true});
    log(stage + "_acc", (logits.argmax(1) == batch.target).to(torch::kFloat).mean(), {.prog_bar = stage != "train"});
    return loss;
  }

  nn::LazyConv2d conv1 = register_module("conv1", nn::LazyConv2d(nn::LazyConvOptions<2>(16, 3).padding(1)));
  nn::LazyBatchNorm2d norm1 = register_module("norm1", nn::LazyBatchNorm2d());
  nn::LazyConv2d conv2 = register_module("conv2", nn::LazyConv2d(nn::LazyConvOptions<2>(32, 3).padding(1)));
  nn::LazyBatchNorm2d norm2 = register_module("norm2", nn::LazyBatchNorm2d());
  nn::LazyLinear fc1 = register_module("fc1", nn::LazyLinear(64));
  nn::LazyLinear fc2 = register_module("fc2", nn::LazyLinear(10));
};

// Shuffled once; batches of one part of the images.
std::vector<torch::data::Example<>> batches(const Tensor& images, const Tensor& labels, const Tensor& order,
                                            std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t kSize = 32;
  std::vector<torch::data::Example<>> all;
  for (std::int64_t i = begin; i < end; i += kSize) {
    const Tensor part = order.slice(0, i, std::min(i + kSize, end));
    all.emplace_back(images.index_select(0, part).unsqueeze(1), labels.index_select(0, part));
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  const bool has_count = argc == 3 && std::string_view(argv[1]) == "--processes";
  if (argc > 1 && !has_count) return std::cerr << "digits [--processes N]\n", 2;
  torch::manual_seed(0);
  const example::Digits digits = example::read_digits();
  const std::int64_t count = digits.labels.size(0);
  const Tensor order = torch::randperm(count, torch::kLong);
  const auto train = batches(digits.images, digits.labels, order, 0, 1200);
  const auto validation = batches(digits.images, digits.labels, order, 1200, 1400);
  const auto test = batches(digits.images, digits.labels, order, 1400, count);

  CNN net;
  weigh::lightning::Trainer trainer(
      {.max_epochs = 12, .seed = 0, .devices = has_count ? std::atoi(argv[2]) : 1, .enable_checkpointing = false});
  trainer.fit(net, train, validation);
  const double accuracy = trainer.test(net, test).at("test_acc");
  if (trainer.is_global_zero())
    std::cout << "accuracy on " << count - 1400 << " digits it has not seen: " << accuracy << '\n';
  return accuracy > 0.97 ? 0 : 1;
}
