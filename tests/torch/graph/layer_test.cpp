// What is true of graph layers beyond the numbers: lazy or not, training, copies, empty graphs, errors.
#include <sstream>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/graph/golden.h"
#include "torch/graph/graphs.h"
#include "torch/nn/messages.h"

#include "weigh/torch/graph.h"
#include "weigh/torch/uninitialized.h"

namespace {

using namespace weigh::nn;       // NOLINT(google-build-using-namespace): its layers, and nothing else
using namespace weigh::testing;  // NOLINT(google-build-using-namespace)

using Names = std::vector<std::string>;

torch::Tensor features() { return torch::arange(20, torch::kFloat32).view({5, 4}).div(10); }

template <class Layer>
std::string printed(const Layer& layer) {
  return (std::ostringstream() << *layer).str();
}

TEST(GraphLayers, OptimizerMadeBeforeHoldsLazyParameters) {
  GATv2Conv layer(-1, 8);
  torch::optim::SGD optimizer(layer->parameters(), 0.1);
  layer(features(), some_edges()).sum().backward();
  const torch::Tensor before = layer->lin_l->weight.detach().clone();
  optimizer.step();
  EXPECT_FALSE(torch::equal(layer->lin_l->weight, before));
  EXPECT_EQ(layer->lin_l->weight.sizes(), torch::IntArrayRef({8, 4}));
}

TEST(GraphLayers, EdgeWeightsStayLazyWithoutEdgeFeatures) {
  GATv2Conv layer(GATv2ConvOptions(-1, 2).edge_dim(-1));
  layer(features(), some_edges());
  EXPECT_EQ(lazy_names(*layer), Names{"lin_edge.weight"});
  layer(features(), some_edges(), torch::ones({8, 3}));
  EXPECT_TRUE(lazy_names(*layer).empty());
}

TEST(GraphLayers, AFailedForwardLeavesLazyLayersAlone) {
  GATv2Conv layer(-1, 2);
  EXPECT_EQ(
      message_of([&] { layer(features(), some_edges().to(torch::kInt32)); }),
      "weigh::nn::GATv2Conv: edge_index is of Int, but indices are int64 (Long); convert it with .to(torch::kLong)");
  EXPECT_EQ(lazy_names(*layer), (Names{"lin_l.weight", "lin_r.weight"}));
}

TEST(GraphLayers, SharedWeightsAreOneParameter) {
  GATv2Conv layer(GATv2ConvOptions(4, 2).share_weights(true));
  EXPECT_EQ(layer->named_parameters().keys(), (Names{"att", "bias", "lin_l.weight", "lin_l.bias"}));
  EXPECT_EQ(layer->lin_l.get(), layer->lin_r.get());
  auto copy = std::dynamic_pointer_cast<GATv2ConvImpl>(layer->clone());
  EXPECT_EQ(copy->lin_l.get(), copy->lin_r.get());
  EXPECT_NE(copy->lin_l.get(), layer->lin_l.get());
}

TEST(GraphLayers, CopiesAreApart) {
  const GINConv layer(torch::nn::Sequential(Linear(-1, 3), torch::nn::ReLU(), Linear(3, 2)));
  const auto copy = std::dynamic_pointer_cast<GINConvImpl>(layer->clone());
  copy->forward(features(), some_edges());
  EXPECT_TRUE(has_uninitialized(*layer));
  EXPECT_FALSE(has_uninitialized(*copy));
  EXPECT_EQ(copy->named_parameters().keys(), (Names{"nn.0.weight", "nn.0.bias", "nn.2.weight", "nn.2.bias"}));

  GATv2Conv attention(-1, 2);
  const auto lazy_copy = std::dynamic_pointer_cast<GATv2ConvImpl>(attention->clone());
  attention(features(), some_edges());
  EXPECT_TRUE(has_uninitialized(*lazy_copy));
  const auto eager_copy = std::dynamic_pointer_cast<GATv2ConvImpl>(attention->clone());
  EXPECT_TRUE(torch::equal(eager_copy->forward(features(), some_edges()), attention(features(), some_edges())));
}

TEST(GraphLayers, SaveAndLoad) {
  GATv2Conv first(-1, 2);
  GATv2Conv second(-1, 2);
  first(features(), some_edges());
  std::stringstream stream;
  torch::save(first, stream);
  torch::load(second, stream);
  EXPECT_TRUE(torch::equal(first(features(), some_edges()), second(features(), some_edges())));
}

TEST(GraphLayers, SameInputSameOutput) {
  torch::manual_seed(0);
  GATv2Conv layer(GATv2ConvOptions(16, 8).heads(2));
  const torch::Tensor x = torch::randn({500, 16});
  const torch::Tensor edges = torch::randint(500, {2, 40000}, torch::kInt64);
  const torch::Tensor first = layer(x, edges);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(torch::equal(layer(x, edges), first));
}

// Blocks of edges are a matter of memory, not of numbers.
TEST(GraphLayers, ManyBlocksGiveWhatOneGives) {
  torch::manual_seed(0);
  GATv2Conv layer(GATv2ConvOptions(3, 64).heads(4).add_self_loops(false));
  layer->to(torch::kFloat64);
  const torch::Tensor x = draw({50, 3});
  const torch::Tensor edges = torch::randint(50, {2, 3000}, torch::kInt64);
  const auto source = edges[0], target = edges[1];
  const torch::Tensor left = layer->lin_l(x).view({-1, 4, 64});
  const torch::Tensor right = layer->lin_r(x).view({-1, 4, 64});
  const torch::Tensor score =
      (torch::leaky_relu(left.index_select(0, source) + right.index_select(0, target), 0.2) * layer->att).sum(-1).exp();
  const torch::Tensor total = torch::zeros({50, 4}, torch::kFloat64).index_add(0, target, score);
  const torch::Tensor alpha = score / total.index_select(0, target);
  const torch::Tensor sum = torch::zeros({50, 4, 64}, torch::kFloat64)
                                .index_add(0, target, left.index_select(0, source) * alpha.unsqueeze(-1));
  expect_close(layer(x, edges), sum.flatten(1) + layer->bias);
}

TEST(GraphLayers, DropoutOfAttentionKeepsTheMean) {
  torch::manual_seed(0);
  GATv2Conv layer(GATv2ConvOptions(4, 2).dropout(0.25));
  const torch::NoGradGuard no_grad;
  layer->eval();
  const auto still = layer->forward_with_attention(features(), some_edges());
  layer->train();
  torch::Tensor sum = torch::zeros_like(still.alpha);
  std::int64_t dropped = 0;
  const int rounds = 4000;
  for (int i = 0; i < rounds; ++i) {
    const torch::Tensor alpha = layer->forward_with_attention(features(), some_edges()).alpha;
    sum += alpha;
    dropped += alpha.eq(0).sum().item<std::int64_t>();
  }
  EXPECT_TRUE(torch::allclose(sum / rounds, still.alpha, 0.05, 0.01));
  EXPECT_NEAR(static_cast<double>(dropped) / static_cast<double>(rounds * still.alpha.numel()), 0.25, 0.01);
}

TEST(GraphLayers, EmptyGraphsAndNoEdges) {
  const torch::Tensor no_edges = torch::empty({2, 0}, torch::kInt64);
  const auto check = [&](auto layer, std::int64_t width) {
    EXPECT_EQ(layer(features(), no_edges).sizes(), torch::IntArrayRef({5, width}));
    EXPECT_EQ(layer(torch::empty({0, 4}), no_edges).sizes(), torch::IntArrayRef({0, width}));
  };
  check(GATv2Conv(GATv2ConvOptions(-1, 3).heads(2)), 6);
  check(GATv2Conv(GATv2ConvOptions(-1, 3).heads(2).add_self_loops(false).concat(false)), 3);
  check(GATConv(GATConvOptions(-1, 3).heads(2).add_self_loops(false)), 6);
  check(GCNConv(-1, 3), 3);
  for (const Reduce reduce : {Reduce::add, Reduce::mean, Reduce::max})
    check(SAGEConv(SAGEConvOptions(-1, 3).aggr(reduce)), 3);
  check(TransformerConv(TransformerConvOptions(-1, 3).heads(2)), 6);
  check(GINConv(Linear(-1, 3)), 3);

  GATv2Conv layer(GATv2ConvOptions(4, 3).add_self_loops(false));
  torch::nn::init::constant_(layer->bias, 0.5);
  EXPECT_TRUE(torch::equal(layer(features(), no_edges), torch::full({5, 3}, 0.5)));
  const torch::Tensor nothing = torch::empty({0}, torch::kInt64);
  EXPECT_EQ(global_max_pool(torch::empty({0, 3}), nothing).sizes(), torch::IntArrayRef({0, 3}));
  EXPECT_TRUE(torch::equal(global_mean_pool(torch::empty({0, 3}), nothing, 2), torch::zeros({2, 3})));
}

std::string known(const Linear& layer) {
  std::string text;
  for (const KnownSize& size : layer->known_sizes("weight"))
    text += (size.is_known() ? std::to_string(size.size) : size.name) + (size.of_parent ? " of the layer above " : " ");
  return text;
}

TEST(GraphLayers, WhatIsKnownBeforeTheFirstInput) {
  const GATv2Conv one(GATv2ConvOptions(-1, 8).edge_dim(-1).residual(true));
  for (const Linear& linear : {one->lin_l, one->lin_r, one->res}) EXPECT_EQ(known(linear), "8 in of the layer above ");
  EXPECT_EQ(known(one->lin_edge), "8 edge_dim of the layer above ");
  const TransformerConv two(TransformerConvOptions({-1, -1}, 3).heads(2));
  for (const Linear& linear : {two->lin_key, two->lin_value}) EXPECT_EQ(known(linear), "6 in_l of the layer above ");
  for (const Linear& linear : {two->lin_query, two->lin_skip}) EXPECT_EQ(known(linear), "6 in_r of the layer above ");
  EXPECT_EQ(known(Linear(-1, 5)), "5 in ");
  EXPECT_TRUE(Linear(-1, 5)->known_sizes("bias").empty());
}

TEST(GraphLayers, CachedEdgesServeUntilReset) {
  GCNConv layer(GCNConvOptions(4, 2).cached(true));
  const torch::Tensor first = layer(features(), some_edges());
  const torch::Tensor other = some_edges().flip(0);
  EXPECT_TRUE(torch::equal(layer(features(), other), first));
  const torch::Tensor weight = layer->lin->weight.detach().clone();
  layer->reset_parameters();
  layer->lin->weight.data().copy_(weight);
  EXPECT_FALSE(torch::equal(layer(features(), other), first));
}

TEST(GraphLayers, Print) {
  EXPECT_EQ(printed(GATv2Conv(-1, 8)).substr(0, 36), "weigh::nn::GATv2Conv(-1, 8, heads=1)");
  EXPECT_EQ(printed(GATConv(GATConvOptions({3, -1}, 8).heads(2))).substr(0, 39),
            "weigh::nn::GATConv((3, -1), 8, heads=2)");
  EXPECT_EQ(printed(Linear(-1, 8)), "weigh::nn::Linear(?, 8, bias=true)");
  EXPECT_EQ(printed(SAGEConv(4, 8)).substr(0, 36), "weigh::nn::SAGEConv(4, 8, aggr=mean)");
}

}  // namespace
