// Initial values are those of PyTorch Geometric: the same numbers from the same seed, drawn in the same order.
#include <cmath>
#include <functional>
#include <map>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/graph/golden.h"
#include "torch/graph/graphs.h"

#include "weigh/torch/graph.h"
#include "weigh/torch/uninitialized.h"

namespace {

using namespace weigh::nn;       // NOLINT(google-build-using-namespace): its layers, and nothing else
using namespace weigh::testing;  // NOLINT(google-build-using-namespace)

using Module = std::shared_ptr<torch::nn::Module>;

NodeFeatures as_float(const NodeFeatures& x) {
  if (!x.is_pair) return x.first.to(torch::kFloat32);
  return {x.first.to(torch::kFloat32), x.second.to(torch::kFloat32)};
}

torch::Tensor as_float(const torch::Tensor& tensor) { return tensor.defined() ? tensor.to(torch::kFloat32) : tensor; }

template <class Layer>
Module with_edge_features(Layer layer, const Json& known) {
  layer(as_float(features_at(known, "x")), tensor_at(known, "edge_index"), as_float(tensor_at(known, "edge_attr")));
  return layer.ptr();
}

template <class Layer>
Module without_edge_features(Layer layer, const Json& known) {
  layer(as_float(features_at(known, "x")), tensor_at(known, "edge_index"));
  return layer.ptr();
}

Module gcn(GCNConv layer, const Json& known) {
  layer(as_float(tensor_at(known, "x")), tensor_at(known, "edge_index"));
  return layer.ptr();
}

// Makes the layer of this name and runs it once.
const std::map<std::string, std::function<Module(const Json&)>>& makers() {
  static const std::map<std::string, std::function<Module(const Json&)>> table = {
      {"GATv2Conv",
       [](const Json& known) {
         return with_edge_features(GATv2Conv(GATv2ConvOptions(4, 2).heads(2).edge_dim(2).residual(true)), known);
       }},
      {"GATv2Conv_lazy",
       [](const Json& known) {
         return with_edge_features(GATv2Conv(GATv2ConvOptions(-1, 2).heads(2).edge_dim(-1).residual(true)), known);
       }},
      {"GATv2Conv_shared",
       [](const Json& known) {
         return without_edge_features(GATv2Conv(GATv2ConvOptions(4, 2).share_weights(true)), known);
       }},
      {"GATConv",
       [](const Json& known) {
         return with_edge_features(GATConv(GATConvOptions(4, 2).heads(2).edge_dim(2).residual(true)), known);
       }},
      {"GATConv_lazy",
       [](const Json& known) {
         return with_edge_features(GATConv(GATConvOptions({-1, -1}, 2).edge_dim(-1).residual(true)), known);
       }},
      {"GCNConv", [](const Json& known) { return gcn(GCNConv(4, 3), known); }},
      {"GCNConv_lazy", [](const Json& known) { return gcn(GCNConv(-1, 3), known); }},
      {"SAGEConv",
       [](const Json& known) { return without_edge_features(SAGEConv(SAGEConvOptions(4, 3).project(true)), known); }},
      {"SAGEConv_lazy",
       [](const Json& known) {
         return without_edge_features(SAGEConv(SAGEConvOptions({-1, -1}, 3)), known);
       }},
      {"TransformerConv",
       [](const Json& known) {
         auto options = TransformerConvOptions(4, 2).heads(2).edge_dim(2).beta(true);
         return with_edge_features(TransformerConv(options), known);
       }},
      {"TransformerConv_lazy",
       [](const Json& known) {
         return with_edge_features(TransformerConv(TransformerConvOptions(-1, 2).edge_dim(-1)), known);
       }},
      {"GINConv",
       [](const Json& known) {
         const torch::nn::Sequential inside(torch::nn::Linear(4, 3), torch::nn::ReLU(), torch::nn::Linear(3, 2));
         return without_edge_features(GINConv(inside), known);
       }},
  };
  return table;
}

TEST(GraphInitial, SameNumbersAsPyG) {
  const Json cases = golden_cases("initial");
  EXPECT_EQ(cases.size(), makers().size());
  for (const Json& known : cases) {
    SCOPED_TRACE(known.at("name"));
    torch::manual_seed(1);
    const Module layer = makers().at(known.at("name").get<std::string>())(known);
    const auto parameters = layer->named_parameters();
    EXPECT_EQ(parameters.size(), known.at("params").size());
    for (const auto& parameter : parameters) {
      const torch::Tensor expected = tensor_of(known.at("params").at(parameter.key())).to(torch::kFloat32);
      ASSERT_EQ(parameter.value().sizes(), expected.sizes()) << parameter.key();
      EXPECT_TRUE(torch::equal(parameter.value(), expected)) << parameter.key() << "\n"
                                                             << parameter.value() << expected;
    }
  }
}

TEST(GraphInitial, BoundsOfLinear) {
  Linear linear(LinearOptions(100, 50).weight_initializer(WeightInitializer::glorot));
  const auto largest = [](const torch::Tensor& tensor) { return tensor.abs().max().item<double>(); };
  EXPECT_LE(largest(linear->weight), std::sqrt(6.0 / 150));
  EXPECT_GT(largest(linear->weight), 0.99 * std::sqrt(6.0 / 150));
  EXPECT_LE(largest(linear->bias), 0.1);
  EXPECT_GT(largest(linear->bias), 0.09);
  for (const auto initializer : {WeightInitializer::kaiming_uniform, WeightInitializer::uniform}) {
    Linear other(LinearOptions(100, 50).weight_initializer(initializer).bias_initializer(BiasInitializer::zeros));
    EXPECT_LE(largest(other->weight), 0.1);
    EXPECT_GT(largest(other->weight), 0.099);
    EXPECT_EQ(largest(other->bias), 0);
  }
}

TEST(GraphInitial, OnlyTheWeightOfLinearIsLazy) {
  Linear linear(-1, 3);
  EXPECT_TRUE(is_uninitialized(linear->weight));
  EXPECT_TRUE(torch::equal(linear->bias, torch::zeros({3})));
  torch::manual_seed(3);
  const torch::Tensor y = linear(torch::ones({2, 4}));
  torch::manual_seed(3);
  Linear eager(4, 3);
  EXPECT_TRUE(torch::equal(linear->weight, eager->weight));
  EXPECT_TRUE(torch::equal(linear->bias, eager->bias));
  EXPECT_TRUE(torch::equal(y, eager->forward(torch::ones({2, 4}))));
}

}  // namespace
