// TorchScript archives against what torch.jit.load says of them, and what is wrong with damaged ones.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

constexpr const char* kCode =
    "class Net(Module):\n  __parameters__ = [\"w\", ]\n  __buffers__ = [\"b\", ]\n  w : Tensor\n";

const Json& expectations() {
  static const Json all = testing::expected("torchscript").at("files");
  return all;
}

class TorchScriptFile : public ::testing::TestWithParam<std::string> {
 protected:
  const Json& expected() const { return expectations().at(GetParam()); }
  const Model model_ = read(data_path("torchscript/" + GetParam()));
};

TEST_P(TorchScriptFile, IsNamedAsWhatItIs) {
  EXPECT_EQ(model_.format, "TorchScript");
  EXPECT_EQ(model_.kind, GetParam().ends_with(".ptl") ? "module, with bytecode" : "module");
  EXPECT_EQ(notes_of(model_).find("polyglot"), std::string::npos);
  EXPECT_EQ(model_.architecture, expected()["types"][""].get<std::string>());
}

TEST_P(TorchScriptFile, HoldsTheParametersAndBuffersThatTorchSees) {
  std::map<std::string, std::string> shapes[2];
  std::uint64_t counts[2] = {0, 0};
  for (const Tensor& tensor : model_.tensors) {
    const std::string path = model_.path_of(tensor);
    if (path.starts_with("(constants)")) continue;
    EXPECT_TRUE(tensor.role_recorded()) << path;
    const bool is_buffer = tensor.role == Role::buffer;
    shapes[is_buffer][path] = shape_of(model_, path);
    if (tensor.tied_to == kNone) counts[is_buffer] += model_.numel(tensor).known();
  }
  EXPECT_EQ(counts[0], expected()["parameters"].get<std::uint64_t>());
  EXPECT_EQ(counts[1], expected()["buffers"].get<std::uint64_t>());
  const char* keys[2] = {"parameter_shapes", "buffer_shapes"};
  for (int role : {0, 1}) {
    std::map<std::string, std::string> told;
    for (const auto& [name, sizes] : expected()[keys[role]].items()) told[name] = told_shape(sizes);
    EXPECT_EQ(shapes[role], told);
  }
}

TEST_P(TorchScriptFile, HasItsModulesWithTheirTypes) {
  std::map<std::string, std::string> types;
  std::map<std::string, std::string> told;
  for (Index i = 0; i < model_.modules.size(); ++i)
    if (model_.modules[i].name != "(constants)") types[model_.path_of(i)] = model_.modules[i].type;
  for (const auto& [name, type] : expected()["types"].items()) told[name] = type.get<std::string>();
  EXPECT_EQ(types, told);
}

INSTANTIATE_TEST_SUITE_P(All, TorchScriptFile,
                         ::testing::Values("control.pt", "gpt.pt", "lenet.pt", "lenet_frozen.pt", "lenet_traced.pt",
                                           "mobile.ptl", "reads_values.pt", "shared.pt", "tagger.pt"),
                         [](const auto& info) {
                           std::string name = info.param;
                           name[name.find('.')] = '_';
                           return name;
                         });

TEST(TorchScript, ConstantsOfAFrozenModuleAreBuffersThatAreNamed) {
  const Model model = read(data_path("torchscript/lenet_frozen.pt"));
  EXPECT_EQ(model.tensors.size(), 8U);
  EXPECT_EQ(shape_of(model, "(constants).c4"), "[20, 400]");
  EXPECT_EQ(
      notes_of(model),
      "constants (constants): are the constants of the code (8), counted as buffers; a frozen module's parameters "
      "are among them\n");
}

TEST(TorchScript, AnAttributeThatIsNoParameterIsNamedAndNotCounted) {
  EXPECT_EQ(notes_of(read(data_path("torchscript/shared.pt"))),
            "loose-tensor loose: is an attribute of 12 bytes, neither parameter nor buffer; it is not counted\n");
}

// A module "__torch__.m Net" with these attributes.
std::string made(const std::string& attributes, const std::string& code = kCode) {
  const std::string pickle =
      "\x80\x02"
      "c__torch__.m\nNet\n)\x81" +
      attributes + "b.";
  Zip zip;
  zip.add("net/data.pkl", pickle);
  if (!code.empty()) zip.add("net/code/__torch__/m.py", code);
  return zip.add("net/constants.pkl", "\x80\x02).").add("net/data/0", std::string(16, 'x')).bytes();
}
std::string tensors() {
  const std::string tensor = py::tensor(py::storage("FloatStorage", "0", 4), 0, {4}, {1});
  return py::dict({{"w", tensor}});
}

TEST(TorchScript, WithoutTheCodeOfAClassInfersRoles) {
  const Model model = read_bytes(made(tensors(), ""));
  ASSERT_NE(find(model, "w"), nullptr);
  EXPECT_FALSE(find(model, "w")->role_recorded());
  EXPECT_EQ(notes_of(model),
            "missing-code : is a '__torch__.m.Net', of which the archive holds no code; which of its tensors are "
            "parameters is inferred\n");
}

TEST(TorchScript, RolesAreThoseOfTheCode) {
  EXPECT_TRUE(find(read_bytes(made(tensors())), "w")->role_recorded());
  const std::string as_buffer = "class Net(Module):\n  __parameters__ = []\n  __buffers__ = [\"w\", ]\n";
  EXPECT_EQ(find(read_bytes(made(tensors(), as_buffer)), "w")->role, Role::buffer);
}

TEST(TorchScript, CodeCutShortAnywhereIsRead) {
  const std::string code = kCode;
  for (std::size_t length = 1; length < code.size(); ++length)
    EXPECT_EQ(read_bytes(made(tensors(), code.substr(0, length))).format, "TorchScript") << length;
}

TEST(TorchScript, CodeThatIsTooLongIsNotLookedAt) {
  ReadOptions options;
  options.limits.script_code_bytes = 20;
  const Model model = read(*memory_folder("", {{"m", made(tensors())}}), "m", options);
  EXPECT_FALSE(find(model, "w")->role_recorded());
}

TEST(TorchScript, AModuleThatHoldsItselfIsAnAlias) {
  const std::string itself = "q\1}(" + py::text("again") + "h\1u";
  const Model model = read_bytes(made(itself));
  ASSERT_EQ(model.modules.size(), 2U);
  EXPECT_EQ(model.modules[1].alias_of, 0U);
}

TEST(TorchScript, ModulesThatNestTooDeeplyAreRefused) {
  std::string nested;
  for (int i = 0; i < 300; ++i) nested += "}(" + py::text("x") + "c__torch__.m\nNet\n)\x81";
  std::string state = nested + "}b";
  for (int i = 0; i < 299; ++i) state += "ub";
  state += "u";
  EXPECT_EQ(error_of([&] { read_bytes(made(state)); }), "m: nests modules deeper than 256 (limit module_depth)");
}

TEST(TorchScript, WithoutAModuleIsRefused) {
  EXPECT_EQ(
      error_of([] {
        read_bytes(Zip().add("net/data.pkl", py::pickle("N")).add("net/constants.pkl", "\x80\x02).").bytes());
      }),
      "m: has 'net/constants.pkl' beside data.pkl, as TorchScript archives do, but its pickle holds no TorchScript "
      "module; is it from another program?");
}

}  // namespace
}  // namespace weigh::testing
