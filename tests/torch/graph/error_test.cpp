// Wrong inputs: whole messages.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/graph/graphs.h"
#include "torch/nn/messages.h"

#include "weigh/torch/graph.h"

namespace {

using namespace weigh::nn;       // NOLINT(google-build-using-namespace): its layers, and nothing else
using namespace weigh::testing;  // NOLINT(google-build-using-namespace)

torch::Tensor edge(std::int64_t from, std::int64_t to) { return torch::tensor({from, to}, torch::kInt64).view({2, 1}); }

TEST(GraphErrors, Features) {
  GATv2Conv layer(4, 2);
  const torch::Tensor edges = some_edges();
  EXPECT_EQ(message_of([&] {
              layer(torch::ones({5, 3}), edges);
            }),
            "weigh::nn::Linear: has in_channels=4, got an input of shape [5, 3], whose last dimension is 3");
  EXPECT_EQ(message_of([&] {
              layer(torch::ones({2, 5, 4}), edges);
            }),
            "weigh::nn::GATv2Conv: x has shape [2, 5, 4], but features of nodes have to be [nodes, channels]");
  EXPECT_EQ(message_of([&] { layer(torch::Tensor(), edges); }),
            "weigh::nn::GATv2Conv: x is an undefined tensor; give features [nodes, channels]");
  EXPECT_EQ(message_of([&] {
              layer(NodeFeatures(torch::ones({5, 4}), torch::ones({4})), edges);
            }),
            "weigh::nn::GATv2Conv: x[1] has shape [4], but features of nodes have to be [nodes, channels]");
  EXPECT_EQ(message_of([&] {
              layer(NodeFeatures(torch::ones({5, 4}), {}), edges);
            }),
            "weigh::nn::GATv2Conv: x[1] is undefined, but scores depend on both ends of an edge; give x[1]");
  EXPECT_EQ(message_of([&] {
              TransformerConv(4, 2)(NodeFeatures(torch::ones({5, 4}), {}), edges);
            }),
            "weigh::nn::TransformerConv: x[1] is undefined, but queries are made from it; give x[1]");
}

TEST(GraphErrors, ShapeAndTypeOfEdges) {
  GCNConv layer(4, 2);
  const torch::Tensor x = torch::ones({5, 4});
  EXPECT_EQ(
      message_of([&] { layer(x, some_edges().t()); }),
      "weigh::nn::GCNConv: edge_index has shape [8, 2], but has to be [2, edges]: sources in row 0, targets in row "
      "1");
  EXPECT_EQ(
      message_of([&] { layer(x, some_edges().to(torch::kFloat32)); }),
      "weigh::nn::GCNConv: edge_index is of Float, but indices are int64 (Long); convert it with .to(torch::kLong)");
  EXPECT_EQ(message_of([&] { layer(x, torch::Tensor()); }),
            "weigh::nn::GCNConv: edge_index is an undefined tensor; give an int64 tensor [2, edges]");
}

// An index that is out of range reaches every layer's first operator on it; none reads memory that is not its own.
TEST(GraphErrors, IndexOutOfRange) {
  const torch::Tensor x = torch::ones({5, 4});
  const auto check = [&](auto layer, const std::string& name) {
    EXPECT_EQ(message_of([&] { layer(x, edge(5, 0)); }),
              name + ": row 0 of edge_index names node 5, but there are 5 nodes, counted from 0");
    EXPECT_EQ(message_of([&] { layer(x, edge(0, 1000000)); }),
              name + ": row 1 of edge_index names node 1000000, but there are 5 nodes, counted from 0");
    EXPECT_EQ(message_of([&] { layer(x, edge(-1, 0)); }),
              name + ": row 0 of edge_index names node -1, but there are 5 nodes, counted from 0");
    EXPECT_EQ(message_of([&] { layer(x, edge(0, -1)); }),
              name + ": row 1 of edge_index names node -1, but there are 5 nodes, counted from 0");
    EXPECT_EQ(message_of([&] { layer(x, edge(7, 7)); }),
              name + ": row 0 of edge_index names node 7, but there are 5 nodes, counted from 0");
  };
  check(GATv2Conv(GATv2ConvOptions(4, 2).add_self_loops(false)), "weigh::nn::GATv2Conv");
  check(GATConv(GATConvOptions(4, 2).add_self_loops(false)), "weigh::nn::GATConv");
  check(GCNConv(GCNConvOptions(4, 2).add_self_loops(false)), "weigh::nn::GCNConv");
  check(GCNConv(GCNConvOptions(4, 2).normalize(false)), "weigh::nn::GCNConv");
  for (const Reduce reduce : {Reduce::add, Reduce::mean, Reduce::max})
    check(SAGEConv(SAGEConvOptions(4, 2).aggr(reduce)), "weigh::nn::SAGEConv");
  check(TransformerConv(4, 2), "weigh::nn::TransformerConv");
  check(GINConv(Linear(4, 2)), "weigh::nn::GINConv");
  GATv2Conv pair(GATv2ConvOptions({4, 4}, 2).flow(Flow::target_to_source));
  EXPECT_EQ(message_of([&] {
              pair(NodeFeatures(x, torch::ones({3, 4})), edge(4, 0));
            }),
            "weigh::nn::GATv2Conv: row 0 of edge_index names node 4, but there are 3 nodes, counted from 0");
}

TEST(GraphErrors, FeaturesOfEdges) {
  const torch::Tensor x = torch::ones({5, 4});
  const torch::Tensor edges = some_edges();
  EXPECT_EQ(message_of([&] {
              GATv2Conv(4, 2)(x, edges, torch::ones({8, 2}));
            }),
            "weigh::nn::GATv2Conv: edge_attr was given, but the layer was made without edge_dim");
  EXPECT_EQ(message_of([&] {
              TransformerConv(4, 2)(x, edges, torch::ones({8, 2}));
            }),
            "weigh::nn::TransformerConv: edge_attr was given, but the layer was made without edge_dim");
  EXPECT_EQ(message_of([&] { TransformerConv(TransformerConvOptions(4, 2).edge_dim(2))(x, edges); }),
            "weigh::nn::TransformerConv: the layer was made with edge_dim, but edge_attr was not given");
  EXPECT_EQ(message_of([&] {
              GATv2Conv(GATv2ConvOptions(4, 2).edge_dim(2))(x, edges, torch::ones({7, 2}));
            }),
            "weigh::nn::GATv2Conv: edge_attr has shape [7, 2], but edge_index has 8 edges; give one row each, [edges, "
            "channels] or [edges]");
  EXPECT_EQ(message_of([&] {
              GATv2Conv(GATv2ConvOptions(4, 2).edge_dim(2))(x, edges, torch::ones({8, 3}));
            }),
            "weigh::nn::Linear: has in_channels=2, got an input of shape [11, 3], whose last dimension is 3");
  EXPECT_EQ(message_of([&] { GCNConv(4, 2)(x, edges, torch::ones({7})); }),
            "weigh::nn::GCNConv: edge_weight has shape [7], but edge_index has 8 edges; give one number each, [edges]");
}

TEST(GraphErrors, Options) {
  EXPECT_EQ(message_of([] { GCNConv(GCNConvOptions(4, 2).add_self_loops(true).normalize(false)); }),
            "weigh::nn::GCNConv: add_self_loops has no effect without normalize; leave one of them out");
  EXPECT_EQ(
      message_of([] { SAGEConv(SAGEConvOptions(-1, 2).project(true)); }),
      "weigh::nn::SAGEConv: project needs in_channels, which are not known before the first forward; give a number "
      "instead of -1");
}

TEST(GraphErrors, Pools) {
  const torch::Tensor x = torch::ones({3, 2});
  EXPECT_EQ(message_of([&] {
              global_add_pool(x, torch::tensor({0, 1}, torch::kInt64));
            }),
            "global pooling: batch has shape [2], but there are 3 nodes; give one number each, [nodes]");
  EXPECT_EQ(message_of([&] {
              global_add_pool(x, torch::tensor({0, 1, 2}, torch::kInt32));
            }),
            "global pooling: batch is of Int, but indices are int64 (Long); convert it with .to(torch::kLong)");
  EXPECT_EQ(message_of([&] {
              global_max_pool(x, torch::tensor({0, 1, 2}, torch::kInt64), 2);
            }),
            "global pooling: batch names graph 2, but there are 2 graphs, counted from 0");
  EXPECT_EQ(message_of([&] {
              global_mean_pool(x, torch::tensor({0, -1, 1}, torch::kInt64));
            }),
            "global pooling: batch names graph -1, but there are 2 graphs, counted from 0");
  EXPECT_EQ(message_of([] { global_mean_pool(torch::tensor(1.0)); }),
            "global pooling: x has no nodes; give features [nodes, channels]");
}

}  // namespace
