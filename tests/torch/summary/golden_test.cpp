// Live models against PyTorch and Lightning: tests/golden/live/models.json holds what those report of the same models
// in Python (tools/fixtures/make_live.py).
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "torch/json_of.h"
#include "torch/models/convolutional.h"
#include "torch/models/graph.h"
#include "torch/models/sequence.h"

#include "weigh/torch/model_summary.h"

namespace weigh {
namespace {

using Json = nlohmann::json;
using testing::json_of;

const Json& golden() {
  static const Json json = Json::parse(testing::read_file(WEIGH_GOLDEN "/live/models.json"));
  return json.at("models");
}

std::string lightning(const ModelSummary& summary) {
  RenderOptions options;
  options.format = RenderFormat::lightning;
  return summary.text(options);
}

LiveOptions depth(int levels) {
  LiveOptions options;
  options.rows.depth = levels;
  return options;
}

// What hooks and FlopCounterMode see of every module in Python, ours must see in C++.
void expect_modules(const Json& expected, const Model& model) {
  std::size_t seen = 0;
  for (Index i = 1; i < model.modules.size(); ++i) {
    const std::string path = model.path_of(i);
    if (!expected.contains(path)) continue;
    const Json& module = expected.at(path);
    const Run& run = model.runs.at(i);
    EXPECT_EQ(json_of(run.in), module.at("in")) << path;
    EXPECT_EQ(json_of(run.out), module.at("out")) << path;
    EXPECT_EQ(run.calls, module.at("calls")) << path;
    EXPECT_EQ(run.flops, Count(module.at("flops").get<std::uint64_t>())) << path;
    ++seen;
  }
  EXPECT_EQ(seen, expected.size()) << "modules that C++ has not";
}

// FlopCounterMode counts the gradient of a grouped weight `groups` times: in UNet those of merge2 (4) and up1 (2).
Count counted_too_often(const std::string& name) {
  if (name != "UNet") return 0;
  const Json& modules = golden().at(name).at("modules");
  auto flops = [&](const char* path) { return modules.at(path).at("flops").get<std::uint64_t>(); };
  return 3 * flops("merge2") + flops("up1");
}

template <class Holder, class... Inputs>
void expect_as_in_python(const std::string& name, Holder model, const Inputs&... inputs) {
  const Json& expected = golden().at(name);
  LiveOptions options;
  options.with_backward = true;
  const ModelSummary summary = summarize(model, inputs..., options);
  EXPECT_EQ(summary.summary().totals.parameters, Count(expected.at("parameters").get<std::uint64_t>()));
  EXPECT_TRUE(summary.summary().totals.is_exact());
  const Run& whole = summary.model().runs.at(0);
  EXPECT_EQ(whole.flops, Count(expected.at("flops_of_unfused_kernels").get<std::uint64_t>()));
  EXPECT_EQ(whole.flops + whole.backward_flops + counted_too_often(name),
            Count(expected.at("forward_and_backward_flops").get<std::uint64_t>()));
  expect_modules(expected.at("modules"), summary.model());
}

// Lightning's text, to the last character.
template <class Holder, class... Inputs>
void expect_lightnings_text_at(const std::vector<int>& depths, const std::string& name, Holder model,
                               const Inputs&... inputs) {
  const Json& after = golden().at(name).at("after");
  for (const int levels : depths)
    EXPECT_EQ(lightning(summarize(model, inputs..., depth(levels))),
              after.at(std::to_string(levels)).get<std::string>())
        << levels;
}

torch::Tensor tokens(std::int64_t rows, std::int64_t columns) { return torch::zeros({rows, columns}, torch::kLong); }

TEST(Golden, MLP) {
  expect_as_in_python("MLP", testing::MLP(), torch::zeros({4, 32}));
  expect_lightnings_text_at({-1, 0, 1, 2}, "MLP", testing::MLP(), torch::zeros({4, 32}));
}

TEST(Golden, ResNet18) {
  expect_as_in_python("ResNet18", testing::ResNet18(), torch::zeros({1, 3, 64, 64}));
  expect_lightnings_text_at({-1, 0, 1, 2}, "ResNet18", testing::ResNet18(), torch::zeros({1, 3, 64, 64}));
}

TEST(Golden, GPT) {
  expect_as_in_python("GPT", testing::GPT(), tokens(2, 12));
  expect_lightnings_text_at({-1, 0, 1, 2}, "GPT", testing::GPT(), tokens(2, 12));
}

TEST(Golden, UNet) {
  expect_as_in_python("UNet", testing::UNet(), torch::zeros({2, 1, 32, 32}));
  expect_lightnings_text_at({-1, 0, 1, 2}, "UNet", testing::UNet(), torch::zeros({2, 1, 32, 32}));
}

// Where rows lie within rows, Lightning loses `other params`: its class token and positions.
TEST(Golden, ViT) {
  expect_as_in_python("ViT", testing::ViT(), torch::zeros({2, 3, 32, 32}));
  expect_lightnings_text_at({0, 1}, "ViT", testing::ViT(), torch::zeros({2, 3, 32, 32}));
}

torch::Tensor ring() { return torch::tensor({0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 3}).view({2, 7}); }

// Python's has modules inside that libtorch's has not (an aggregation), so rows are compared at depth 1 alone.
TEST(Golden, GAT) {
  testing::GAT gat;
  const ModelSummary summary = summarize(gat, torch::zeros({6, 16}), ring(), depth(1));
  const Json& expected = golden().at("GAT");
  EXPECT_EQ(summary.summary().totals.parameters, Count(expected.at("parameters").get<std::uint64_t>()));
  EXPECT_EQ(summary.model().runs.at(0).flops, Count(expected.at("flops").get<std::uint64_t>()));
  std::string text = lightning(summary);
  const std::string& theirs = expected.at("after").at("1").get_ref<const std::string&>();
  const std::size_t modules = theirs.find("8         Modules in train mode");
  ASSERT_NE(modules, std::string::npos);
  EXPECT_EQ(text.substr(0, modules), theirs.substr(0, modules));
}

// Before an input Lightning counts every layer 0.
TEST(Golden, LazyLayersAreExpressionsWhereLightningCountsNothing) {
  EXPECT_NE(golden().at("LeNet").at("before").at("1").get<std::string>().find("0         Total params"),
            std::string::npos);
  testing::LeNet lenet;
  EXPECT_EQ(lightning(summarize(lenet, depth(1))),
            R"(  | Name  | Type       | Params       | Mode  | FLOPs
-----------------------------------------------------------
0 | conv1 | LazyConv2d | 150·in + 6   | train | 0    
1 | conv2 | LazyConv2d | 400·in + 16  | train | 0    
2 | fc1   | LazyLinear | 120·in + 120 | train | 0    
3 | fc2   | LazyLinear | 84·in + 84   | train | 0    
4 | fc3   | LazyLinear | 10·in + 10   | train | 0    
-----------------------------------------------------------
≥ 236     Trainable params
0         Non-trainable params
≥ 236     Total params
≥ 0.000   Total estimated model params size (MB)
5         Modules in train mode
0         Modules in eval mode
0         Total Flops
)");
}

// An LSTM on the CPU is one kernel to FlopCounterMode, which counts nothing of it: rows differ in that number alone.
TEST(Golden, TaggerCountsItsLSTM) {
  testing::Tagger tagger;
  const ModelSummary summary = summarize(tagger, tokens(3, 7));
  const Json& expected = golden().at("Tagger");
  EXPECT_EQ(summary.model().runs.at(0).flops, Count(expected.at("flops_of_unfused_kernels").get<std::uint64_t>()));
  EXPECT_EQ(json_of(summary.model().runs.at(2).out), expected.at("modules").at("lstm").at("out"));
  EXPECT_EQ(json_of(summary.model().runs.at(2).in), expected.at("modules").at("lstm").at("in"));
}

TEST(Golden, LeNet) { expect_as_in_python("LeNet", testing::LeNet(), torch::zeros({2, 1, 28, 28})); }

}  // namespace
}  // namespace weigh
