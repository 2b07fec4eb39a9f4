// Uninitialised parameters: what their layers, or the bias beside them, give away of their shapes.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

Model fixture(const std::string& name) { return read(data_path("pytorch/" + name)); }

std::string uninitialized_notes(const Model& model) {
  std::string text;
  for (const Tensor& tensor : model.tensors) {
    if (tensor.state != State::uninitialised) continue;
    text += "uninitialized " + model.path_of(tensor) + ": is a " +
            (tensor.role == Role::parameter ? "parameter" : "buffer") +
            " that is not initialised yet; run one forward before saving, or give an example input, to know it\n";
  }
  return text;
}

// A layer as Module.__reduce_ex__ writes it.
std::string layer(const char* module, const char* name, std::vector<std::pair<std::string, std::string>> attributes,
                  const std::string& parameters, const std::string& modules = py::dict({})) {
  attributes.emplace_back("training", py::boolean(true));
  attributes.emplace_back("_parameters", parameters);
  attributes.emplace_back("_buffers", py::dict({}));
  attributes.emplace_back("_modules", modules);
  return py::global(module, name) + ")\x81" + py::dict(attributes) + "b";
}
std::string geometric_linear(std::int64_t out) {
  return layer("torch_geometric.nn.dense.linear", "Linear", {{"out_channels", py::integer(out)}},
               py::dict({{"weight", py::uninitialized()}}));
}
std::string convolution(const char* name, std::vector<std::pair<std::string, std::string>> attributes,
                        const std::vector<std::pair<std::string, std::string>>& modules) {
  return layer("torch_geometric.nn.conv.some_conv", name, std::move(attributes), py::dict({}), py::dict(modules));
}

TEST(LazyModule, OfEachClassHasTheExtentsThatItsAttributesTell) {
  const Model model = fixture("lazy/every_module.pt");
  auto shape = [&](const std::string& path) { return shape_of(model, "branches." + path); };
  EXPECT_EQ(shape("LazyLinear.weight"), "[5, in of branches.LazyLinear]");
  EXPECT_EQ(shape("LazyLinear.bias"), "[5]");
  const std::vector<std::pair<std::string, std::string>> dimensions = {{"1d", "3"}, {"2d", "3, 3"}, {"3d", "3, 3, 3"}};
  for (const auto& [kind, kernel] : dimensions) {
    EXPECT_EQ(shape("LazyConv" + kind + ".weight"), "[8, in of branches.LazyConv" + kind + ", " + kernel + "]");
    EXPECT_EQ(shape("LazyConv" + kind + ".bias"), "[8]");
    EXPECT_EQ(shape("LazyConvTranspose" + kind + ".weight"),
              "[in of branches.LazyConvTranspose" + kind + ", 8, " + kernel + "]");
    EXPECT_EQ(shape("LazyConvTranspose" + kind + ".bias"), "[8]");
    for (const std::string name : {"LazyBatchNorm", "LazyInstanceNorm"}) {
      const std::string norm = name + kind;
      for (const char* tensor : {".weight", ".bias", ".running_mean", ".running_var"})
        EXPECT_EQ(shape(norm + tensor), "[num_features of branches." + norm + "]");
      EXPECT_EQ(shape(norm + ".num_batches_tracked"), "[]");
    }
  }
  EXPECT_EQ(notes_of(model), uninitialized_notes(model));
  EXPECT_EQ(model.notes.size(), 38U);
}

TEST(LazyModule, DividesItsInputAmongGroups) {
  // LazyConv2d(8, (3, 5), groups=2), and its transposed sister.
  EXPECT_EQ(shape_of(fixture("lazy/LazyConv2d_groups_module.pt"), "weight"), "[8, in/2 of , 3, 5]");
  EXPECT_EQ(shape_of(fixture("lazy/LazyConvTranspose2d_groups_module.pt"), "weight"), "[in of , 4, 2, 3]");
}

TEST(LazyModule, HasNoExtentsWhereAnAttributeIsMissing) {
  const std::string parameters = py::dict({{"weight", py::uninitialized()}});
  const std::vector<std::pair<std::string, std::string>> cases[] = {
      {},
      {{"out_channels", py::integer(8)}},
      {{"out_channels", py::integer(8)}, {"groups", py::integer(0)}, {"kernel_size", py::sizes({3})}},
      {{"out_channels", py::integer(8)}, {"groups", py::integer(1)}},
      {{"out_channels", py::integer(8)}, {"groups", py::integer(1)}, {"kernel_size", py::sizes({-1})}},
      {{"out_channels", py::integer(-8)}, {"groups", py::integer(1)}, {"kernel_size", py::sizes({3})}},
      {{"out_channels", py::integer(8)}, {"groups", py::integer(1)}, {"kernel_size", py::sizes({1, 1, 1, 1})}},
  };
  for (const auto& attributes : cases)
    EXPECT_EQ(shape_of(read_bytes(torch_file(layer("torch.nn.modules.conv", "LazyConv2d", attributes, parameters))),
                       "weight"),
              "?");
}

TEST(LazyModule, OfAnUnknownClassHasNoExtents) {
  const std::string module =
      layer("mine", "LazyLinear", {{"out_features", py::integer(5)}}, py::dict({{"weight", py::uninitialized()}}));
  const Model model = read_bytes(torch_file(module));
  EXPECT_EQ(shape_of(model, "weight"), "?");
  EXPECT_TRUE(model.modules[0].lazy);
}

TEST(LazyModule, RemembersWhatIsFrozen) {
  const Model model = fixture("lazy/LazyLinear_frozen_module.pt");
  EXPECT_EQ(find(model, "weight")->requires_grad, RequiresGrad::no);
  EXPECT_EQ(find(fixture("lazy/LazyLinear_module.pt"), "weight")->requires_grad, RequiresGrad::yes);
  EXPECT_EQ(shape_of(model, "weight"), "[5, in of ]");
  EXPECT_TRUE(summarize(model).totals.trainable.is_exact());
  EXPECT_EQ(summarize(model).totals.trainable.known(), 0U);
}

TEST(LazyStateDict, HasNoRanks) {
  const Model model = fixture("lazy/every_state.pt");
  int lazy = 0;
  for (const Tensor& tensor : model.tensors) {
    if (tensor.state != State::uninitialised) continue;
    EXPECT_EQ(shape_of(model, model.path_of(tensor)), "?");
    EXPECT_EQ(tensor.dtype, DType::unknown);
    ++lazy;
  }
  EXPECT_EQ(lazy, 38);
  EXPECT_EQ(notes_of(model), uninitialized_notes(model));
}

TEST(LazyStateDict, HasRowsWhereABiasTellsThem) {
  const Model model = fixture("gat_state_before.pt");
  EXPECT_EQ(shape_of(model, "conv1.lin_l.weight"), "[8, in of conv1.lin_l]");
  EXPECT_EQ(shape_of(model, "conv1.lin_r.weight"), "[8, in of conv1.lin_r]");
  EXPECT_EQ(notes_of(model), uninitialized_notes(model));
}

TEST(LazyStateDict, HasTheTypesOfAHeteroLinear) {
  const std::string bias = py::tensor(py::storage("FloatStorage", "0", 6), 0, {3, 2}, {2, 1});
  const std::map<std::string, std::string> storages = {{"0", std::string(24, 'x')}};
  const std::string value = py::dict({{"a.weight", py::uninitialized()}, {"a.bias", bias}});
  EXPECT_EQ(shape_of(read_bytes(torch_file(value, storages)), "a.weight"), "[3, in of a, 2]");
}

TEST(LazyStateDict, HasNoRowsWhereSomethingElseIsBesideTheBias) {
  const std::string bias = py::tensor(py::storage("FloatStorage", "0", 2), 0, {2}, {1});
  const std::map<std::string, std::string> storages = {{"0", std::string(8, 'x')}};
  const std::string value = py::dict({{"a.weight", py::uninitialized()}, {"a.kernel_size", bias}, {"a.bias", bias}});
  EXPECT_EQ(shape_of(read_bytes(torch_file(value, storages)), "a.weight"), "?");
  const std::string alone = py::dict({{"a.weight", py::uninitialized()}, {"a.bias", py::uninitialized()}});
  EXPECT_EQ(shape_of(read_bytes(torch_file(alone)), "a.weight"), "?");
}

TEST(LazyConvolution, SharesItsInputAmongItsLayers) {
  const Model model = fixture("gat_module_before.pt");
  EXPECT_EQ(shape_of(model, "conv1.lin_l.weight"), "[8, in of conv1]");
  EXPECT_EQ(shape_of(model, "conv1.lin_r.weight"), "[8, in of conv1]");
  EXPECT_EQ(model.symbols.size(), 1U);
  EXPECT_EQ(notes_of(model), uninitialized_notes(model));
}

TEST(LazyConvolution, HasAnInputForEdgesOfItsOwn) {
  const Model model = fixture("gat2_edges_module_before.pt");
  EXPECT_EQ(shape_of(model, "conv1.lin_edge.weight"), "[16, edge_dim of conv1]");
  EXPECT_EQ(shape_of(model, "conv2.lin_l.weight"), "[2, in of conv2]");
  EXPECT_EQ(model.symbols.size(), 4U);
}

TEST(LazyConvolution, ThatSharesItsWeightsCountsThemOnce) {
  const Model model = fixture("gat2_shared_module_before.pt");
  const Tensor* right = find(model, "conv1.lin_r.weight");
  if (right != nullptr) {
    EXPECT_NE(right->tied_to, kNone);
  }
  const Model state = fixture("gat2_shared_state_before.pt");
  const Tensor* tied = find(state, "conv1.lin_r.weight");
  ASSERT_NE(tied, nullptr);
  ASSERT_NE(tied->tied_to, kNone);
  EXPECT_EQ(state.path_of(state.tensors[tied->tied_to]), "conv1.lin_l.weight");
  EXPECT_EQ(shape_of(state, "conv1.lin_r.weight"), shape_of(state, "conv1.lin_l.weight"));
}

TEST(LazyConvolution, OfTwoInputsHasTwo) {
  const Model model =
      read_bytes(torch_file(convolution("GATv2Conv", {{"in_channels", py::sizes({-1, -1})}},
                                        {{"lin_l", geometric_linear(8)}, {"lin_r", geometric_linear(8)}})));
  EXPECT_EQ(shape_of(model, "lin_l.weight"), "[8, in_l of ]");
  EXPECT_EQ(shape_of(model, "lin_r.weight"), "[8, in_r of ]");
}

TEST(LazyConvolution, SharesNothingWhereThatIsNotKnown) {
  const std::vector<std::pair<std::string, std::string>> layers = {{"lin_l", geometric_linear(8)},
                                                                   {"lin_r", geometric_linear(8)}};
  const std::string aggregations = py::list({py::text("mean"), py::text("max")});
  for (const std::string& module :
       {convolution("MineConv", {}, layers), convolution("SAGEConv", {{"aggr", aggregations}}, layers)}) {
    const Model model = read_bytes(torch_file(module));
    EXPECT_EQ(shape_of(model, "lin_l.weight"), "[8, in of lin_l]");
    EXPECT_EQ(shape_of(model, "lin_r.weight"), "[8, in of lin_r]");
  }
}

TEST(LazyConvolution, HasTheShapesOfItsClass) {
  using Attributes = std::vector<std::pair<std::string, std::string>>;
  auto shape = [](const char* name, Attributes attributes, const char* parameter) {
    attributes.emplace_back("out_channels", py::integer(8));
    const std::string module =
        layer("torch_geometric.nn.conv.some_conv", name, attributes, py::dict({{parameter, py::uninitialized()}}));
    return shape_of(read_bytes(torch_file(module)), parameter);
  };
  EXPECT_EQ(shape("SplineConv", {{"K", py::integer(25)}}, "weight"), "[25, in of , 8]");
  EXPECT_EQ(shape("HeteroLinear", {{"num_types", py::integer(3)}}, "weight"), "[3, in of , 8]");
  const Attributes arma = {
      {"num_stacks", py::integer(2)}, {"num_layers", py::integer(3)}, {"shared_weights", py::boolean(false)}};
  EXPECT_EQ(shape("ARMAConv", arma, "init_weight"), "[2, in of , 8]");
  EXPECT_EQ(shape("ARMAConv", arma, "root_weight"), "[3, 2, in of , 8]");
  const Attributes mixture = {
      {"kernel_size", py::integer(3)}, {"dim", py::integer(2)}, {"separate_gaussians", py::boolean(false)}};
  EXPECT_EQ(shape("GMMConv", mixture, "g"), "[in of , 24]");
  EXPECT_EQ(shape("GMMConv", mixture, "mu"), "[3, 2]");
}

TEST(LazyModule, OfHugeExtentsOverflowsWithAnError) {
  const std::string module = layer("torch.nn.modules.conv", "LazyConv2d",
                                   {{"out_channels", py::integer(INT64_MAX)},
                                    {"groups", py::integer(1)},
                                    {"kernel_size", py::sizes({INT64_MAX, 1})}},
                                   py::dict({{"weight", py::uninitialized()}}));
  EXPECT_THROW(summarize(read_bytes(torch_file(module))), Error);
}

}  // namespace
}  // namespace weigh::testing
