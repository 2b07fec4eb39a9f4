// A graph attention network whose input channels are not known, trained as with PyTorch Lightning: initialised by its
// example input before the optimizer is made, and summarised when training starts.
#include <iostream>
#include <memory>
#include <vector>

#include <torch/torch.h>
#include <weigh/lightning/lightning.h>
#include <weigh/torch/graph/gatv2_conv.h>

struct Graph {
  torch::Tensor x, edge_index, y;
};
// How a batch is moved to a device, and how large it is.
template <class Visit>
void for_each_tensor(Graph& graph, Visit visit) {
  visit(graph.x);
  visit(graph.edge_index);
  visit(graph.y);
}

// Four nodes in a ring; each belongs to the class of its first feature.
Graph ring(int seed) {
  const torch::Tensor x = torch::sin(torch::arange(64.0) * (seed + 1)).view({4, 16});
  return {x, torch::tensor({0, 1, 2, 3, 1, 2, 3, 0}).view({2, 4}), (x.select(1, 0) > 0).to(torch::kLong)};
}

class GAT : public weigh::lightning::LightningModule<Graph> {
 public:
  GAT() { example_input(*this, ring(0).x, ring(0).edge_index); }

  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edge_index) {
    return fc(torch::elu(conv1(x, edge_index)));
  }
  torch::Tensor training_step(Graph& graph, std::int64_t) override {
    return torch::cross_entropy_loss(forward(graph.x, graph.edge_index), graph.y);
  }
  torch::Tensor validation_step(Graph& graph, std::int64_t) override {
    const torch::Tensor right = forward(graph.x, graph.edge_index).argmax(1) == graph.y;
    log("accuracy", right.to(torch::kFloat).mean());
    return {};
  }
  weigh::lightning::Optimizers configure_optimizers() override {
    return std::make_shared<torch::optim::Adam>(parameters(), 0.05);
  }

  weigh::nn::GATv2Conv conv1 = register_module("conv1", weigh::nn::GATv2Conv(-1, 8));
  torch::nn::Linear fc = register_module("fc", torch::nn::Linear(8, 2));
};

int main() {
  using weigh::lightning::EarlyStopping;
  using weigh::lightning::Mode;
  torch::manual_seed(0);
  GAT gat;
  std::vector<Graph> graphs;
  for (int seed = 0; seed < 8; ++seed) graphs.push_back(ring(seed));
  weigh::lightning::Trainer trainer({.max_epochs = 100,
                                     .enable_progress_bar = false,
                                     .enable_checkpointing = false,
                                     .callbacks = {std::make_shared<EarlyStopping>(EarlyStopping::Options{
                                         .monitor = "accuracy", .mode = Mode::max, .patience = 10})}});
  trainer.fit(gat, graphs, graphs);
  const bool has_learned = trainer.callback_metrics().at("accuracy") > 0.9;
  std::cout << "\nAccuracy above nine tenths: " << (has_learned ? "yes" : "no") << '\n';
}
