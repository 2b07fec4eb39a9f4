#include <torch/torch.h>
#include <weigh/torch.h>

using namespace weigh::lightning;

class Net : public LightningModule<torch::data::Example<>> {
 public:
  Net() { example_input(*this, torch::zeros({32, 784})); }
  torch::Tensor forward(const torch::Tensor& x) { return second(torch::relu(first(x))); }
  torch::Tensor training_step(Batch& batch, std::int64_t) override { return step(batch, "train_loss"); }
  torch::Tensor validation_step(Batch& batch, std::int64_t) override { return step(batch, "val_loss"); }
  Optimizers configure_optimizers() override {
    auto adam = std::make_shared<torch::optim::Adam>(parameters(), 1e-3);
    return {adam, make_scheduler(*adam, warm_up(2, cosine_annealing(8)))};
  }

 private:
  torch::Tensor step(Batch& batch, const std::string& name) {
    const auto loss = torch::cross_entropy_loss(forward(batch.data), batch.target);
    log(name, loss, {.prog_bar = true});
    return loss;
  }
  weigh::nn::LazyLinear first = register_module("first", weigh::nn::LazyLinear(128));
  weigh::nn::LazyLinear second = register_module("second", weigh::nn::LazyLinear(10));
};

int main() {
  std::vector<torch::data::Example<>> batches;
  for (int i = 0; i < 100; ++i) batches.emplace_back(torch::rand({32, 784}), torch::randint(10, {32}, torch::kLong));
  Net net;
  Trainer trainer({.max_epochs = 10,
                   .gradient_clip_val = 1.0,
                   .callbacks = {std::make_shared<EarlyStopping>(EarlyStopping::Options{.monitor = "val_loss"}),
                                 std::make_shared<TensorBoardLogger>()}});
  trainer.fit(net, batches, batches);
}
