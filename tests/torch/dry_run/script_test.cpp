// TorchScript modules, written by tools/fixtures/make_torchscript.py, against what hooks and FlopCounterMode saw there.
#include "weigh/torch/script.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "torch/dry_run/support.h"
#include "torch/json_of.h"

namespace {

using Json = nlohmann::json;
using torch::rand;
using torch::Tensor;
using weigh::test::line;
using weigh::test::message_of;
using weigh::test::notes;
using weigh::test::run;
using weigh::testing::json_of;

torch::jit::Module load(const std::string& name) { return torch::jit::load(WEIGH_TEST_DATA "/torchscript/" + name); }

Tensor tokens(std::vector<std::int64_t> shape) { return torch::zeros(shape, torch::kLong); }

void expect_as_in_python(const std::string& name, const weigh::Model& model) {
  const Json golden = Json::parse(weigh::testing::read_file(WEIGH_GOLDEN "/live/torchscript.json"))["models"].at(name);
  ASSERT_EQ(notes(model), "");
  std::uint64_t parameters = 0;
  for (const weigh::Tensor& tensor : model.tensors)
    if (tensor.role == weigh::Role::parameter && tensor.tied_to == weigh::kNone)
      parameters += model.numel(tensor).known();
  EXPECT_EQ(parameters, golden.at("parameters"));
  for (weigh::Index i = 0; i < model.modules.size(); ++i) {
    const std::string path = model.path_of(i);
    if (model.modules[i].alias_of != weigh::kNone) continue;
    const weigh::Run& run = model.runs.at(i);
    if (!golden.at("modules").contains(path)) {
      EXPECT_EQ(run.known_calls(), 0U) << path;
      continue;
    }
    const Json& module = golden.at("modules").at(path);
    EXPECT_EQ(json_of(run.in), module.at("in")) << path;
    EXPECT_EQ(json_of(run.out), module.at("out")) << path;
    EXPECT_EQ(run.known_calls(), module.at("calls").get<std::uint32_t>()) << path;
    EXPECT_EQ(run.flops, weigh::Count(module.at("flops").get<std::uint64_t>())) << path;
  }
}

TEST(Script, OfAConvolutionalNetwork) {
  expect_as_in_python("lenet", weigh::describe(load("lenet.pt"), rand({2, 1, 28, 28})));
}

TEST(Script, Traced) {
  const weigh::Model model = weigh::describe(load("lenet_traced.pt"), rand({2, 1, 28, 28}));
  expect_as_in_python("lenet", model);
  EXPECT_EQ(model.modules[0].type, "LeNet");
  EXPECT_EQ(model.modules[weigh::test::find(model, "features.4")].type, "BatchNorm2d");
}

TEST(Script, OfATransformerWithTiedWeights) {
  const weigh::Model model = weigh::describe(load("gpt.pt"), tokens({2, 7}));
  expect_as_in_python("gpt", model);
  EXPECT_EQ(model.kind, "TorchScript module");
  EXPECT_EQ(model.architecture, "GPT");
}

TEST(Script, OfARecurrentNetwork) { expect_as_in_python("tagger", weigh::describe(load("tagger.pt"), tokens({3, 5}))); }

struct Control : ::testing::Test {
  torch::jit::Module net = load("control.pt");
  c10::Dict<std::string, Tensor> inputs;
  c10::List<Tensor> rest;
  Control() {
    inputs.insert("x", rand({2, 4}));
    rest.push_back(rand({2, 4}));
    rest.push_back(rand({4}));
  }
};

TEST_F(Control, FlowAndCollections) {
  const weigh::Model model = weigh::describe(net, inputs, rest, 7);
  EXPECT_EQ(line(model, ""), "[[[2, 4]], [[2, 4], [4]], ?] -> [[2, 6], [[2, 4]]] x1");
  EXPECT_EQ(line(model, "shared"), "[2, 4] -> [2, 4] x4");
  // TorchScript saves a shared module twice, with the same parameters.
  EXPECT_EQ(line(model, "shared_again"), "[2, 4] -> [2, 4] x3");
  EXPECT_EQ(model.path_of(model.tensors.at(model.tensors.at(3).tied_to)), "shared.weight");
  EXPECT_EQ(line(model, "unused"), "? -> ? x0");
  EXPECT_EQ(line(model, "wide"), "[2, 4] -> [2, 6] x1");
  EXPECT_EQ(model.runs[0].flops, 7U * 2 * 2 * 4 * 4 + 2 * 2 * 4 * 6);
  EXPECT_EQ(line(weigh::describe(net, inputs, rest), "shared"), "[2, 4] -> [2, 4] x2");  // times = 3 by default
}

TEST_F(Control, IsAsItWas) {
  for (const weigh::Forward forward : {weigh::Forward::dry, weigh::Forward::real}) {
    net.train();
    const Tensor random_state = at::detail::getDefaultCPUGenerator().get_state();
    const weigh::Model model = weigh::describe_with({.forward = forward}, net, inputs, rest, 3);
    EXPECT_EQ(line(model, "wide"), "[2, 4] -> [2, 6] x1");
    EXPECT_EQ(line(model, "unused"), "? -> ? x0");  // in eval mode it is not called
    EXPECT_EQ(model.modules[0].mode, weigh::Mode::train);
    EXPECT_TRUE(net.is_training());
    EXPECT_EQ(net.attr("count").toInt(), 0);
    EXPECT_EQ(net.attr("seen").toIntVector(), std::vector<std::int64_t>{0});
    EXPECT_TRUE(net.attr("total").toTensor().equal(torch::zeros({4})));
    EXPECT_TRUE(at::detail::getDefaultCPUGenerator().get_state().equal(random_state));
  }
  net.forward({inputs, rest, 3});
  EXPECT_EQ(net.attr("count").toInt(), 1);
}

TEST(Script, ComputesNothing) {
  torch::jit::Module net = load("lenet.pt");
  const Tensor huge = torch::empty({1}).expand({1 << 20, 1, 28, 28});
  const weigh::Model model = weigh::describe(net, huge);
  EXPECT_EQ(line(model, ""), "[1048576, 1, 28, 28] -> [1048576, 10] x1");
}

TEST(Script, CountsTheBackwardPass) {
  const weigh::Model model = weigh::describe_with({.with_backward = true}, load("lenet.pt"), rand({2, 1, 28, 28}));
  const weigh::Run& head = run(model, "classifier.1");
  EXPECT_EQ(head.backward_flops, weigh::Count(2 * head.flops.known()));
}

TEST(Script, WithoutAnInput) {
  const weigh::Model model = weigh::describe(load("gpt.pt"));
  EXPECT_TRUE(model.runs.empty());
  EXPECT_EQ(model.tensors.back().tied_to, 0U);
  EXPECT_EQ(model.path_of(model.tensors.back()), "head.weight");
}

TEST(Script, KeepsWhatWasKnownWhereValuesAreWanted) {
  const torch::jit::Module net = load("reads_values.pt");
  const weigh::Model model = weigh::describe(net, rand({2, 4}));
  EXPECT_EQ(notes(model),
            "data-dependent: ReadsValues: aten::item gives what depends on values, which a "
            "dry run has not; Forward::real runs the real forward instead\n");
  EXPECT_EQ(line(model, "first"), "[2, 4] -> [2, 4] x1");
  EXPECT_EQ(line(model, "second"), "? -> ? x?");
  const weigh::Model real = weigh::describe_with({.forward = weigh::Forward::real}, net, rand({2, 4}));
  EXPECT_EQ(notes(real), "");
  EXPECT_EQ(line(real, "second"), "[2, 4] -> [2, 2] x1");
}

TEST(Script, FrozenWeightsAreNoParameters) {
  const weigh::Model model = weigh::describe(load("lenet_frozen.pt"), rand({2, 1, 28, 28}));
  EXPECT_TRUE(model.tensors.empty());
  EXPECT_EQ(line(model, ""), "[2, 1, 28, 28] -> [2, 10] x1");
  EXPECT_EQ(
      notes(model),
      "constants: LeNet: its code holds 8 tensors of 10802 elements as constants, as torch.jit.freeze() makes them "
      "of weights; they are no parameters, and not counted\n");
}

TEST(Script, RefusesByName) {
  const torch::jit::Module net = load("lenet.pt");
  EXPECT_EQ(message_of([&] {
              weigh::describe(net, rand({2, 3, 28, 28}));
            }),
            "LeNet: in features.0 (Conv2d), aten::convolution: a weight of shape [6, 1, 5, 5] in 1 group(s) takes 1 "
            "channels, but the input of shape [2, 3, 28, 28] has 3");
  EXPECT_EQ(message_of([&] {
              weigh::describe(net, rand({2, 1, 28, 28}), 1);
            }),
            "LeNet: in LeNet: Expected at most 2 argument(s) for operator 'forward', but received 3 argument(s). "
            "Declaration: forward(__torch__.fixture_scripts.LeNet self, Tensor x) -> Tensor");
  EXPECT_EQ(
      message_of([&] { weigh::describe(net, c10::IValue("text")); }),
      "LeNet: in LeNet: forward() Expected a value of type 'Tensor' for argument 'x' but instead found type 'str'.");
}

}  // namespace
