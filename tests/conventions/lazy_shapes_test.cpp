// Sizes are those of torch 2.13.0 and torch_geometric 2.8.1 on the CPU, after a real forward on nodes of 16 features
// (of 7 where they are targets beside other sources) and edges of 5; classes and attributes are those of the layers
// before.
#include "conventions/lazy_shapes.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/builder.h"

namespace weigh::conventions {
namespace {

using Kind = LayerAttribute::Kind;
using Attributes = std::vector<LayerAttribute>;

LayerAttribute number(std::string name, std::int64_t value) { return {std::move(name), Kind::number, {value}}; }
LayerAttribute truth(std::string name, bool value) { return {std::move(name), Kind::truth, {value ? 1 : 0}}; }
LayerAttribute tuple(std::string name, std::vector<std::int64_t> values) {
  return {std::move(name), Kind::tuple, std::move(values)};
}

class LazyLayer : public ::testing::Test {
 protected:
  // "[8, in, 3]", or with the widths of the real forward "[8, 16, 3]"; "?" where nothing is known.
  std::string text(const Shape& shape, bool is_real) const {
    if (!shape) return "?";
    std::vector<std::string> sizes;
    for (const Extent extent : *shape) {
      const std::string name(extent.is_known() ? "" : model_.symbols[extent.symbol()].name);
      if (extent.is_known()) {
        sizes.push_back(fmt::to_string(extent.size()));
      } else {
        sizes.push_back(is_real ? fmt::to_string(widths_.at(name)) : name);
      }
    }
    return fmt::format("[{}]", fmt::join(sizes, ", "));
  }

  // Of a layer that is the root.
  std::string shape(std::vector<LayerFacts::Class> classes, const Attributes& attributes, std::string_view tensor) {
    const LayerFacts facts{std::move(classes), attributes};
    return text(shapes_.of({&facts, 0, nullptr, kNone, ""}, tensor), false);
  }

  void expect(std::vector<LayerFacts::Class> classes, const Attributes& attributes,
              const std::vector<std::array<std::string, 3>>& tensors) {
    const LayerFacts facts{std::move(classes), attributes};
    for (const auto& [tensor, known, real] : tensors) {
      const Shape shape = shapes_.of({&facts, 0, nullptr, kNone, ""}, tensor);
      EXPECT_EQ(text(shape, false), known) << facts.classes[0].name << "." << tensor;
      EXPECT_EQ(text(shape, true), real) << facts.classes[0].name << "." << tensor;
    }
  }

  // What the unknown extents become in the real forward.
  std::map<std::string, std::uint64_t> widths_ = {{"in", 16},   {"in/2", 8}, {"num_features", 16},
                                                  {"in_l", 16}, {"in_r", 7}, {"edge_dim", 5}};
  Model model_;
  Limits limits_;
  ModelBuilder builder_{model_, limits_};
  LazyShapes shapes_{[this](std::string_view name, Index layer) { return builder_.symbol(name, layer); }};
};

TEST_F(LazyLayer, LinearHasItsRows) {
  expect({{"torch.nn.modules.linear", "LazyLinear"}, {"torch.nn.modules.linear", "Linear"}},
         {number("in_features", 0), number("out_features", 5)},
         {{"weight", "[5, in]", "[5, 16]"}, {"bias", "[5]", "[5]"}});
}

TEST_F(LazyLayer, ConvolutionsOfEachDimension) {
  const std::vector<std::pair<std::string, std::vector<std::int64_t>>> dimensions = {
      {"1d", {3}}, {"2d", {3, 3}}, {"3d", {3, 3, 3}}};
  for (const auto& [dimension, kernel] : dimensions) {
    const Attributes attributes = {number("in_channels", 0), number("out_channels", 8), number("groups", 1),
                                   tuple("kernel_size", kernel)};
    const std::string sizes = fmt::format("{}", fmt::join(kernel, ", "));
    expect({{"torch.nn.modules.conv", "LazyConv" + dimension}, {"torch.nn.modules.conv", "Conv" + dimension}},
           attributes, {{"weight", "[8, in, " + sizes + "]", "[8, 16, " + sizes + "]"}, {"bias", "[8]", "[8]"}});
    expect({{"torch.nn.modules.conv", "LazyConvTranspose" + dimension}}, attributes,
           {{"weight", "[in, 8, " + sizes + "]", "[16, 8, " + sizes + "]"}, {"bias", "[8]", "[8]"}});
  }
}

TEST_F(LazyLayer, ConvolutionsDivideTheirInputAmongGroups) {
  const Attributes attributes = {number("out_channels", 8), number("groups", 2), tuple("kernel_size", {3, 5})};
  expect({{"torch.nn.modules.conv", "LazyConv2d"}}, attributes, {{"weight", "[8, in/2, 3, 5]", "[8, 8, 3, 5]"}});
  expect({{"torch.nn.modules.conv", "LazyConvTranspose2d"}}, attributes,
         {{"weight", "[in, 4, 3, 5]", "[16, 4, 3, 5]"}});
}

TEST_F(LazyLayer, NormsHaveOneSize) {
  for (const char* dimension : {"1d", "2d", "3d"}) {
    for (const auto& [module, name] : {std::pair{"batchnorm", "LazyBatchNorm"}, {"instancenorm", "LazyInstanceNorm"}}) {
      expect({{std::string("torch.nn.modules.") + module, std::string(name) + dimension}}, {},
             {{"weight", "[num_features]", "[16]"},
              {"bias", "[num_features]", "[16]"},
              {"running_mean", "[num_features]", "[16]"},
              {"running_var", "[num_features]", "[16]"}});
    }
  }
  EXPECT_EQ(model_.symbols.size(), 1U) << "one and the same of a layer, however often it is asked for";
}

TEST_F(LazyLayer, OfTorchIsUnknownWithoutItsAttributes) {
  const LayerFacts::Class conv = {"torch.nn.modules.conv", "LazyConv2d"};
  const LayerAttribute out = number("out_channels", 8);
  const LayerAttribute groups = number("groups", 1);
  EXPECT_EQ(shape({conv}, {}, "weight"), "?");
  EXPECT_EQ(shape({conv}, {out}, "weight"), "?");
  EXPECT_EQ(shape({conv}, {out, groups}, "weight"), "?");
  EXPECT_EQ(shape({conv}, {out, number("groups", 0), tuple("kernel_size", {3})}, "weight"), "?");
  EXPECT_EQ(shape({conv}, {out, groups, tuple("kernel_size", {-1})}, "weight"), "?");
  EXPECT_EQ(shape({conv}, {out, groups, tuple("kernel_size", {1, 1, 1, 1})}, "weight"), "?");
  EXPECT_EQ(shape({conv}, {number("out_channels", -8), groups, tuple("kernel_size", {3})}, "weight"), "?");
  EXPECT_EQ(shape({{"torch.nn.modules.linear", "LazyLinear"}}, {}, "weight"), "?");
  EXPECT_EQ(shape({{"torch.nn.modules.rnn", "LazyLSTM"}}, {number("out_features", 5)}, "weight"), "?");
  EXPECT_EQ(shape({{"mine", "LazyLinear"}}, {number("out_features", 5)}, "weight"), "?");
}

TEST_F(LazyLayer, OfOnesOwnIsWhatItDerivesFrom) {
  expect({{"mine", "Head"}, {"torch.nn.modules.linear", "LazyLinear"}}, {number("out_features", 5)},
         {{"weight", "[5, in]", "[5, 16]"}});
}

TEST_F(LazyLayer, LinearLayersOfPyG) {
  expect({{"torch_geometric.nn.dense.linear", "Linear"}}, {number("in_channels", -1), number("out_channels", 8)},
         {{"weight", "[8, in]", "[8, 16]"}});
  expect({{"torch_geometric.nn.dense.linear", "HeteroLinear"}}, {number("out_channels", 8), number("num_types", 3)},
         {{"weight", "[3, in, 8]", "[3, 16, 8]"}});
  EXPECT_EQ(shape({{"torch_geometric.nn.dense.linear", "HeteroLinear"}}, {number("out_channels", 8)}, "weight"), "?");
  EXPECT_EQ(shape({{"torch_geometric.nn.dense.linear", "Linear"}}, {}, "weight"), "?");
}

TEST_F(LazyLayer, SplineConvHasAWeightForEachKernel) {
  // By torch_geometric/nn/conv/spline_conv.py: SplineConv(-1, 8, dim=2, kernel_size=5) needs pyg-lib to run.
  expect({{"torch_geometric.nn.conv.spline_conv", "SplineConv"}}, {number("out_channels", 8), number("K", 25)},
         {{"weight", "[25, in, 8]", "[25, 16, 8]"}});
}

TEST_F(LazyLayer, ARMAConvHasTwoLayersAtLeast) {
  // What is lazy gets a layer more than ARMAConv(16, …) has where there is one layer, or they share their weights.
  const auto arma = [this](std::int64_t layers, bool is_shared, const std::string& known, const std::string& real) {
    expect({{"torch_geometric.nn.conv.arma_conv", "ARMAConv"}},
           {number("out_channels", 8), number("num_stacks", 2), number("num_layers", layers),
            truth("shared_weights", is_shared)},
           {{"init_weight", "[2, in, 8]", "[2, 16, 8]"}, {"root_weight", known, real}, {"weight", "?", "?"}});
  };
  arma(1, false, "[2, 2, in, 8]", "[2, 2, 16, 8]");
  arma(3, false, "[3, 2, in, 8]", "[3, 2, 16, 8]");
  arma(3, true, "[2, 2, in, 8]", "[2, 2, 16, 8]");
  EXPECT_EQ(shape({{"torch_geometric.nn.conv.arma_conv", "ARMAConv"}},
                  {number("out_channels", 8), number("num_stacks", 2), number("num_layers", 3)}, "root_weight"),
            "?");
}

TEST_F(LazyLayer, GMMConvMayHaveAGaussianForEachPairOfChannels) {
  const std::vector<LayerFacts::Class> classes = {{"torch_geometric.nn.conv.gmm_conv", "GMMConv"}};
  Attributes attributes = {number("out_channels", 8), number("kernel_size", 3), number("dim", 2)};
  EXPECT_EQ(shape(classes, attributes, "mu"), "?");
  attributes.push_back(truth("separate_gaussians", false));
  expect(classes, attributes,
         {{"g", "[in, 24]", "[16, 24]"}, {"mu", "[3, 2]", "[3, 2]"}, {"sigma", "[3, 2]", "[3, 2]"}});
  attributes.back() = truth("separate_gaussians", true);
  expect(classes, attributes,
         {{"mu", "[in, 8, 3, 2]", "[16, 8, 3, 2]"}, {"sigma", "[in, 8, 3, 2]", "[16, 8, 3, 2]"}, {"bias", "?", "?"}});
  // A product that no extent can be.
  EXPECT_EQ(
      shape(classes, {number("out_channels", 0xFFFF'FFFF), number("kernel_size", 0xFFFF'FFFF), number("dim", 2)}, "g"),
      "?");
}

// Linear layers in a convolution.
class LazyConvolution : public LazyLayer {
 protected:
  // Each layer's name, and the sizes of its weight.
  void expect_of(const char* module, const char* type, Attributes attributes,
                 const std::vector<std::array<std::string, 3>>& layers) {
    const LayerFacts above{{{std::string("torch_geometric.nn.conv.") + module, type}}, std::move(attributes)};
    const LayerFacts linear{{{"torch_geometric.nn.dense.linear", "Linear"}}, {number("out_channels", 8)}};
    const Index convolution = builder_.add_child(0, type);
    for (const auto& [name, known, real] : layers) {
      const Index layer = builder_.add_child(convolution, name);
      const Shape shape = shapes_.of({&linear, layer, &above, convolution, name}, "weight");
      EXPECT_EQ(text(shape, false), known) << type << "." << name;
      EXPECT_EQ(text(shape, true), real) << type << "." << name;
    }
  }
};

TEST_F(LazyConvolution, OfOneInputHasItInAllItsLayers) {
  expect_of(
      "gatv2_conv", "GATv2Conv", {number("in_channels", -1)},
      {{"lin_l", "[8, in]", "[8, 16]"}, {"lin_r", "[8, in]", "[8, 16]"}, {"lin_edge", "[8, edge_dim]", "[8, 5]"}});
  EXPECT_EQ(model_.symbols.size(), 2U);
  expect_of("gat_conv", "GATConv", {number("in_channels", -1)}, {{"lin", "[8, in]", "[8, 16]"}});
  expect_of("gcn_conv", "GCNConv", {number("in_channels", -1)}, {{"lin", "[8, in]", "[8, 16]"}});
  expect_of("transformer_conv", "TransformerConv", {number("in_channels", -1)},
            {{"lin_key", "[8, in]", "[8, 16]"},
             {"lin_query", "[8, in]", "[8, 16]"},
             {"lin_value", "[8, in]", "[8, 16]"},
             {"lin_edge", "[8, edge_dim]", "[8, 5]"},
             {"lin_skip", "[8, in]", "[8, 16]"}});
  EXPECT_EQ(model_.symbols.size(), 6U);
}

TEST_F(LazyConvolution, OfTwoInputsHasSourcesAndTargets) {
  const Attributes two = {tuple("in_channels", {-1, -1})};
  expect_of("sage_conv", "SAGEConv", two, {{"lin_l", "[8, in_l]", "[8, 16]"}, {"lin_r", "[8, in_r]", "[8, 7]"}});
  expect_of("gat_conv", "GATConv", two, {{"lin_src", "[8, in_l]", "[8, 16]"}, {"lin_dst", "[8, in_r]", "[8, 7]"}});
  expect_of("graph_conv", "GraphConv", two, {{"lin_rel", "[8, in_l]", "[8, 16]"}, {"lin_root", "[8, in_r]", "[8, 7]"}});
  expect_of("gatv2_conv", "GATv2Conv", two,
            {{"lin_l", "[8, in_l]", "[8, 16]"}, {"lin_r", "[8, in_r]", "[8, 7]"}, {"res", "[8, in_r]", "[8, 7]"}});
  expect_of("transformer_conv", "TransformerConv", two,
            {{"lin_key", "[8, in_l]", "[8, 16]"},
             {"lin_query", "[8, in_r]", "[8, 7]"},
             {"lin_value", "[8, in_l]", "[8, 16]"},
             {"lin_skip", "[8, in_r]", "[8, 7]"}});
}

TEST_F(LazyConvolution, SharesNothingWhereThatIsNotKnown) {
  // ResGatedGraphConv's keys are of the targets: each layer has an input of its own.
  expect_of("res_gated_graph_conv", "ResGatedGraphConv", {number("in_channels", -1)},
            {{"lin_key", "[8, in]", "[8, 16]"}, {"lin_query", "[8, in]", "[8, 16]"}});
  EXPECT_EQ(model_.symbols.size(), 2U);
  EXPECT_NE(model_.symbols[0].layer, model_.symbols[1].layer);
  // SAGEConv(-1, 8, aggr=["mean", "max"]): lin_r takes the nodes, lin_l both of what is made of them.
  const Attributes several = {number("in_channels", -1), {"aggr", Kind::list, {-1, -1}}};
  expect_of("sage_conv", "SAGEConv", several, {{"lin_r", "[8, in]", "[8, 16]"}});
  widths_["in"] = 32;
  expect_of("sage_conv", "SAGEConv", several, {{"lin_l", "[8, in]", "[8, 32]"}});
  widths_["in"] = 16;
  EXPECT_NE(model_.symbols[2].layer, model_.symbols[3].layer);
  // A layer that is called otherwise.
  expect_of("gcn_conv", "GCNConv", {number("in_channels", -1)}, {{"extra", "[8, in]", "[8, 16]"}});
  EXPECT_EQ(model_.path_of(model_.symbols[4].layer), "GCNConv.extra");
}

}  // namespace
}  // namespace weigh::conventions
