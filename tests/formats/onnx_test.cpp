// ONNX: fixtures against what the onnx package and PyTorch say of them, and each rule broken once.
#include "formats/onnx.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "formats/glance.h"
#include "formats/made_files.h"
#include "support/files.h"
#include "support/protobuf.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using namespace proto;
using namespace std::string_literals;

nlohmann::json expected() { return nlohmann::json::parse(file("onnx/expected.json")); }
Model fixture(const std::string& name) { return read_bytes(file("onnx/" + name)); }
std::string refusal(const std::string& bytes) {
  return error_of([&] { read_bytes(bytes); });
}

// Files made by hand, up to 10 GB.
std::string model_of(const std::string& graph) { return number(1, 8) + text(7, graph); }
std::string tensor_of(std::string_view name, std::initializer_list<std::int64_t> dims, std::int64_t type,
                      const std::string& data) {
  std::string bytes;
  for (const std::int64_t dim : dims) bytes += number(1, dim);
  return text(5, bytes + number(2, type) + text(8, name) + data);
}
std::string node(std::string_view type, const std::vector<std::string>& inputs, std::string_view output,
                 std::string_view name, const std::string& more = "") {
  std::string bytes;
  for (const std::string& input : inputs) bytes += text(1, input);
  return text(1, bytes + text(2, output) + text(3, name) + text(4, type) + more);
}
std::string value_info(std::uint64_t field, std::string_view name, std::initializer_list<std::int64_t> shape) {
  std::string dims;
  for (const std::int64_t dim : shape) dims += text(1, number(1, dim));
  return text(field, text(1, name) + text(2, text(1, number(1, 1) + text(2, dims))));
}
std::string raw(std::size_t bytes) { return text(9, std::string(bytes, '\0')); }

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
  const nlohmann::json facts = expected();
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
  EXPECT_TRUE(find(model, "stem.weight")->role_recorded);
  EXPECT_EQ(find(model, "stem.weight")->role, Role::parameter);
  EXPECT_FALSE(find(model, "att.q.val_27")->role_recorded);
  EXPECT_EQ(find(model, "att.q.val_27")->role, Role::parameter);
}

TEST(Onnx, ParametersAreThoseOfTheModule) {
  const nlohmann::json net = expected()["net"];
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
  const std::uint64_t wanted = expected()["net"]["flops"];
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
  EXPECT_EQ(model.runs.at(0).flops.evaluate(sizes), expected()["net"]["flops"]);
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
    const auto index = static_cast<std::size_t>(find(model, path) - model.tensors.data());
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

TEST(Onnx, SparseTensorsHaveTheirWholeShape) {
  const Model model = fixture("sparse.onnx");
  const Tensor* tensor = find(model, "table.weight");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->layout, Layout::sparse);
  EXPECT_EQ(tensor->stored_bytes, 3U * 4 + 3U * 8);
  EXPECT_EQ(model.numel(*tensor), Count(800));
  EXPECT_EQ(io(model, model.runs.at(0).in), "[n, 100]");
}

TEST(Onnx, FilesBesideItAreNamedAndNotOpened) {
  const Model model = read_files({{"m", file("onnx/external.onnx")}, {"model.onnx.data", "short"}}, "m");
  EXPECT_EQ(summarize(model).totals.bytes, Count(3 * 64));
  EXPECT_EQ(
      notes_of(model),
      "external-data c.weight: is said to lie in '../../.ssh/id_rsa', outside the model's folder; it was not "
      "looked at, but a program that loads the model may read that file: do not load it\n"
      "short-shard model.onnx.data: has 5 bytes, but tensor 'b.weight' ends at byte 4160 of it; is it complete?\n");
  std::string facts;
  for (const auto& [key, text] : model.metadata) facts += key + "=" + text + "; ";
  EXPECT_EQ(facts,
            "producer_name=make_onnx.py; external data=../../.ssh/id_rsa: 1 tensors, 64 bytes; external "
            "data=model.onnx.data: 2 tensors, 128 bytes; ");
}

TEST(Onnx, FilesBesideItHoldWhatIsSaidToLieInThem) {
  const std::string data = file("onnx/beside.onnx.data");
  const auto notes = [&](const char* name, std::size_t bytes) {
    const std::string model = file(std::string("onnx/") + name);
    return notes_of(read_files({{"m", model}, {"beside.onnx.data", data.substr(0, bytes)}}, "m"));
  };
  EXPECT_EQ(notes("beside.onnx", 960), "");
  EXPECT_EQ(notes("beside.onnx", 959),
            "short-shard beside.onnx.data: has 959 bytes, but tensor 'other.weight' ends at byte 960 of it; is it "
            "complete?\n");
  EXPECT_EQ(notes("beside.onnx", 0),
            "short-shard beside.onnx.data: has 0 bytes, but tensor 'other.weight' ends at byte 960 of it; is it "
            "complete?\n");
  EXPECT_EQ(notes("beside_tied.onnx", 320), "");
  EXPECT_EQ(notes("beside_tied.onnx", 319),
            "short-shard beside.onnx.data: has 319 bytes, but tensor 'emb.weight' ends at byte 320 of it; is it "
            "complete?\n");
}

TEST(Onnx, WithoutALengthTypeAndShapeTellHowLongAFileMustBe) {
  const auto notes = [](const std::string& more, std::size_t bytes) {
    const std::string entry = text(13, text(1, "location") + text(2, "d")) + more + number(14, 1);
    const std::string model = model_of(tensor_of("w", {4}, 1, entry));
    return notes_of(read_files({{"m", model}, {"d", std::string(bytes, '.')}}, "m"));
  };
  const std::string offset = text(13, text(1, "offset") + text(2, "4096"));
  EXPECT_EQ(notes("", 16), "");
  EXPECT_EQ(notes("", 15), "short-shard d: has 15 bytes, but tensor 'w' ends at byte 16 of it; is it complete?\n");
  EXPECT_EQ(notes(offset, 4112), "");
  EXPECT_EQ(notes(offset, 16),
            "short-shard d: has 16 bytes, but tensor 'w' ends at byte 4112 of it; is it complete?\n");
  const std::string far = text(13, text(1, "offset") + text(2, "9223372036854775807"));
  EXPECT_EQ(notes(far, 16),
            "short-shard d: has 16 bytes, but tensor 'w' ends at byte 9223372036854775823 of it; is it complete?\n");
}

TEST(Onnx, TensorsOnTheSameBytesOfAFileAreTied) {
  const Model apart = fixture("beside.onnx");
  EXPECT_EQ(summarize(apart).totals.parameters, Count(160));
  EXPECT_EQ(summarize(apart).totals.bytes, Count(960));
  const Model model = fixture("beside_tied.onnx");
  EXPECT_EQ(find(model, "emb.weight")->tied_to, kNone);
  EXPECT_EQ(find(model, "head.weight")->tied_to, static_cast<Index>(find(model, "emb.weight") - model.tensors.data()));
  EXPECT_EQ(find(model, "other.weight")->tied_to, kNone);  // of another type
  EXPECT_EQ(summarize(model).totals.parameters, Count(80));
  EXPECT_EQ(model.metadata.back().second, "beside.onnx.data: 3 tensors, 640 bytes");
}

TEST(Onnx, OnlyAllOfTheSameBytesAreTies) {
  const auto at = [](std::string_view location, std::string_view offset) {
    return text(13, text(1, "location") + text(2, location)) + text(13, text(1, "offset") + text(2, offset)) +
           number(14, 1);
  };
  const Model model =
      read_bytes(model_of(tensor_of("a", {4}, 1, at("d", "0")) + tensor_of("b", {2, 2}, 1, at("d", "0")) +
                          tensor_of("c", {2}, 1, at("d", "0")) + tensor_of("e", {4}, 1, at("d", "4")) +
                          tensor_of("f", {4}, 1, at("other", "0")) + tensor_of("g", {0}, 1, at("d", "99")) +
                          tensor_of("h", {0}, 1, at("d", "99"))));
  for (const Tensor& tensor : model.tensors) EXPECT_EQ(tensor.tied_to, kNone) << tensor.name;
}

TEST(Onnx, BothPartsOfASparseTensorMayLieInAFile) {
  const auto at = [](std::string_view location) {
    return text(13, text(1, "location") + text(2, location)) + number(14, 1);
  };
  const std::string values = text(1, number(1, 3) + number(2, 1) + text(8, "w") + at("v"));
  const std::string indices = text(2, number(1, 3) + number(2, 7) + at("i"));
  const std::string model = model_of(text(15, values + indices + number(3, 100)));
  EXPECT_EQ(notes_of(read_files({{"m", model}, {"v", std::string(12, '.')}, {"i", std::string(24, '.')}}, "m")), "");
  EXPECT_EQ(
      notes_of(read_files({{"m", model}, {"v", std::string(11, '.')}}, "m")),
      "missing-shard i: is not beside the model, but 1 tensors, 24 bytes are in it; download it, too, to load the "
      "model\n"
      "short-shard v: has 11 bytes, but tensor 'w' ends at byte 12 of it; is it complete?\n");
}

TEST(Onnx, FilesThatAreMissingAreNoted) {
  const std::string entry = text(13, text(1, "location") + text(2, "m.data")) + number(14, 1);
  const std::string bytes = model_of(tensor_of("w", {4}, 1, entry) + tensor_of("v", {2}, 1, entry));
  EXPECT_EQ(notes_of(read_files({{"m", bytes}, {"m.data", std::string(16, '.')}}, "m")), "");
  EXPECT_EQ(
      notes_of(read_bytes(bytes)),
      "missing-shard m.data: is not beside the model, but 2 tensors, 24 bytes are in it; download it, too, to load "
      "the model\n");
}

TEST(Onnx, PathsThatLeaveTheFolderAreNoted) {
  const auto is_noted = [](std::string_view location) {
    const std::string entry = text(13, text(1, "location") + text(2, location));
    const std::string bytes = model_of(tensor_of("w", {4}, 1, entry + number(14, 1)));
    const std::string notes = notes_of(read_bytes(bytes));
    return notes.starts_with("external-data");
  };
  for (const char* location : {"/etc/passwd", "a/../../b", "..", "C:\\x", "a\\..\\..\\b"})
    EXPECT_TRUE(is_noted(location));
  for (const char* location : {"model.data", "weights/model.data", "..data", "a..b"}) EXPECT_FALSE(is_noted(location));
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

TEST(OnnxDetection, AsksForTheFieldsOfAModel) {
  const std::string graph = text(7, tensor_of("w", {4}, 1, raw(16)));
  EXPECT_EQ(read_bytes(graph + number(1, 8)).format, "ONNX");  // fields in another order
  EXPECT_EQ(read_bytes(text(8, number(2, 17)) + number(1, 8) + graph).kind, "IR 8, opset 17");
  const std::string no_format = "m: is of no format that is known; 'weigh --formats' lists those that are";
  EXPECT_EQ(refusal(graph), no_format);                                          // no version
  EXPECT_EQ(refusal(number(1, 8)), no_format);                                   // no graph
  EXPECT_EQ(refusal(number(1, 1000) + graph), no_format);                        // no version that there could be
  EXPECT_EQ(refusal(number(1, 8) + graph + number(500, 1)), no_format);          // a field that it has not
  EXPECT_EQ(refusal(number(1, 1) + text(2, text(1, "a"))), no_format);           // TensorFlow's SavedModel
  EXPECT_EQ(refusal(number(1, 8) + text(7, number(3, 1) + "..."s)), no_format);  // a graph that is none
  EXPECT_EQ(
      refusal(number(1, 8) + hole(7, 1000) + tensor_of("w", {4}, 1, raw(16))),
      "m: ModelProto: field 7 needs 1000 bytes, 27 are left of the file; is the download incomplete? (at byte 2)");
}

TEST(OnnxMalformed, TensorIsNotWhatItsShapeNeeds) {
  EXPECT_EQ(refusal(model_of(tensor_of("w", {3, 4}, 1, raw(40)))),
            "m: tensor 'w' of float32 [3, 4] takes 48 bytes, but 40 are stored; the file is damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {3}, 1, text(4, "12345678")))),
            "m: tensor 'w' of float32 [3] takes 12 bytes, but 8 are stored; the file is damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {3}, 7, packed(7, {1, 2})))),
            "m: tensor 'w' of int64 [3] has 3 numbers, of 1 to 10 bytes each, but 2 bytes are stored; the file is "
            "damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {3}, 22, raw(1)))),
            "m: tensor 'w' of int4 [3] takes 2 bytes, but 1 are stored; the file is damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {2}, 8, text(6, "one")))),
            "m: tensor 'w' of text [2] has 2 elements, but 1 are stored; the file is damaged (at byte 6)");
}

TEST(OnnxMalformed, ElementsStandInAFieldOfAnotherType) {
  EXPECT_EQ(refusal(model_of(tensor_of("w", {2}, 1, packed(7, {1, 2})))),
            "m: tensor 'w' of float32 holds its elements in field 7, where 4 belongs; the file is damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {2}, 1, raw(8) + text(4, "12345678")))),
            "m: tensor 'w' holds its elements in two fields, 9 and 4, which is not allowed (at byte 6)");
}

TEST(OnnxMalformed, ShapesAreNoShapes) {
  EXPECT_EQ(refusal(model_of(tensor_of("w", {-1}, 1, ""))),
            "m: tensor 'w' has an extent of -1; extents of weights are numbers from 0 on (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {INT64_MAX, 2}, 1, ""))),
            "m: tensor 'w' has more than 2^63 elements; its 2 extents cannot be true (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {INT64_MAX}, 1, ""))),
            "m: tensor 'w' of 9223372036854775807 elements takes more than 2^64 bits (at byte 6)");
  std::string dims;
  for (int i = 0; i < 65; ++i) dims += number(1, 1);
  EXPECT_EQ(refusal(model_of(text(5, dims))),
            "m: TensorProto: field 1 holds more than 64 numbers (limit dimensions) (at byte 136)");
}

TEST(OnnxMalformed, NamesStandOnce) {
  const std::string twice = tensor_of("w", {1}, 1, raw(4)) + tensor_of("w", {2}, 1, raw(8));
  EXPECT_EQ(refusal(model_of(twice)), "m: tensor 'w' stands twice in one graph; which one counts is anyone's guess");
  EXPECT_EQ(refusal(number(1, 8) + text(7, "") + text(7, "")),
            "m: holds two graphs; which one counts is anyone's guess (at byte 4)");
}

TEST(OnnxMalformed, ExternalDataLies) {
  const auto external = [](std::string_view key, std::string_view value) {
    return tensor_of(
        "w", {4}, 1,
        text(13, text(1, "location") + text(2, "d")) + text(13, text(1, key) + text(2, value)) + number(14, 1));
  };
  EXPECT_EQ(refusal(model_of(external("length", "17"))),
            "m: tensor 'w' of float32 [4] takes 16 bytes, but 17 are stored in 'd'; the file is damaged (at byte 6)");
  for (const char* number : {"-1", "1e3", "", "99999999999999999999"}) {
    EXPECT_EQ(refusal(model_of(external("offset", number))),
              "m: tensor 'w' has data in another file with the offset '" + std::string(number) +
                  "', which is no number of bytes (at byte 6)");
  }
  EXPECT_EQ(refusal(model_of(tensor_of("w", {4}, 1, number(14, 1)))),
            "m: tensor 'w' is said to lie in another file, which is not named (at byte 6)");
  EXPECT_EQ(
      refusal(model_of(tensor_of("w", {4}, 1, raw(16) + text(13, text(1, "location") + text(2, "d")) + number(14, 1)))),
      "m: tensor 'w' is said to lie in 'd' but holds 16 bytes here, too (at byte 6)");
}

TEST(OnnxMalformed, SparsePartsDoNotFit) {
  const std::string values = text(1, number(1, 3) + number(2, 1) + text(8, "w") + raw(12));
  const std::string indices = text(2, number(1, 2) + number(2, 7) + raw(16));
  EXPECT_EQ(
      refusal(model_of(text(15, values + indices + number(3, 100)))),
      "m: sparse tensor 'w' of 100 elements has 3 values and 2 indices, which do not fit; the file is damaged (at "
      "byte 6)");
}

TEST(OnnxMalformed, GraphsLieInEachOther) {
  std::string graph;
  for (int i = 0; i < 60; ++i) graph = node("If", {}, "y", "n", text(5, text(1, "b") + text(6, graph)));
  const std::string error = refusal(model_of(graph));
  EXPECT_TRUE(error.starts_with("m: graphs lie more than 50 deep in each other (limit onnx_depth) (at byte ")) << error;
}

TEST(OnnxMalformed, IsBeyondItsLimits) {
  ReadOptions options;
  const auto refused = [&](const std::string& bytes) {
    return error_of([&] { read(*memory_folder("", {{"m", bytes}}), "m", options); });
  };
  options.limits.onnx_nodes = 1;
  EXPECT_EQ(refused(model_of(node("Neg", {"x"}, "y", "") + node("Neg", {"y"}, "z", ""))),
            "m: the graph has more than 1 nodes (limit onnx_nodes) (at byte 21)");
  options.limits.onnx_graph_bytes = 100;
  EXPECT_EQ(refused(model_of(node("Neg", {"a", "b", "c", "d", "e", "f"}, "y", ""))),
            "m: the graph without its weights has more than 100 bytes (limit onnx_graph_bytes) (at byte 9)");
  options = {};
  options.limits.name_bytes = 2;
  EXPECT_EQ(refused(model_of(tensor_of("long", {1}, 1, raw(4)))),
            "m: TensorProto: field 8 has 4 bytes, more than 2 (limit name_bytes) (at byte 10)");
}

TEST(Onnx, NotesWhatItDoesNotKnowOrHold) {
  EXPECT_EQ(notes_of(read_bytes(model_of(tensor_of("w", {4}, 99, raw(7))))),
            "unknown-dtype w: is of ONNX's type 99, which is not known; its bytes are those in the file\n");
  EXPECT_EQ(notes_of(read_bytes(model_of(tensor_of("w", {4}, 1, "")))),
            "missing-data w: has no elements in the file; its shape is what counts\n");
  EXPECT_EQ(notes_of(read_bytes(model_of(tensor_of("w", {4}, 1, "")) + text(20, ""))),
            "training-info : holds 1 graphs for training, which are not weighed\n"
            "missing-data w: has no elements in the file; its shape is what counts\n");
}

}  // namespace
}  // namespace weigh::testing
