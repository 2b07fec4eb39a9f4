// Exported programs against what torch says of the modules that they were made of, and what is wrong with damaged ones.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "formats/made_files.h"
#include "support/files.h"

#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

using Json = nlohmann::json;

const Json& expectations() {
  static const Json all = Json::parse(file("pt2/expected.json"));
  return all.at("files");
}

class Pt2File : public ::testing::TestWithParam<std::string> {
 protected:
  const Json& expected() const { return expectations().at(GetParam()); }
  const Model model_ = read(data_path("pt2/files/" + GetParam()));
};

TEST_P(Pt2File, IsNamedAsWhatItIs) {
  EXPECT_EQ(model_.format, "torch.export");
  EXPECT_EQ(model_.kind, GetParam() == "old_layout.pt2" ? "program, older layout" : "program");
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
    std::string shape;
    for (const Json& size : told[0]) shape += (shape.empty() ? "" : ", ") + std::to_string(size.get<int>());
    EXPECT_EQ(shape_of(model_, path), "[" + shape + "]") << path;
    EXPECT_EQ(name(tensor.dtype), told[1].get<std::string>()) << path;
    EXPECT_EQ(tensor.role == Role::parameter, told[2] == "parameter") << path;
    EXPECT_TRUE(tensor.role_recorded) << path;
    if (tensor.tied_to != kNone) continue;
    const std::uint64_t numel = model_.numel(tensor).known();
    (tensor.role == Role::parameter ? parameters : buffers) += numel;
    if (tensor.requires_grad == RequiresGrad::yes) trainable += numel;
    if (GetParam() != "old_layout.pt2") {
      EXPECT_EQ(tensor.stored_bytes, model_.bytes(tensor).known()) << path;
    }
  }
  EXPECT_EQ(parameters, expected()["parameters"].get<std::uint64_t>());
  EXPECT_EQ(trainable, expected()["trainable"].get<std::uint64_t>());
  EXPECT_EQ(buffers, expected()["buffers"].get<std::uint64_t>());
}

TEST_P(Pt2File, HasTheTypesThatItsNodesCameFrom) {
  for (Index i = 0; i < model_.modules.size(); ++i) {
    const std::string path = model_.path_of(i);
    if (!expected()["types"].contains(path)) continue;
    EXPECT_EQ(model_.modules[i].type, expected()["types"][path].get<std::string>()) << path;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Pt2File,
                         ::testing::Values("static.pt2", "dynamic.pt2", "tied.pt2", "bfloat16.pt2", "old_layout.pt2"),
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

TEST(Pt2, OfOneParameterIsRead) {
  EXPECT_EQ(shape_of(read_bytes(archive(program(kSpec, value(R"({"as_int": 4})")))), "w"), "[4]");
}

TEST(Pt2, ASizeThatVariesIsUnknown) {
  EXPECT_EQ(shape_of(read_bytes(archive(program(kSpec, value(R"({"as_expr": {"expr_str": "s0"}})")))), "w"), "[?]");
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

}  // namespace
}  // namespace weigh::testing
