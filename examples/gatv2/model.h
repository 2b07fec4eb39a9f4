// Two graph attention layers whose input channels nobody had to count.
#pragma once

#include <memory>

#include <torch/torch.h>
#include <weigh/lightning/module.h>
#include <weigh/torch/graph/gatv2_conv.h>

#include "gatv2/graphs.h"

namespace example {

struct GATOptions {
  std::int64_t channels = 8;
  std::int64_t heads = 4;
  std::int64_t classes = 2;
  double dropout = 0.3;
  double lr = 0.01;
  double weight_decay = 5e-4;
};

class GAT : public weigh::lightning::LightningModule<GraphBatch> {
 public:
  explicit GAT(const GATOptions& options) : options_(options) {
    using weigh::nn::GATv2Conv, weigh::nn::GATv2ConvOptions;
    conv1 = register_module(
        "conv1", GATv2Conv(GATv2ConvOptions(-1, options.channels).heads(options.heads).dropout(options.dropout)));
    conv2 = register_module("conv2", GATv2Conv(GATv2ConvOptions(-1, options.classes).dropout(options.dropout)));
    hparams["lr"] = options.lr;
    hparams["dropout"] = options.dropout;
  }

  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edge_index) {
    auto drop = [this](const torch::Tensor& t) { return torch::dropout(t, options_.dropout, is_training()); };
    return conv2(drop(torch::elu(conv1(drop(x), edge_index))), edge_index);
  }

  torch::Tensor training_step(Batch& batch, std::int64_t) override { return step(batch, "train"); }
  torch::Tensor validation_step(Batch& batch, std::int64_t) override { return step(batch, "val"); }
  torch::Tensor test_step(Batch& batch, std::int64_t) override { return step(batch, "test"); }

  weigh::lightning::Optimizers configure_optimizers() override {
    return std::make_shared<torch::optim::Adam>(
        parameters(), torch::optim::AdamOptions(options_.lr).weight_decay(options_.weight_decay));
  }

 private:
  torch::Tensor step(Batch& batch, const std::string& stage) {
    const torch::Tensor logits = forward(batch.x, batch.edge_index).index_select(0, batch.nodes);
    const torch::Tensor target = batch.y.index_select(0, batch.nodes);
    const torch::Tensor loss = torch::nn::functional::cross_entropy(logits, target);
    log(stage + "_loss", loss, {.prog_bar = true});
    log(stage + "_acc", (logits.argmax(1) == target).to(torch::kFloat).mean(), {.prog_bar = true});
    return loss;
  }

  GATOptions options_;
  weigh::nn::GATv2Conv conv1{nullptr}, conv2{nullptr};
};

}  // namespace example
