// Gradients agree with differences, for every operator that has a backward of its own.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/gradcheck.h"
#include "torch/graph/graphs.h"

#include "weigh/torch/graph.h"

namespace {

using namespace weigh::nn;       // NOLINT(google-build-using-namespace): its layers, and nothing else
using namespace weigh::testing;  // NOLINT(google-build-using-namespace)

torch::Tensor leaf(torch::IntArrayRef shape) { return draw(shape).requires_grad_(); }

// The parameters of the layer, with values that are far from kinks only by chance, hence the seed; then `inputs`.
template <class Layer>
std::vector<torch::Tensor> leaves(Layer& layer, std::vector<torch::Tensor> inputs) {
  layer->to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : layer->parameters()) {
    parameter.copy_(draw(parameter.sizes()));
    inputs.push_back(parameter);
  }
  return inputs;
}

class GraphGradient : public ::testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(5); }
  torch::Tensor x_ = leaf({5, 3});
  torch::Tensor attr_ = leaf({8, 2});
  torch::Tensor edges_ = some_edges();
};

TEST_F(GraphGradient, GATv2Conv) {
  GATv2Conv layer(GATv2ConvOptions(3, 2).heads(2).edge_dim(2).residual(true));
  const auto inputs = leaves(layer, {x_, attr_});
  EXPECT_LT(gradient_error([&] { return layer(x_, edges_, attr_); }, inputs), 1e-7);
}

TEST_F(GraphGradient, GATv2ConvOfTwoKinds) {
  const torch::Tensor receivers = leaf({3, 4});
  GATv2Conv layer(GATv2ConvOptions({3, 4}, 2).heads(2).concat(false).negative_slope(-0.3));
  const auto inputs = leaves(layer, {x_, receivers});
  const auto run = [&] { return layer->forward({x_, receivers}, bipartite_edges()); };
  EXPECT_LT(gradient_error(run, inputs), 1e-7);
}

TEST_F(GraphGradient, OfAttentionWeights) {
  GATv2Conv layer(3, 2);
  const auto inputs = leaves(layer, {x_});
  const auto run = [&] { return layer->forward_with_attention(x_, edges_).alpha; };
  std::vector<torch::Tensor> used = {x_, layer->att, layer->lin_l->weight, layer->lin_r->weight};
  EXPECT_LT(gradient_error(run, used), 1e-7);
}

TEST_F(GraphGradient, GATConv) {
  GATConv layer(GATConvOptions(3, 2).heads(2).edge_dim(2));
  const auto inputs = leaves(layer, {x_, attr_});
  EXPECT_LT(gradient_error([&] { return layer(x_, edges_, attr_); }, inputs), 1e-7);
}

TEST_F(GraphGradient, TransformerConv) {
  TransformerConv layer(TransformerConvOptions(3, 2).heads(2).edge_dim(2).beta(true));
  const auto inputs = leaves(layer, {x_, attr_});
  EXPECT_LT(gradient_error([&] { return layer(x_, edges_, attr_); }, inputs), 1e-7);
}

TEST_F(GraphGradient, GCNConv) {
  const torch::Tensor weight = torch::rand({8}, torch::kFloat64).add_(0.5).requires_grad_();
  GCNConv layer(3, 2);
  const auto inputs = leaves(layer, {x_, weight});
  EXPECT_LT(gradient_error([&] { return layer(x_, edges_, weight); }, inputs), 1e-7);
}

TEST_F(GraphGradient, SAGEConv) {
  for (const Reduce reduce : {Reduce::add, Reduce::mean, Reduce::max, Reduce::min, Reduce::mul}) {
    SAGEConv layer(SAGEConvOptions(3, 2).aggr(reduce).normalize(true));
    const auto inputs = leaves(layer, {x_});
    EXPECT_LT(gradient_error([&] { return layer(x_, edges_); }, inputs), 1e-6) << to_string(reduce);
  }
}

TEST_F(GraphGradient, GINConv) {
  GINConv layer(torch::nn::Linear(3, 2), GINConvOptions().train_eps(true));
  const auto inputs = leaves(layer, {x_});
  EXPECT_LT(gradient_error([&] { return layer(x_, edges_); }, inputs), 1e-7);
}

TEST_F(GraphGradient, Pools) {
  const torch::Tensor batch = torch::tensor({0, 0, 2, 2, 3}, torch::kInt64);
  for (const auto& pool : {global_add_pool, global_mean_pool, global_max_pool})
    EXPECT_LT(gradient_error([&] { return pool(x_, batch, std::nullopt); }, {x_}), 1e-7);
}

// The gradient of a gradient, as penalties on gradients need it.
TEST_F(GraphGradient, Twice) {
  GATv2Conv attention(GATv2ConvOptions(3, 2).heads(2).edge_dim(2));
  TransformerConv transformer(TransformerConvOptions(3, 2).edge_dim(2));
  const auto check = [&](auto& layer) {
    const auto inputs = leaves(layer, {x_, attr_});
    const auto gradient = [&] {
      const torch::AutoGradMode with_gradients(true);
      const torch::Tensor value = layer(x_, edges_, attr_).pow(2).sum();
      return torch::autograd::grad({value}, {x_}, {}, true, true)[0];
    };
    EXPECT_LT(gradient_error(gradient, {x_, attr_}, 1e-5), 1e-5);
  };
  check(attention);
  check(transformer);
}

}  // namespace
