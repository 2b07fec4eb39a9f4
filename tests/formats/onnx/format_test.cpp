// ONNX: fixtures against what the onnx package and PyTorch say of them, and the rules of operators.
#include "formats/onnx/format.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "formats/common/glance.h"
#include "formats/onnx/made_onnx.h"
#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"
#include "support/protobuf.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using namespace proto;
using namespace std::string_literals;

Model fixture(const std::string& name) { return read_bytes(file("onnx/" + name)); }
const Module* module(const Model& model, std::string_view path) {
  for (Index i = 0; i < model.modules.size(); ++i)
    if (model.path_of(i) == path) return &model.modules[i];
  return nullptr;
}
const Run& run_of(const Model& model, std::string_view path) {
  return model.runs.at(static_cast<std::size_t>(module(model, path) - model.modules.data()));
}
std::string io(const Model& model, const IOShape& shape) {
  if (shape.kind == IOShape::Kind::unknown) return "?";
  std::string all;
  for (const Extent extent : shape.extents) {
    all += all.empty() ? "" : ", ";
    all += extent.is_known()              ? std::to_string(extent.size())
           : extent.symbol() == kNameless ? "?"
                                          : std::string(model.symbols[extent.symbol()].name);
  }
  for (const IOShape& item : shape.items) all += (all.empty() ? "" : ", ") + io(model, item);
  return "[" + all + "]";
}

class OnnxFixture : public ::testing::TestWithParam<const char*> {};

// What a tensor is called in its module.
std::string own_name(const std::string& name) {
  const std::size_t place = name.find_last_of("./");
  return place == std::string::npos ? name : name.substr(place + 1);
}

TEST_P(OnnxFixture, HoldsWhatOnnxSays) {
  std::vector<std::string> wanted;
  const bool is_sparse = std::string_view(GetParam()) == "sparse.onnx";
  const nlohmann::json facts = expected("onnx");
  for (const auto& one : facts["files"][GetParam()]) {
    const std::uint64_t elements = one["elements"];
    const bool is_integer = std::string(one["dtype"]).find("int") != std::string::npos;
    // A scalar or a few integers are arguments of operators.
    if (one["constant"] && (elements <= 1 || (is_integer && one["shape"].size() < 2 && elements <= 64))) continue;
    const bool has_bytes = one["dtype"] != "unknown" && !is_sparse;
    wanted.push_back(own_name(one["name"]) + " " + std::string(one["dtype"]) + " " + one["shape"].dump() + " " +
                     (has_bytes ? one["bytes"].dump() : ""));
  }
  const Model model = fixture(GetParam());
  std::vector<std::string> found;
  for (const Tensor& tensor : model.tensors) {
    nlohmann::json shape = nlohmann::json::array();
    for (std::size_t i = 0; i < tensor.rank; ++i) shape.push_back(model.shape_begin(tensor)[i].size());
    const bool has_bytes = tensor.dtype != DType::unknown && !is_sparse;
    found.push_back(std::string(tensor.name) + " " + std::string(name(tensor.dtype)) + " " + shape.dump() + " " +
                    (has_bytes ? std::to_string(model.bytes(tensor).known()) : ""));
  }
  std::sort(wanted.begin(), wanted.end());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(model.format, "ONNX");
}

TEST_P(OnnxFixture, IsRefusedOrReadWhereverItIsCut) {
  const std::string bytes = file(std::string("onnx/") + GetParam());
  every_prefix(bytes, [](std::string_view prefix) { read_bytes(std::string(prefix)); });
}

INSTANTIATE_TEST_SUITE_P(All, OnnxFixture,
                         ::testing::Values("beside.onnx", "beside_tied.onnx", "branches.onnx", "dynamo.onnx",
                                           "dynamo_dynamic.onnx", "external.onnx", "functions.onnx", "old_ir.onnx",
                                           "quantised.onnx", "sparse.onnx", "test_BatchNorm2d_eval.onnx",
                                           "test_Conv2d_groups.onnx", "test_ConvTranspose2d.onnx",
                                           "test_Embedding.onnx", "test_Linear.onnx", "test_if.onnx",
                                           "test_loop11.onnx", "test_lstm_defaults.onnx", "test_operator_conv.onnx",
                                           "test_operator_non_float_params.onnx", "test_sequence_model1.onnx",
                                           "torchscript.onnx", "torchscript_dynamic.onnx", "torchscript_inferred.onnx",
                                           "torchscript_train.onnx", "types.onnx"));

TEST(Onnx, TreesAreThoseOfTheModulesThatWereExported) {
  for (const char* name : {"torchscript.onnx", "torchscript_train.onnx", "dynamo.onnx"}) {
    const Model model = fixture(name);
    for (const char* path :
         {"stem", "blocks", "blocks.0", "blocks.1.bn", "emb", "att.q", "att.k", "norm", "head", "up"}) {
      const bool is_folded = std::string_view(path) == "blocks.1.bn" && std::string_view(name) == "torchscript.onnx";
      EXPECT_EQ(module(model, path) == nullptr, is_folded) << name << " " << path;
    }
    EXPECT_NE(find(model, "stem.weight"), nullptr);
    EXPECT_NE(find(model, "att.q.bias"), nullptr);
    EXPECT_EQ(notes_of(model), "");
  }
  EXPECT_NE(find(fixture("torchscript.onnx"), "att.q.onnx::MatMul_74"), nullptr);
}

TEST(Onnx, DynamoTellsClassesAndRoles) {
  const Model model = fixture("dynamo_dynamic.onnx");
  EXPECT_EQ(model.architecture, "Net");
  EXPECT_EQ(model.kind, "IR 10, opset 20");
  EXPECT_EQ(module(model, "blocks")->type, "Sequential");
  EXPECT_EQ(module(model, "blocks.0")->type, "Block");
  EXPECT_EQ(module(model, "att.q")->type, "Linear");
  EXPECT_TRUE(find(model, "stem.weight")->role_recorded());
  EXPECT_EQ(find(model, "stem.weight")->role, Role::parameter);
  EXPECT_FALSE(find(model, "att.q.val_27")->role_recorded());
  EXPECT_EQ(find(model, "att.q.val_27")->role, Role::parameter);
}

TEST(Onnx, ParametersAreThoseOfTheModule) {
  const nlohmann::json net = expected("onnx")["net"];
  const Model trained = fixture("torchscript_train.onnx");
  const Summary summary = summarize(trained);
  EXPECT_EQ(summary.totals.parameters, Count(std::uint64_t{net["parameters"]}));
  EXPECT_EQ(summary.totals.buffers, Count(32));
  EXPECT_EQ(find(trained, "blocks.0.bn.running_var")->role, Role::buffer);
  // Without the weights and biases of two normalisations, which are folded into convolutions.
  for (const char* name : {"torchscript.onnx", "torchscript_inferred.onnx", "dynamo.onnx"})
    EXPECT_EQ(summarize(fixture(name)).totals.parameters, Count(std::uint64_t{net["parameters"]} - 32)) << name;
}

TEST(Onnx, BatchNormalizationHoldsBuffersWhateverTheyAreCalled) {
  const Model model = read_bytes(model_of(node("BatchNormalization", {"x", "a", "b", "c", "d"}, "y", "/norm/BN") +
                                          tensor_of("a", {4}, 1, raw(16)) + tensor_of("b", {4}, 1, raw(16)) +
                                          tensor_of("c", {4}, 1, raw(16)) + tensor_of("d", {4}, 1, raw(16))));
  EXPECT_EQ(find(model, "norm.a")->role, Role::parameter);
  EXPECT_EQ(find(model, "norm.b")->role, Role::parameter);
  EXPECT_EQ(find(model, "norm.c")->role, Role::buffer);
  EXPECT_EQ(find(model, "norm.d")->role, Role::buffer);
}

TEST(Onnx, FlopsAreThoseOfPyTorchWhereShapesAreTold) {
  const std::uint64_t wanted = expected("onnx")["net"]["flops"];
  for (const char* name : {"dynamo.onnx", "torchscript_inferred.onnx"})
    EXPECT_EQ(fixture(name).runs.at(0).flops, Count(wanted)) << name;
  const Model told_little = fixture("torchscript.onnx");
  EXPECT_FALSE(told_little.runs.at(0).flops.is_exact());
  EXPECT_LT(told_little.runs.at(0).flops.known(), wanted);
  EXPECT_FALSE(told_little.runs.at(0).activation_bytes.is_exact());
}

TEST(Onnx, SymbolsOfShapesBecomeExpressions) {
  const Model model = fixture("dynamo_dynamic.onnx");
  std::vector<std::pair<SymbolId, std::uint64_t>> sizes;
  for (SymbolId i = 0; i < model.symbols.size(); ++i) {
    const std::string_view name = model.symbols[i].name;
    ASSERT_TRUE(name == "batch" || name == "words" || name == "(words + 16)" || name == "(2*words + 32)") << name;
    sizes.emplace_back(i, name == "batch" ? 2 : name == "words" ? 5 : name == "(words + 16)" ? 21 : 42);
  }
  EXPECT_EQ(model.runs.at(0).flops.evaluate(sizes), expected("onnx")["net"]["flops"]);
  EXPECT_EQ(io(model, model.runs.at(0).in), "[[batch, 3, 4, 4], [batch, words]]");
  EXPECT_EQ(io(model, model.runs.at(0).out), "[batch, 4, (2*words + 32)]");
  EXPECT_EQ(io(model, run_of(model, "att").in), "[batch, (words + 16), 8]");
  EXPECT_EQ(io(model, run_of(model, "blocks.0").out), "[batch, 8, 4, 4]");
}

TEST(Onnx, OperatorsTakeWhatTheirDefinitionSays) {
  EXPECT_EQ(fixture("test_lstm_defaults.onnx").runs.at(0).flops, Count(2U * 3 * 12 * (2 + 3)));
  EXPECT_EQ(fixture("test_Conv2d_groups.onnx").runs.at(0).flops, Count(2U * (2 * 6 * 4 * 4) * (2 * 3 * 2)));
  EXPECT_EQ(fixture("test_ConvTranspose2d.onnx").runs.at(0).flops, Count(2U * (1 * 3 * 7 * 6) * (4 * 3 * 3)));
  EXPECT_EQ(fixture("test_Embedding.onnx").runs.at(0).flops, Count(0));
  const std::string attention = node("Attention", {"q", "k", "v"}, "y", "") + value_info(11, "q", {2, 4, 6, 8}) +
                                value_info(11, "k", {2, 4, 10, 8}) + value_info(11, "v", {2, 4, 10, 16}) +
                                value_info(12, "y", {2, 4, 6, 16});
  EXPECT_EQ(read_bytes(model_of(attention)).runs.at(0).flops, Count(2U * 2 * 4 * 6 * 10 * (8 + 16)));
  EXPECT_FALSE(read_bytes(model_of(node("New", {"q"}, "y", "", text(7, "com.example")))).runs.at(0).flops.is_exact());
  EXPECT_TRUE(read_bytes(model_of(node("New", {"q"}, "y", ""))).runs.at(0).flops.is_exact());
}

TEST(Onnx, ShapesThatCannotBeTrueMakeNoFlops) {
  const std::int64_t large = INT64_MAX;
  const Model model = read_bytes(model_of(node("MatMul", {"x", "w"}, "y", "") + tensor_of("w", {4, 4}, 1, raw(64)) +
                                          value_info(12, "y", {large, large, large})));
  EXPECT_FALSE(model.runs.at(0).flops.is_exact());
  EXPECT_EQ(model.runs.at(0).flops.known(), 0U);
}

TEST(Onnx, BranchesAndBodiesAreParts) {
  const Model model = fixture("branches.onnx");
  EXPECT_EQ(module(model, "model.If")->type, "If");
  EXPECT_NE(find(model, "model.If.then_branch.small.weight"), nullptr);
  EXPECT_NE(find(model, "model.If.else_branch.large.weight"), nullptr);
  EXPECT_EQ(shape_of(model, "model.If.else_branch.bias"), "[16]");
  EXPECT_EQ(shape_of(model, "model.If.then_branch.bias"), "[4]");
  EXPECT_EQ(summarize(model).totals.parameters, Count(1 + 8 * 16 + 16 + 8 * 4 + 4));
  EXPECT_FALSE(model.runs.at(0).flops.is_exact());  // which of them runs, nobody knows
}

TEST(Onnx, FunctionsAreHeldOnce) {
  const Model model = fixture("functions.onnx");
  EXPECT_NE(find(model, "Project.table"), nullptr);
  EXPECT_EQ(summarize(model).totals.parameters, Count(64));
  EXPECT_FALSE(run_of(model, "first").flops.is_exact());
  EXPECT_EQ(run_of(model, "second").flops, Count(0));
}

TEST(Onnx, InputsOfOldFilesAreNotItsTensors) {
  const Model model = fixture("old_ir.onnx");
  EXPECT_EQ(io(model, model.runs.at(0).in), "[1, 3, 8, 8]");
  EXPECT_EQ(io(model, run_of(model, "down").in), "[1, 3, 8, 8]");
  EXPECT_EQ(summarize(model).totals.parameters, Count(108));
}

TEST(Onnx, WeightsUsedTwiceCountOnce) {
  const Model model =
      read_bytes(model_of(node("MatMul", {"x", "w"}, "y", "/one/MatMul") +
                          node("MatMul", {"y", "w"}, "z", "/two/MatMul") + tensor_of("w", {4, 4}, 1, raw(64))));
  EXPECT_EQ(summarize(model).totals.parameters, Count(16));
  EXPECT_EQ(model.path_of(model.tensors.at(0)), "one.w");
}

TEST(Onnx, QuantisedWeightsAreParametersAndTheirScalesAreNot) {
  const Model model = fixture("quantised.onnx");
  const Summary summary = summarize(model);
  EXPECT_EQ(summary.totals.parameters, Count(4 * 27 + 4 + 64 * 64 + 64 * 10));
  EXPECT_EQ(summary.totals.overhead_bytes, 4U + 1 + 16 + 4 + 4 + 4 * 64 * 4 + 80 + 10);
  EXPECT_EQ(summary.totals.bytes, Count(108 + 16 + 2048 + 320 + summary.totals.overhead_bytes));
  EXPECT_EQ(model.runs.at(0).flops, Count(2U * 64 * 27 + 2U * 64 * 64 + 2U * 10 * 64));
  const auto scheme_of = [&](std::string_view path) {
    const auto index = model.index_of(*find(model, path));
    return summary.quantized.schemes[index];
  };
  EXPECT_EQ(scheme_of("conv.weight_quantized"), Scheme::none);
  EXPECT_EQ(scheme_of("fc.weight_int4"), Scheme::none);
  EXPECT_EQ(scheme_of("head.MatMul.weight_Q4"), Scheme::int4);
}

TEST(Onnx, ScalesOfIntegerProductsAreTheirs) {
  const Model model = read_bytes(
      model_of(node("MatMulInteger", {"x", "w_quantized", "x_zero", "w_zero_point"}, "y", "/fc/MatMul") +
               node("Mul", {"x_scale_made", "w_scale"}, "s", "/fc/Mul") + tensor_of("w_quantized", {4, 8}, 3, raw(32)) +
               tensor_of("w_zero_point", {8}, 3, raw(8)) + tensor_of("w_scale", {8}, 1, raw(32))));
  const Summary summary = summarize(model);
  EXPECT_EQ(summary.totals.parameters, Count(32));
  EXPECT_EQ(summary.totals.overhead_bytes, 8U + 32);
}

TEST(Onnx, PackedProductsThatDoNotFitAreLowerBounds) {
  const std::string attributes =
      text(5, text(1, "K") + number(3, 4096)) + text(5, text(1, "N") + number(3, 4096)) + text(7, "com.microsoft");
  const Model model = read_bytes(model_of(node("MatMulNBits", {"x", "w", "s"}, "y", "", attributes) +
                                          tensor_of("w", {8, 1, 16}, 2, raw(128)) + tensor_of("s", {8}, 1, raw(32))));
  EXPECT_EQ(summarize(model).totals.parameters.known(), 128U);
  EXPECT_FALSE(summarize(model).totals.parameters.is_exact());
}

// Two of four experts of fc1 [128, 64] and fc2 [64, 128], with their biases; the scales are no parameters.
TEST(Onnx, AMixtureTellsWhatATokenUses) {
  const Model model = read_bytes(file("reports/files/qmoe.onnx"));
  const Summary summary = summarize(model);
  EXPECT_EQ(summary.totals.parameters, Count(4 * (128 * 64 + 128 + 64 * 64 + 64)));
  EXPECT_EQ(summary.totals.active_parameters, 2U * (128 * 64 + 128 + 64 * 64 + 64));
}

// k is 1 where it is not said.
TEST(Onnx, MixturesThatDifferTellNothing) {
  const auto mixture = [](const std::string& weights, std::int64_t chosen) {
    const std::string k = chosen == 0 ? "" : text(5, text(1, "k") + number(3, chosen));
    return node("MoE", {"x", "router", weights, "", weights + "_2"}, "y", "", k + text(7, "com.microsoft"));
  };
  const auto tensors = [](const std::string& name, std::int64_t experts) {
    const auto bytes = static_cast<std::size_t>(experts) * 4 * 4;
    return tensor_of(name, {experts, 2, 2}, 1, raw(bytes)) + tensor_of(name + "_2", {experts, 2, 2}, 1, raw(bytes));
  };
  const auto active = [](const std::string& graph) {
    const Model model = read_bytes(model_of(graph));
    return summarize(model).totals.active_parameters;
  };
  EXPECT_EQ(active(mixture("a", 2) + tensors("a", 4)), 2U * 8);
  EXPECT_EQ(active(mixture("a", 0) + tensors("a", 4)), 1U * 8);
  EXPECT_EQ(active(mixture("a", 2) + mixture("b", 2) + tensors("a", 4) + tensors("b", 4)), 2U * 16);
  EXPECT_EQ(active(mixture("a", 2) + mixture("b", 2) + tensors("a", 4) + tensors("b", 8)), std::nullopt);
  EXPECT_EQ(active(mixture("a", 2) + mixture("b", 1) + tensors("a", 4) + tensors("b", 4)), std::nullopt);
  EXPECT_EQ(active(mixture("a", 5) + tensors("a", 4)), std::nullopt);
  EXPECT_EQ(active(mixture("a", -2) + tensors("a", 4)), 1U * 8);
}

TEST(Onnx, SparseTensorsHaveTheirWholeShape) {
  const Model model = fixture("sparse.onnx");
  const Tensor* tensor = find(model, "table.weight");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->layout, Layout::sparse);
  EXPECT_EQ(tensor->stored_bytes, 3U * 4 + 3U * 8);
  EXPECT_EQ(model.numel(*tensor), Count(800));
  EXPECT_EQ(io(model, model.runs.at(0).in), "[n, 100]");
}

TEST(Onnx, TellsWherePlainNumbersLie) {
  ReadOptions options;
  options.locations = true;
  const std::string graph = tensor_of("w", {4}, 1, text(9, "0123456789abcdef")) +
                            tensor_of("v", {2}, 1, text(4, "fedcba98")) + tensor_of("i", {1}, 7, packed(7, {5})) +
                            tensor_of("q", {2}, 22, raw(1));
  const std::string bytes = model_of(graph);
  const Model model = read(*memory_folder("", {{"m", bytes}}), "m", options);
  ASSERT_EQ(model.locations.size(), 4U);
  EXPECT_EQ(bytes.substr(model.locations[0].offset, 16), "0123456789abcdef");
  EXPECT_EQ(bytes.substr(model.locations[1].offset, 8), "fedcba98");
  EXPECT_EQ(model.locations[2].file, kNone);
  EXPECT_EQ(model.locations[3].file, kNone);
}

TEST(Onnx, WeightsAreNotRead) {
  std::string graph;
  for (int i = 0; i < 50; ++i)
    graph += tensor_of("layer." + std::to_string(i) + ".weight", {250, 100}, 1, raw(100'000));
  const std::string bytes = model_of(graph);
  const auto source = memory_source("m", bytes);
  Glance glance(*source);
  ASSERT_TRUE(matches_onnx(glance));
  EXPECT_LT(source->bytes_read(), 2000U);
  Model model;
  read_onnx(*source, {}, model);
  EXPECT_EQ(summarize(model).totals.parameters, Count(50 * 25'000));
  EXPECT_LT(source->bytes_read(), 50U * 300 + 3000);
}

}  // namespace
}  // namespace weigh::testing
