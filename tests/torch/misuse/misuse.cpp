// Does not compile: each line is a mistake that the library explains. test.cmake looks for the explanations.
#include <memory>
#include <vector>

#include <torch/torch.h>
#include <weigh/torch.h>

using namespace weigh::lightning;

struct Net : LightningModule<torch::Tensor> {
  torch::Tensor forward(const torch::Tensor& x) { return x; }
  torch::Tensor training_step(torch::Tensor& batch, std::int64_t) override { return batch.sum(); }
  Optimizers configure_optimizers() override { return std::make_shared<int>(1); }
};

void misuse() {
  Net net;
  const torch::Tensor x = torch::zeros({1});
  weigh::summarize(42);
  weigh::summarize(net, x, x);
  weigh::summarize(std::as_const(net), x);
  const weigh::Summary& summary = weigh::summarize(net).summary();
  const weigh::Model& model = weigh::summarize(net).model();
  Trainer trainer;
  torch::nn::Linear linear(2, 3);
  trainer.fit(linear, std::vector<torch::Tensor>());
  trainer.fit(std::make_unique<Net>(), std::vector<torch::Tensor>());
  trainer.fit(net, 7);
  trainer.fit(net, std::vector<torch::data::Example<>>());
  load_from_checkpoint<Net>("best.safetensors", 1, 2);
}
