// Exported programs against what torch says of the modules that they were made of, and what is wrong with damaged ones.
#include "formats/pt2/format.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

const Json& expectations() {
  static const Json all = testing::expected("pt2").at("files");
  return all;
}

class Pt2File : public ::testing::TestWithParam<std::string> {
 protected:
  const Json& expected() const { return expectations().at(GetParam()); }
  const Model model_ = read(data_path("pt2/files/" + GetParam()));
};

TEST_P(Pt2File, IsNamedAsWhatItIs) {
  EXPECT_EQ(model_.format, "torch.export");
  EXPECT_EQ(model_.kind, GetParam().starts_with("old_") ? "program, older layout" : "program");
  EXPECT_EQ(notes_of(model_), "");
}

TEST_P(Pt2File, HoldsTheTensorsThatTorchSees) {
  EXPECT_EQ(model_.tensors.size(), expected()["tensors"].size());
  std::uint64_t parameters = 0;
  std::uint64_t trainable = 0;
  std::uint64_t buffers = 0;
  for (const Tensor& tensor : model_.tensors) {
    const std::string path = model_.path_of(tensor);
    ASSERT_TRUE(expected()["tensors"].contains(path)) << path;
    const Json& told = expected()["tensors"][path];
    EXPECT_EQ(shape_of(model_, path), told_shape(told[0])) << path;
    EXPECT_EQ(name(tensor.dtype), told[1].get<std::string>()) << path;
    EXPECT_EQ(tensor.role == Role::parameter, told[2] == "parameter") << path;
    EXPECT_TRUE(tensor.role_recorded()) << path;
    if (tensor.tied_to != kNone) continue;
    const std::uint64_t numel = model_.numel(tensor).known();
    (tensor.role == Role::parameter ? parameters : buffers) += numel;
    if (tensor.requires_grad == RequiresGrad::yes) trainable += numel;
    EXPECT_EQ(tensor.stored_bytes, model_.bytes(tensor).known()) << path;
  }
  EXPECT_EQ(parameters, expected()["parameters"].get<std::uint64_t>());
  EXPECT_EQ(trainable, expected()["trainable"].get<std::uint64_t>());
  EXPECT_EQ(buffers, expected()["buffers"].get<std::uint64_t>());
}

TEST_P(Pt2File, HasTheTypesThatItsNodesCameFrom) {
  for (Index i = 0; i < model_.modules.size(); ++i) {
    const std::string path = model_.path_of(i);
    if (!expected()["types"].contains(path) || model_.runs[i].calls == 0) continue;
    EXPECT_EQ(model_.modules[i].type, expected()["types"][path].get<std::string>()) << path;
  }
}

// The shapes in a value of one level, with the sizes that the program was exported with.
std::string shapes_of(const Model& model, const IOShape& shape, const Json& sizes) {
  if (shape.kind == IOShape::Kind::list) {
    std::string all;
    for (const IOShape& item : shape.items) all += shapes_of(model, item, sizes);
    return all;
  }
  std::string text = "[";
  for (const Extent extent : shape.extents) {
    text += text == "[" ? "" : ",";
    if (extent.is_known()) {
      text += std::to_string(extent.size());
    } else {
      const std::string name(model.symbols.at(extent.symbol()).name);
      text += sizes.contains(name) ? sizes[name].dump() : name;
    }
  }
  return text + "]";
}

std::string shapes_of(const Json& told) {
  std::string all;
  for (const Json& shape : told) all += shape.dump();
  return all;
}

TEST_P(Pt2File, TellsWhatAForwardTells) {
  const Json& sizes = expected()["sizes"];
  std::vector<std::pair<SymbolId, std::uint64_t>> values;
  for (SymbolId i = 0; i < model_.symbols.size(); ++i)
    if (const std::string name(model_.symbols[i].name); sizes.contains(name)) values.emplace_back(i, sizes[name]);
  ASSERT_EQ(model_.runs.size(), model_.modules.size());
  std::size_t seen = 0;
  for (Index i = 0; i < model_.modules.size(); ++i) {
    const std::string path = model_.path_of(i);
    const weigh::Run& run = model_.runs[i];
    if (!expected()["runs"].contains(path)) continue;
    ++seen;
    const Json& told = expected()["runs"][path];
    EXPECT_EQ(run.calls, told["calls"].get<unsigned>()) << path;
    EXPECT_EQ(shapes_of(model_, run.in, sizes), shapes_of(told["in"])) << path;
    // What nobody takes of a layer's results is not in the graph's: keep to those with one.
    if (told["out"].size() == 1 && path != "up") {
      EXPECT_EQ(shapes_of(model_, run.out, sizes), shapes_of(told["out"])) << path;
    }
    const bool has_lstm = GetParam() == "recurrent.pt2" && path != "fc";
    if (has_lstm) {
      EXPECT_FALSE(run.flops.is_exact()) << path;
      EXPECT_EQ(run.flops.known(), told["flops"].get<std::uint64_t>()) << path;
    } else {
      EXPECT_EQ(run.flops.evaluate(values), told["flops"].get<std::uint64_t>()) << path;
    }
  }
  EXPECT_EQ(seen, expected()["runs"].size());
}

TEST(Pt2, ShapesThatAreReckonedAreShownSo) {
  const Model model = read(data_path("pt2/files/calls.pt2"));
  for (Index i = 0; i < model.modules.size(); ++i) {
    const std::string path = model.path_of(i);
    if (path == "up") {
      EXPECT_EQ(shapes_of(model, model.runs[i].out, Json::object()), "[s77,4,2·s27]");
    }
    if (path == "twice") {
      EXPECT_EQ(shapes_of(model, model.runs[i].in, Json::object()), "[s77,s27,4][s77,s27,4]");
    }
    if (path != "blocks") continue;
    EXPECT_EQ(model.runs[i].witness, Witness::parts);
    EXPECT_EQ(model.runs[i].flops,
              Count(32) * Count::of(model.runs[0].in.extents[0]) * Count::of(model.runs[0].in.extents[1]));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Pt2File,
                         ::testing::Values("static.pt2", "dynamic.pt2", "tied.pt2", "bfloat16.pt2", "old_layout.pt2",
                                           "old_tied.pt2", "calls.pt2", "recurrent.pt2"),
                         [](const auto& info) { return info.param.substr(0, info.param.find('.')); });

std::string program(const std::string& specs, const std::string& values, const std::string& nodes = "") {
  return R"({"graph_module": {"graph": {"nodes": [)" + nodes + R"(], "tensor_values": {)" + values +
         R"(}}, "signature": {"input_specs": [)" + specs + "]}}}";
}
const std::string kSpec = R"({"parameter": {"arg": {"name": "p_w"}, "parameter_name": "w"}})";
std::string value(const std::string& size) { return R"("p_w": {"dtype": 7, "sizes": [)" + size + "]}"; }
std::string archive(const std::string& json, const std::string& payload = R"("w": {"path_name": "weight_0"})") {
  return Zip()
      .add("n/models/model.json", json)
      .add("n/data/weights/model_weights_config.json", R"({"config": {)" + payload + "}}")
      .add("n/data/weights/weight_0", std::string(16, 'x'))
      .bytes();
}
std::string refusal(const std::string& bytes) {
  return error_of([&] { read_bytes(bytes); });
}

std::string node(const std::string& target, const std::string& arguments, const std::string& stack = "L__self__,,N") {
  return R"({"target": ")" + target + R"(", "inputs": [)" + arguments +
         R"(], "outputs": [{"as_tensor": {"name": "y"}}], "metadata": {"nn_module_stack": ")" + stack + R"("}})";
}
std::string argument(const std::string& name, const std::string& value) {
  return R"({"name": ")" + name + R"(", "arg": {"as_tensor": {"name": ")" + value + R"("}}})";
}
// FLOPs of a node with arguments x [2, 3] and w [4, 3] and the result y [2, 4].
Count flops_of(const std::string& node) {
  const std::string values = R"("x": {"dtype": 7, "sizes": [{"as_int": 2}, {"as_int": 3}]},
      "y": {"dtype": 7, "sizes": [{"as_int": 2}, {"as_int": 4}]},
      "p_w": {"dtype": 7, "sizes": [{"as_int": 4}, {"as_int": 3}]})";
  return read_bytes(Zip().add("n/models/model.json", program(kSpec, values, node)).bytes()).runs[0].flops;
}

TEST(Pt2, FlopsAreOfProductsAlone) {
  const std::string arguments = argument("input", "x") + "," + argument("weight", "p_w");
  EXPECT_EQ(flops_of(node("torch.ops.aten.linear.default", arguments)), Count(48));
  EXPECT_EQ(flops_of(node("torch.ops.aten.relu.default", argument("self", "x"))), Count(0));
  EXPECT_EQ(flops_of(node("_operator.mul", "")), Count(0));
}

TEST(Pt2, FlopsOfWhatIsNotKnownAreUnknown) {
  for (const std::string& unknown : {
           node("torch.ops.aten.einsum.default", argument("self", "x")),
           node("torch.ops.mine.product.default", argument("self", "x")),
           node("torch.ops.aten.linear.default", argument("input", "z")),
           node("torch.ops.aten.linear.default", ""),
           node("torch.ops.aten.mul.Tensor", R"({"name": "b", "arg": {"as_graph": {"name": "g", "graph": {}}}})"),
       })
    EXPECT_EQ(flops_of(unknown), Count::unknown()) << unknown;
}

TEST(Pt2, AStackThatIsTooDeepIsRefused) {
  std::string stack;
  for (int i = 0; i < 300; ++i) stack += "k" + std::to_string(i) + ",m,N;";
  EXPECT_EQ(error_of([&] { flops_of(node("torch.ops.aten.relu.default", argument("self", "x"), stack)); }),
            "m: a node ran in more than 256 modules (limit module_depth)");
}

TEST(Pt2, OfOneParameterIsRead) {
  EXPECT_EQ(shape_of(read_bytes(archive(program(kSpec, value(R"({"as_int": 4})")))), "w"), "[4]");
}

TEST(Pt2, ASizeThatVariesHasItsName) {
  const auto shape = [](const std::string& expression) {
    return shape_of(read_bytes(archive(program(kSpec, value(R"({"as_expr": {"expr_str": ")" + expression + "\"}}")))),
                    "w");
  };
  EXPECT_EQ(shape("s0"), "[s0 of ]");
  EXPECT_EQ(shape("Symbol('s0', integer=True)"), "[s0 of ]");
  EXPECT_EQ(shape("Mul(Integer(2), Add(Symbol('s0'), Integer(3)))"), "[2·(s0 + 3) of ]");
  for (const char* other :
       {"", "2*s0", "Pow(Symbol('s0'), Integer(2))", "Add(Integer(-1), Symbol('s0'))", "Mul(", "Symbol('s0'",
        "Symbol('", "Mul(Integer(2)", "Mul(Integer(2), ", "Integer(99999999999999999999)"})
    EXPECT_EQ(shape(other), "[?]") << other;
  std::string deep = "Symbol('s0')";
  for (int i = 0; i < 100'000; ++i) deep = "Mul(" + deep;
  EXPECT_EQ(shape(deep), "[?]");
}

TEST(Pt2, AParameterWithoutAShapeIsRefused) {
  EXPECT_EQ(refusal(archive(program(kSpec, ""))), "m: the signature names 'w', of which the graph tells no shape");
}

TEST(Pt2, AParameterThatIsNamedTwiceIsRefused) {
  EXPECT_EQ(refusal(archive(program(kSpec + "," + kSpec, value(R"({"as_int": 4})")))),
            "m: the signature names 'w' twice");
}

TEST(Pt2, AWeightThatTheArchiveDoesNotHoldIsRefused) {
  EXPECT_EQ(refusal(archive(program(kSpec, value(R"({"as_int": 4})")), R"("w": {"path_name": "weight_1"})")),
            "m: tensor 'w' is in 'n/data/weights/weight_1', which the archive does not hold; is it incomplete?");
}

TEST(Pt2, AWeightThatIsTooShortIsRefused) {
  EXPECT_EQ(refusal(archive(program(kSpec, value(R"({"as_int": 5})")))),
            "m: tensor 'w' takes 20 bytes, but 'n/data/weights/weight_0' holds 16; is it incomplete?");
}

TEST(Pt2, AWeightWithoutAPayloadIsNoted) {
  EXPECT_EQ(notes_of(read_bytes(archive(program(kSpec, value(R"({"as_int": 4})")), ""))),
            "missing-weight w: is described, but the archive holds no bytes for it\n");
}

TEST(Pt2, ANegativeSizeIsRefused) {
  EXPECT_NE(refusal(archive(program(kSpec, value(R"({"as_int": -4})")))).find("a size is -4, which is negative"),
            std::string::npos);
}

// The older layout, its state dict one of torch.save's.
const std::string kProgram = program(kSpec, value(R"({"as_int": 4})"));
std::string older(const std::string& state, const std::map<std::string, std::string>& storages,
                  const std::string& json = kProgram, std::string_view entry = "serialized_state_dict.pt") {
  return Zip().add("serialized_exported_program.json", json).add(entry, torch_file(state, storages)).bytes();
}
std::string floats(std::string_view key, std::vector<std::int64_t> shape, std::int64_t offset = 0) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return py::tensor(py::storage("FloatStorage", key, 4), offset, shape, strides);
}
const std::string kSixteen(16, '.');

TEST(Pt2Older, BytesAreThoseOfTheStateDict) {
  for (const char* entry : {"serialized_state_dict.pt", "serialized_state_dict.json", "serialized_constants.pt"}) {
    const Model model = read_bytes(older(py::dict({{"w", floats("0", {4})}}), {{"0", kSixteen}}, kProgram, entry));
    EXPECT_EQ(notes_of(model), "") << entry;
    EXPECT_EQ(find(model, "w")->stored_bytes, 16U) << entry;
  }
}

TEST(Pt2Older, WhatTheGraphSaysAndTheStateDictDoesNotIsNoted) {
  const auto notes = [](const std::string& tensor) {
    return notes_of(read_bytes(older(py::dict({{"w", tensor}}), {{"0", kSixteen}})));
  };
  EXPECT_EQ(notes(floats("0", {3})),
            "state-contradicts w: is float32 [4] to the graph, but float32 [3] in serialized_state_dict.pt; it was "
            "counted as the former\n");
  EXPECT_EQ(notes(floats("0", {2, 2})),
            "state-contradicts w: is float32 [4] to the graph, but float32 [2, 2] in serialized_state_dict.pt; it was "
            "counted as the former\n");
  EXPECT_EQ(notes(py::tensor(py::storage("HalfStorage", "0", 8), 0, {4}, {1})),
            "state-contradicts w: is float32 [4] to the graph, but float16 [4] in serialized_state_dict.pt; it was "
            "counted as the former\n");
  EXPECT_EQ(notes(py::uninitialized()),
            "state-contradicts w: is float32 [4] to the graph, but of no known shape in serialized_state_dict.pt; it "
            "was counted as the former\n");
}

TEST(Pt2Older, NamesThatOnlyOneSideKnowsAreNoted) {
  std::vector<std::pair<std::string, std::string>> state = {{"v", floats("0", {4})}};
  EXPECT_EQ(notes_of(read_bytes(older(py::dict(state), {{"0", kSixteen}}))),
            "missing-weight w: is described, but the archive holds no bytes for it\n"
            "unlisted-tensor serialized_state_dict.pt: holds 'v', which the program's signature does not name; it is "
            "not counted\n");
  for (const char* name : {"w", "x", "y", "z"}) state.emplace_back(name, floats("0", {4}));
  EXPECT_EQ(notes_of(read_bytes(older(py::dict(state), {{"0", kSixteen}}))),
            "unlisted-tensor serialized_state_dict.pt: holds 'v', 'x', 'y' and 1 more, which the program's signature "
            "does not name; they are not counted\n");
}

TEST(Pt2Older, OneStorageUnderTwoNamesIsATie) {
  const std::string specs = kSpec + R"(, {"parameter": {"arg": {"name": "p_v"}, "parameter_name": "v"}})";
  const std::string values =
      R"("p_v": {"dtype": 7, "sizes": [{"as_int": 2}]}, "p_w": {"dtype": 7, "sizes": [{"as_int": 2}]})";
  const auto tied_to = [&](const std::string& v, const std::string& w) {
    const Model model =
        read_bytes(older(py::dict({{"v", v}, {"w", w}}), {{"0", kSixteen}, {"1", kSixteen}}, program(specs, values)));
    EXPECT_EQ(notes_of(model), "");
    return find(model, "v")->tied_to;
  };
  EXPECT_EQ(tied_to(floats("0", {2}), floats("0", {2})), 0U);
  EXPECT_EQ(tied_to(floats("0", {2}), floats("1", {2})), kNone);
  EXPECT_EQ(tied_to(floats("0", {2}), floats("0", {2}, 2)), kNone);
  EXPECT_EQ(tied_to(floats("0", {2}), py::tensor(py::storage("FloatStorage", "0", 4), 0, {2}, {2})), kNone);
}

TEST(Pt2Older, StoragesOfTwoArchivesAreNotTheSame) {
  const std::string specs = kSpec + R"(, {"buffer": {"arg": {"name": "b_v"}, "buffer_name": "v"}})";
  const std::string values = R"("b_v": {"dtype": 7, "sizes": [{"as_int": 4}]}, )" + value(R"({"as_int": 4})");
  const Model model = read_bytes(
      Zip()
          .add("serialized_exported_program.json", program(specs, values))
          .add("serialized_state_dict.pt", torch_file(py::dict({{"w", floats("0", {4})}}), {{"0", kSixteen}}))
          .add("serialized_constants.pt", torch_file(py::dict({{"v", floats("0", {4})}}), {{"0", kSixteen}}))
          .bytes());
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(find(model, "v")->tied_to, kNone);
  EXPECT_EQ(find(model, "v")->role, Role::buffer);
}

TEST(Pt2Older, TellsWhereNumbersLie) {
  ReadOptions options;
  options.locations = true;
  const std::string bytes = older(py::dict({{"w", floats("0", {4})}}), {{"0", "0123456789abcdef"}});
  const Model model = read(*memory_folder("", {{"m", bytes}}), "m", options);
  ASSERT_EQ(model.locations.at(0).file, 0U);
  EXPECT_EQ(bytes.substr(model.locations[0].offset, 16), "0123456789abcdef");
  const std::string other = older(py::dict({{"w", floats("0", {3})}}), {{"0", "0123456789abcdef"}});
  EXPECT_EQ(read(*memory_folder("", {{"m", other}}), "m", options).locations.at(0).file, kNone);
}

TEST(Pt2Older, StateDictsThatAreDamagedOrDangerousAreRefused) {
  EXPECT_EQ(
      refusal(older(py::dict({{"w", floats("0", {4})}}), {})),
      "m/serialized_state_dict.pt: tensor 'w' is in storage '0', which the file does not hold; is it incomplete?");
  EXPECT_EQ(refusal(older(py::dict({{"w", floats("0", {4})}}), {{"0", "short"}})),
            "m/serialized_state_dict.pt: tensor 'w' is in storage '0' of 16 bytes, of which the file holds 5; is it "
            "incomplete?");
  const std::string run = py::call(py::global("os", "system"), {py::text("id")});
  EXPECT_NE(refusal(older(py::dict({{"w", run}}), {})).find("os.system"), std::string::npos);
  EXPECT_NE(
      refusal(Zip().add("serialized_exported_program.json", kProgram).add("serialized_state_dict.pt", "text").bytes()),
      "");
}

TEST(Pt2Older, ACompressedStateDictIsLeft) {
  std::string bytes = older(py::dict({{"w", floats("0", {4})}}), {{"0", kSixteen}});
  const std::string name = "serialized_state_dict.pt";
  bytes[bytes.find(name) - 22] = 8;   // the method, in the local header
  bytes[bytes.rfind(name) - 36] = 8;  // and in the directory
  const Model model = read_bytes(bytes);
  EXPECT_EQ(
      notes_of(model),
      "not-compared serialized_state_dict.pt: is compressed, so that what the graph says of the weights could not "
      "be compared with it\n");
  EXPECT_EQ(shape_of(model, "w"), "[4]");
}

TEST(Pt2Older, WeightsOfTheStateDictAreNotRead) {
  const std::string json = program(kSpec, value(R"({"as_int": 1000000})"));
  const std::string tensor = py::tensor(py::storage("FloatStorage", "0", 1'000'000), 0, {1'000'000}, {1});
  const std::string bytes = older(py::dict({{"w", tensor}}), {{"0", std::string(4'000'000, '.')}}, json);
  const auto source = memory_source("m", bytes);
  Model model;
  read_pt2(*source, {}, model);
  EXPECT_EQ(model.tensors.at(0).stored_bytes, 4'000'000U);
  EXPECT_LT(source->bytes_read(), 200'000U);
}

}  // namespace
}  // namespace weigh::testing
