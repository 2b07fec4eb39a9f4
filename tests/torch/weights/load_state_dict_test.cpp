// load_state_dict: values into modules, lazy ones too, and what does not fit.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/files.h"
#include "support/made_files.h"
#include "torch/nn/shapes.h"
#include "torch/weights/folder.h"

#include "weigh/error.h"
#include "weigh/torch/graph/gatv2_conv.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/uninitialized.h"
#include "weigh/torch/weights.h"

namespace weigh::testing {
namespace {

torch::nn::Sequential small_net() { return torch::nn::Sequential(torch::nn::Linear(3, 4), torch::nn::BatchNorm1d(4)); }

Weights weights_of(const torch::nn::Module& module, const std::string& prefix = "") {
  Weights weights;
  weights.source = "m";
  for (const auto& own : module.named_parameters())
    weights.tensors.push_back({prefix + own.key(), own.value().clone()});
  for (const auto& own : module.named_buffers()) weights.tensors.push_back({prefix + own.key(), own.value().clone()});
  return weights;
}

void remove(Weights& weights, const std::string& name) {
  std::erase_if(weights.tensors, [&](const NamedTensor& tensor) { return tensor.name == name; });
}

void expect_equal(const torch::nn::Module& module, const torch::nn::Module& other) {
  for (const auto& own : module.named_parameters())
    EXPECT_TRUE(torch::equal(own.value(), other.named_parameters()[own.key()])) << own.key();
  for (const auto& own : module.named_buffers())
    EXPECT_TRUE(torch::equal(own.value(), other.named_buffers()[own.key()])) << own.key();
}

class LoadStateDict : public InFolder {};

TEST_F(LoadStateDict, FromAFile) {
  auto net = small_net();
  net->forward(torch::rand({5, 3}));
  save_safetensors(path("m"), weights_of(*net).tensors);
  auto other = small_net();
  const std::vector<torch::Tensor> before = other->parameters();
  EXPECT_TRUE(load_state_dict(*other, path("m")).is_clean());
  expect_equal(*other, *net);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(before[i].is_same(other->parameters()[i]));
  EXPECT_TRUE(before[0].requires_grad());
  EXPECT_TRUE(before[0].is_leaf());
}

// Those of tools/fixtures/fixture_graphs.py.
struct GATImpl : torch::nn::Module {
  nn::GATv2Conv conv1 = register_module("conv1", nn::GATv2Conv(nn::GATv2ConvOptions(-1, 8)));
  torch::nn::Linear fc = register_module("fc", torch::nn::Linear(8, 2));
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edges) { return fc(torch::relu(conv1(x, edges))); }
};
TORCH_MODULE(GAT);

struct GAT2Impl : torch::nn::Module {
  nn::GATv2Conv conv1 = register_module("conv1", nn::GATv2Conv(nn::GATv2ConvOptions(-1, 4).heads(4)));
  nn::GATv2Conv conv2 = register_module("conv2", nn::GATv2Conv(nn::GATv2ConvOptions(-1, 2).concat(false)));
};
TORCH_MODULE(GAT2);

TEST_F(LoadStateDict, IntoAGraphNetworkThatIsLazy) {
  GAT net;
  torch::optim::SGD optimizer(net->parameters(), 0.1);
  load_state_dict(*net, data_path("pytorch/gat_state_after.pt"));
  EXPECT_FALSE(nn::has_uninitialized(*net));
  const Weights weights = load_weights(data_path("pytorch/gat_state_after.pt"));
  for (const NamedTensor& tensor : weights.tensors)
    EXPECT_TRUE(torch::equal(net->named_parameters()[tensor.name], tensor.value)) << tensor.name;
  net->forward(torch::rand({4, 16}), torch::tensor({{0, 1, 2}, {1, 2, 3}})).sum().backward();
  for (const NamedTensor& tensor : weights.tensors)
    EXPECT_TRUE(torch::equal(net->named_parameters()[tensor.name], tensor.value)) << tensor.name << " was drawn anew";
  optimizer.step();
  EXPECT_FALSE(torch::equal(net->named_parameters()["conv1.lin_l.weight"],
                            load_weights(data_path("pytorch/gat_state_after.pt")).tensors[2].value))
      << "the optimizer does not hold it";
}

TEST_F(LoadStateDict, FromALightningCheckpoint) {
  GAT2 net;
  EXPECT_TRUE(load_state_dict(*net, data_path("pytorch/gat2_after.ckpt"), {.prefix = "net."}).is_clean());
  EXPECT_FALSE(nn::has_uninitialized(*net));
}

TEST_F(LoadStateDict, WhatIsUninitialisedInBothStaysSo) {
  GAT net;
  load_state_dict(*net, data_path("pytorch/gat_state_before.pt"));
  EXPECT_EQ(shapes_of(*net),
            "conv1.att [1, 1, 8], conv1.bias [8], conv1.lin_l.weight ?, conv1.lin_l.bias [8], conv1.lin_r.weight ?, "
            "conv1.lin_r.bias [8], fc.weight [2, 8], fc.bias [2]");
  load_state_dict(*net, data_path("pytorch/gat_state_after.pt"));
  EXPECT_EQ(error_of([&] { load_state_dict(*net, data_path("pytorch/gat_state_before.pt")); }),
            data_path("pytorch/gat_state_before.pt") +
                ": does not fit the module\n"
                "of another shape (2): conv1.lin_l.weight: not initialised in the file, [8, 16] in the module; "
                "conv1.lin_r.weight: not initialised in the file, [8, 16] in the module");
}

TEST_F(LoadStateDict, ALazyLayerKnowsSomeOfItsSizes) {
  nn::LazyLinear lazy(2);
  Weights weights = weights_of(*torch::nn::Linear(3, 2));
  const auto held = lazy->parameters();
  load_state_dict(*lazy, weights);
  EXPECT_EQ(shapes_of(*lazy), "weight [2, 3], bias [2]");
  EXPECT_TRUE(held[0].is_same(lazy->weight));
  EXPECT_TRUE(torch::equal(lazy(torch::ones({1, 3})),
                           torch::linear(torch::ones({1, 3}), weights.tensors[0].value, weights.tensors[1].value)));
  nn::LazyLinear other(5);
  EXPECT_EQ(error_of([&] { load_state_dict(*other, weights); }),
            "m: does not fit the module\n"
            "of another shape (2): weight: [2, 3] in the file, [5, ?] in the module; bias: [2] in the file, [5] in the "
            "module");
  EXPECT_EQ(shapes_of(*other), "weight ?, bias ?");
}

TEST_F(LoadStateDict, DtypesAreConverted) {
  auto net = small_net();
  Weights weights = weights_of(*net);
  for (NamedTensor& tensor : weights.tensors) tensor.value = tensor.value.to(torch::kDouble);
  auto other = small_net();
  load_state_dict(*other, weights);
  expect_equal(*other, *net);
  EXPECT_EQ(other->parameters()[0].scalar_type(), torch::kFloat);
  nn::LazyLinear lazy(4);
  Weights halves = weights_of(*torch::nn::Linear(3, 4));
  for (NamedTensor& tensor : halves.tensors) tensor.value = tensor.value.to(torch::kHalf);
  load_state_dict(*lazy, halves);
  EXPECT_EQ(lazy->weight.scalar_type(), torch::kFloat);
}

TEST_F(LoadStateDict, APrefixIsStripped) {
  auto net = small_net();
  Weights weights = weights_of(*net, "model.");
  weights.tensors.push_back({"loss.weight", torch::ones({1})});
  auto other = small_net();
  EXPECT_TRUE(load_state_dict(*other, weights, {.prefix = "model."}).is_clean());
  expect_equal(*other, *net);
}

TEST_F(LoadStateDict, EverythingThatDoesNotFitIsTold) {
  auto net = small_net();
  Weights weights = weights_of(*net);
  remove(weights, "0.bias");
  weights.tensors.push_back({"2.weight", torch::ones({1})});
  weights.tensors[0].value = torch::ones({4, 2});
  weights.tensors[1].value = torch::full({4}, 7);
  auto other = small_net();
  const Weights before = weights_of(*other);
  EXPECT_EQ(error_of([&] { load_state_dict(*other, weights); }),
            "m: does not fit the module\n"
            "missing in the file (1): 0.bias\n"
            "unexpected, in the file only (1): 2.weight\n"
            "of another shape (1): 0.weight: [4, 2] in the file, [4, 3] in the module");
  const Weights after = weights_of(*other);
  for (std::size_t i = 0; i < before.tensors.size(); ++i)
    EXPECT_TRUE(torch::equal(after.tensors[i].value, before.tensors[i].value)) << before.tensors[i].name;

  const LoadReport report = load_state_dict(*other, weights, {.strict = false});
  EXPECT_FALSE(report.is_clean());
  EXPECT_EQ(report.missing, std::vector<std::string>{"0.bias"});
  EXPECT_EQ(report.unexpected, std::vector<std::string>{"2.weight"});
  EXPECT_EQ(report.misshapen.size(), 1U);
  EXPECT_TRUE(torch::equal(other->named_parameters()["1.weight"], torch::full({4}, 7.0)));
  EXPECT_TRUE(torch::equal(other->named_parameters()["0.weight"], before.tensors[0].value));
}

TEST_F(LoadStateDict, APrefixIsSuggested) {
  auto net = small_net();
  EXPECT_EQ(error_of([&] { load_state_dict(*net, weights_of(*net, "model.")); }),
            "m: does not fit the module\n"
            "missing in the file (6): 0.weight, 0.bias, 1.weight, 1.bias, 1.running_mean, 1.running_var\n"
            "unexpected, in the file only (7): model.0.weight, model.0.bias, model.1.weight, model.1.bias, "
            "model.1.running_mean, model.1.running_var, model.1.num_batches_tracked\n"
            "in the file these names begin with 'model.': load with LoadOptions::prefix = \"model.\"");
  EXPECT_EQ(error_of([&] { load_state_dict(*net, weights_of(*net, "ema."), {.prefix = "model."}); }),
            "m: does not fit the module\n"
            "missing in the file (6): 0.weight, 0.bias, 1.weight, 1.bias, 1.running_mean, 1.running_var\n"
            "no name in the file begins with 'model.'; the first is 'ema.0.weight'");
  torch::nn::Module outer;
  outer.register_module("net", small_net().ptr());
  EXPECT_EQ(load_state_dict(outer, weights_of(*net), {.strict = false}).hint,
            "in the module these names begin with 'net.': load into its child 'net'");
}

TEST_F(LoadStateDict, TwentyOfAKindAreNamed) {
  Weights weights;
  weights.source = "m";
  for (int i = 100; i < 125; ++i) weights.tensors.push_back({std::to_string(i), torch::ones({1})});
  torch::nn::Identity empty;
  const LoadReport report = load_state_dict(*empty, weights, {.strict = false});
  EXPECT_EQ(report.text(),
            "unexpected, in the file only (25): 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, "
            "114, 115, 116, 117, 118, 119 and 5 more");
}

TEST_F(LoadStateDict, TheCounterOfBatchNormMayBeMissing) {
  auto net = small_net();
  Weights weights = weights_of(*net);
  remove(weights, "1.num_batches_tracked");
  EXPECT_TRUE(load_state_dict(*small_net(), weights).is_clean());
}

struct TiedImpl : torch::nn::Module {
  TiedImpl() {
    embed = register_parameter("embed", torch::rand({4, 3}));
    head = register_parameter("head", embed);
  }
  torch::Tensor embed, head;
};

TEST_F(LoadStateDict, ATiedWeightIsThereOnceOrTwice) {
  TiedImpl tied;
  const torch::Tensor value = torch::rand({4, 3});
  Weights weights;
  weights.tensors = {{"embed", value}};
  EXPECT_TRUE(load_state_dict(tied, weights).is_clean());
  EXPECT_TRUE(torch::equal(tied.head, value));
  EXPECT_TRUE(tied.named_parameters()["head"].is_same(tied.named_parameters()["embed"]));
  save_safetensors(path("m"), weights_of(tied).tensors);
  EXPECT_TRUE(load_state_dict(tied, path("m")).is_clean());
}

TEST_F(LoadStateDict, AScalarMayBeOneElement) {
  torch::nn::Module module;
  const torch::Tensor scale = module.register_parameter("scale", torch::zeros({}));
  Weights weights;
  weights.tensors = {{"scale", torch::ones({1})}};
  load_state_dict(module, weights);
  EXPECT_EQ(scale.item<float>(), 1);
}

TEST_F(LoadStateDict, WhereThereIsNoMemory) {
  torch::nn::Module module;
  module.register_parameter("w", torch::zeros({2}, torch::kMeta));
  Weights weights;
  weights.source = "m";
  weights.tensors = {{"w", torch::ones({2})}};
  EXPECT_EQ(load_state_dict(module, weights, {.strict = false}).text(),
            "of another shape (1): w: without memory in the module, which has it on the device 'meta'");
  torch::nn::Linear linear(2, 1);
  weights = weights_of(*linear);
  weights.tensors[0].value = torch::ones({1, 2}, torch::kMeta);
  EXPECT_EQ(load_state_dict(*linear, weights, {.strict = false}).text(),
            "of another shape (1): weight: without data in the file, which has it on the device 'meta'");
}

TEST_F(LoadStateDict, AFewBytesAreNotExpandedIntoMemory) {
  const std::string tensor = py::tensor(py::storage("FloatStorage", "0", 1), 0, {std::int64_t{1} << 40}, {0});
  write("m", torch_file(py::dict({{"w", tensor}}), {{"0", std::string(4, '\0')}}));
  torch::nn::Module module;
  module.register_parameter("w", nn::UninitializedParameter());
  EXPECT_EQ(
      load_state_dict(module, path("m"), {.strict = false}).text(),
      "of another shape (1): w: [1099511627776] in the file, but expanded from less; not initialised in the module");
}

TEST_F(LoadStateDict, NothingIsLoadedWhereOneTensorHasNoMemoryOfItsOwn) {
  torch::nn::Module module;
  const torch::Tensor bias = module.register_buffer("bias", torch::zeros({2}));
  module.register_buffer("mask", torch::zeros({1}).expand({3}));
  Weights weights;
  weights.source = "m";
  weights.tensors = {{"bias", torch::ones({2})}, {"mask", torch::ones({3})}};
  EXPECT_EQ(error_of([&] { load_state_dict(module, weights); }),
            "m: does not fit the module\nof another shape (1): mask: expanded in the module, where several of its "
            "elements are the same memory");
  EXPECT_TRUE(torch::equal(bias, torch::zeros({2})));
}

TEST_F(LoadStateDict, CheckingChangesNothing) {
  torch::nn::Linear linear(2, 1);
  const torch::Tensor before = linear->weight.detach().clone();
  Weights weights;
  weights.source = "m";
  weights.tensors = {{"weight", torch::ones({1, 2})}, {"more", torch::ones({1})}};
  EXPECT_EQ(check_state_dict(*linear, weights).text(),
            "missing in the file (1): bias\nunexpected, in the file only (1): more");
  EXPECT_TRUE(torch::equal(linear->weight, before));
}

TEST_F(LoadStateDict, WeightsOfTheCallersOwn) {
  torch::nn::Linear linear(2, 1);
  Weights weights;
  weights.source = "m";
  weights.tensors = {{"weight", torch::Tensor()}};
  EXPECT_EQ(error_of([&] { load_state_dict(*linear, weights); }), "m: tensor 'weight' is undefined");
  weights.tensors = {{"weight", torch::ones({1})}, {"weight", torch::ones({1})}};
  EXPECT_EQ(error_of([&] { load_state_dict(*linear, weights); }), "m: tensor 'weight' is given twice");
}

}  // namespace
}  // namespace weigh::testing
