// Live models against PyTorch and Lightning: tests/golden/live/models.json holds what those report of the same models
// in Python (tools/fixtures/make_live.py).
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "torch/models/convolutional.h"
#include "torch/models/graph.h"
#include "torch/models/sequence.h"

#include "weigh/torch/model_summary.h"

namespace weigh {
namespace {

using Json = nlohmann::json;

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

Json json_of(const IOShape& shape) {
  if (shape.kind == IOShape::Kind::unknown) return "?";
  Json json = Json::array();
  for (const Extent extent : shape.extents) json.push_back(extent.size());
  for (const IOShape& item : shape.items) json.push_back(json_of(item));
  return json;
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
    EXPECT_EQ(run.flops, module.at("flops")) << path;
    ++seen;
  }
  EXPECT_EQ(seen, expected.size()) << "modules that C++ has not";
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
  EXPECT_EQ(whole.flops, expected.at("flops_of_unfused_kernels"));
  EXPECT_EQ(whole.flops + whole.backward_flops, expected.at("forward_and_backward_flops"));
  expect_modules(expected.at("modules"), summary.model());
}

// Lightning's text at every depth, to the last character.
template <class Holder, class... Inputs>
void expect_lightnings_text(const std::string& name, Holder model, const Inputs&... inputs) {
  const Json& after = golden().at(name).at("after");
  for (const int levels : {-1, 0, 1, 2})
    EXPECT_EQ(lightning(summarize(model, inputs..., depth(levels))), after.at(std::to_string(levels))) << levels;
}

torch::Tensor tokens(std::int64_t rows, std::int64_t columns) { return torch::zeros({rows, columns}, torch::kLong); }

TEST(Golden, MLP) {
  expect_as_in_python("MLP", testing::MLP(), torch::zeros({4, 32}));
  expect_lightnings_text("MLP", testing::MLP(), torch::zeros({4, 32}));
}

TEST(Golden, ResNet18) {
  expect_as_in_python("ResNet18", testing::ResNet18(), torch::zeros({1, 3, 64, 64}));
  expect_lightnings_text("ResNet18", testing::ResNet18(), torch::zeros({1, 3, 64, 64}));
}

TEST(Golden, GPT) {
  expect_as_in_python("GPT", testing::GPT(), tokens(2, 12));
  expect_lightnings_text("GPT", testing::GPT(), tokens(2, 12));
}

TEST(Golden, UNet) {
  expect_as_in_python("UNet", testing::UNet(), torch::zeros({2, 1, 32, 32}));
  expect_lightnings_text("UNet", testing::UNet(), torch::zeros({2, 1, 32, 32}));
}

TEST(Golden, LeNet) { expect_as_in_python("LeNet", testing::LeNet(), torch::zeros({2, 1, 28, 28})); }

}  // namespace
}  // namespace weigh
