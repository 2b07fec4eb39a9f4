// Each layer gives the numbers that PyTorch Geometric's gives.
#include "torch/graph/golden.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "weigh/torch/graph.h"

namespace {

using namespace weigh::nn;       // NOLINT(google-build-using-namespace): its layers, and nothing else
using namespace weigh::testing;  // NOLINT(google-build-using-namespace)

std::optional<std::int64_t> edge_dim_of(const Json& ctor) {
  if (!ctor.contains("edge_dim")) return std::nullopt;
  return ctor.at("edge_dim").get<std::int64_t>();
}

// The options that GATv2Conv and GATConv share.
template <class Options>
Options attention_options(const Json& ctor) {
  Options options(channels_of(ctor), ctor.at("out_channels").get<std::int64_t>());
  options.heads(ctor.value("heads", 1)).concat(ctor.value("concat", true));
  options.negative_slope(ctor.value("negative_slope", 0.2)).add_self_loops(ctor.value("add_self_loops", true));
  options.edge_dim(edge_dim_of(ctor)).bias(ctor.value("bias", true)).residual(ctor.value("residual", false));
  if (ctor.contains("fill_value")) options.fill_value(fill_of(ctor.at("fill_value")));
  return options.flow(flow_of(ctor)).aggr(reduce_of(ctor.value("aggr", "add")));
}

template <class Layer>
void prepare(Layer& layer) {
  layer->to(torch::kFloat64);
  layer->eval();
}

// A lazy layer, its first forward, the parameters of the case, and another forward.
template <class Layer, class Forward>
void check(const Json& known, Layer layer, const Forward& forward) {
  SCOPED_TRACE(known.at("name"));
  prepare(layer);
  EXPECT_EQ(lazy_names(*layer), known.at("lazy_before").get<std::vector<std::string>>());
  forward(layer);
  load_parameters(*layer, known);
  expect_close(forward(layer), tensor_of(known.at("out")));
}

template <class Layer>
void check_attention(const Json& known, Layer layer) {
  SCOPED_TRACE(known.at("name"));
  const NodeFeatures x = features_at(known, "x");
  const torch::Tensor edge_index = tensor_at(known, "edge_index");
  const torch::Tensor edge_attr = tensor_at(known, "edge_attr");
  check(known, layer, [&](Layer& of) { return of->forward(x, edge_index, edge_attr); });
  const AttentionOutput result = layer->forward_with_attention(x, edge_index, edge_attr);
  expect_close(result.output, tensor_of(known.at("out")));
  expect_close(result.edge_index, tensor_of(known.at("out_edge_index")));
  expect_close(result.alpha, tensor_of(known.at("alpha")));
}

TEST(GraphGolden, GATv2Conv) {
  const Json cases = golden_cases("gatv2_conv");
  EXPECT_EQ(cases.size(), 22U);
  for (const Json& known : cases) {
    const Json& ctor = known.at("ctor");
    auto options = attention_options<GATv2ConvOptions>(ctor).share_weights(ctor.value("share_weights", false));
    check_attention(known, GATv2Conv(options));
  }
}

TEST(GraphGolden, GATConv) {
  for (const Json& known : golden_cases("gat_conv"))
    check_attention(known, GATConv(attention_options<GATConvOptions>(known.at("ctor"))));
}

TEST(GraphGolden, TransformerConv) {
  for (const Json& known : golden_cases("transformer_conv")) {
    const Json& ctor = known.at("ctor");
    TransformerConvOptions options(channels_of(ctor), ctor.at("out_channels").get<std::int64_t>());
    options.heads(ctor.value("heads", 1)).concat(ctor.value("concat", true)).beta(ctor.value("beta", false));
    options.edge_dim(edge_dim_of(ctor)).bias(ctor.value("bias", true)).root_weight(ctor.value("root_weight", true));
    check_attention(known, TransformerConv(options.flow(flow_of(ctor))));
  }
}

TEST(GraphGolden, GCNConv) {
  for (const Json& known : golden_cases("gcn_conv")) {
    const Json& ctor = known.at("ctor");
    GCNConvOptions options(ctor.at("in_channels").get<std::int64_t>(), ctor.at("out_channels").get<std::int64_t>());
    if (ctor.contains("add_self_loops")) options.add_self_loops(ctor.at("add_self_loops").get<bool>());
    options.improved(ctor.value("improved", false)).cached(ctor.value("cached", false)).flow(flow_of(ctor));
    options.normalize(ctor.value("normalize", true)).bias(ctor.value("bias", true));
    options.aggr(reduce_of(ctor.value("aggr", "add")));
    check(known, GCNConv(options), [&](GCNConv& layer) {
      return layer(tensor_at(known, "x"), tensor_at(known, "edge_index"), tensor_at(known, "edge_weight"));
    });
  }
}

TEST(GraphGolden, SAGEConv) {
  for (const Json& known : golden_cases("sage_conv")) {
    const Json& ctor = known.at("ctor");
    SAGEConvOptions options(channels_of(ctor), ctor.at("out_channels").get<std::int64_t>());
    options.normalize(ctor.value("normalize", false)).root_weight(ctor.value("root_weight", true));
    options.project(ctor.value("project", false)).bias(ctor.value("bias", true)).flow(flow_of(ctor));
    options.aggr(reduce_of(ctor.value("aggr", "mean")));
    check(known, SAGEConv(options), [&](SAGEConv& layer) {
      return layer(features_at(known, "x"), tensor_at(known, "edge_index"), size_of(known));
    });
  }
}

TEST(GraphGolden, GINConv) {
  for (const Json& known : golden_cases("gin_conv")) {
    const Json& ctor = known.at("ctor");
    auto options = GINConvOptions().eps(ctor.value("eps", 0.0)).train_eps(ctor.value("train_eps", false));
    options.aggr(reduce_of(ctor.value("aggr", "add"))).flow(flow_of(ctor));
    const torch::nn::Sequential inside(torch::nn::Linear(4, 5), torch::nn::ReLU(), torch::nn::Linear(5, 2));
    check(known, GINConv(inside, options), [&](GINConv& layer) {
      return layer(features_at(known, "x"), tensor_at(known, "edge_index"), size_of(known));
    });
  }
}

TEST(GraphGolden, Pools) {
  for (const Json& known : golden_cases("pool")) {
    SCOPED_TRACE(known.at("name"));
    const auto kind = known.at("pool").get<std::string>();
    const auto pool = kind == "add" ? global_add_pool : kind == "mean" ? global_mean_pool : global_max_pool;
    std::optional<std::int64_t> size;
    if (known.contains("size")) size = known.at("size").get<std::int64_t>();
    expect_close(pool(tensor_at(known, "x"), tensor_at(known, "batch"), size), tensor_of(known.at("out")));
  }
}

}  // namespace
