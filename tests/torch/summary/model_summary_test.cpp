// What a summary of a live model says about what is not initialised, and that TorchScript has one, too.
#include "weigh/torch/model_summary.h"

#include <memory>
#include <sstream>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "torch/models/kinds.h"

#include "weigh/torch.h"

namespace weigh {
namespace {

struct NetImpl : torch::nn::Module {
  nn::GATv2Conv conv = register_module("conv", nn::GATv2Conv(-1, 8));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(8, 2));
  nn::LazyLinear spare = register_module("spare", nn::LazyLinear(3));

  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edges) { return head(conv(x, edges)); }
};
TORCH_MODULE(Net);

std::string text_of(const std::vector<Note>& notes) {
  std::string text;
  for (const Note& note : notes) text += note.code + ": " + note.place + ": " + note.message + "\n";
  return text;
}

struct Warnings : ::testing::Test {
  Net net;
  torch::Tensor x = torch::zeros({4, 16});
  torch::Tensor edges = torch::zeros({2, 3}, torch::kLong);
};

TEST_F(Warnings, WithoutAnInputSayWhatIsKnownAndWhatToDo) {
  EXPECT_EQ(
      text_of(summarize(net).warnings()),
      "uninitialized: conv.lin_l: Linear is not initialised yet (weight [8, in]); give an example input to know it: "
      "summarize(model, inputs…)\n"
      "uninitialized: conv.lin_r: Linear is not initialised yet (weight [8, in]); give an example input to know it: "
      "summarize(model, inputs…)\n"
      "uninitialized: spare: LazyLinear is not initialised yet (weight [3, in], bias [3]); give an example input to "
      "know it: summarize(model, inputs…)\n");
}

TEST_F(Warnings, WithAnInputTellTheShapesAndTheLayersThatItDidNotReach) {
  EXPECT_EQ(
      text_of(summarize(net, x, edges).warnings()),
      "uninitialized: conv.lin_l: Linear is not initialised yet (weight [8, 16]); materialize(model, inputs…), or a "
      "forward, initialises it\n"
      "uninitialized: conv.lin_r: Linear is not initialised yet (weight [8, 16]); materialize(model, inputs…), or a "
      "forward, initialises it\n"
      "uninitialized: spare: LazyLinear is not initialised yet (weight [3, in], bias [3]); the forward did not reach "
      "it\n");
  materialize(net, x, edges);
  EXPECT_EQ(
      text_of(summarize(net, x, edges).warnings()),
      "uninitialized: spare: LazyLinear is not initialised yet (weight [3, in], bias [3]); the forward did not reach "
      "it\n");
}

TEST_F(Warnings, CanBeSilencedByAClassOfOnesOwn) {
  struct Silent : ModelSummary {
    using ModelSummary::ModelSummary;
    std::vector<Note> warnings() const override { return {}; }
  };
  EXPECT_NE(summarize(net).text().find("not initialised"), std::string::npos);
  EXPECT_EQ(Silent(net, describe(net)).text().find("not initialised"), std::string::npos);
  EXPECT_NE(Silent(net, describe(net)).text().find("≥"), std::string::npos);  // and still no false number
}

TEST(ScriptSummary, IsThatOfAnyModel) {
  torch::jit::Module net = torch::jit::load(WEIGH_TEST_DATA "/torchscript/gpt.pt");
  const ModelSummary summary =
      summarize(net, torch::zeros({2, 7}, torch::kLong), LiveOptions{.rows = {.depth = 2, .fold = false}});
  EXPECT_EQ(summary.text(), R"(GPT · libtorch, TorchScript module · 16 tensors

  Name     Type         Params      Size   Mode   In                     Out           FLOPs
  embed    Embedding       800   3.20 kB   eval   [2, 7]                 [2, 7, 16]        0
  blocks   ModuleList    2,272   9.09 kB   eval   ?                      ?            69.9 K
  ├ 0      Block         1,136   4.54 kB   eval   [[2, 7, 16], [7, 7]]   [2, 7, 16]   34.9 K
  └ 1      Block         1,136   4.54 kB   eval   [[2, 7, 16], [7, 7]]   [2, 7, 16]   34.9 K
  head     Linear          800   3.20 kB   eval   [2, 7, 16]             [2, 7, 50]   22.4 K   tied

  3,072 parameters · all trainable · 12.29 kB · 92.29 K FLOPs forward
)");
  EXPECT_TRUE(summary.live(summary.model().tensors[0]).is_same(net.attr("embed").toModule().attr("weight").toTensor()));
  EXPECT_TRUE(summary.warnings().empty());
}

// 2·6·8·4 = 384 FLOPs of the gate are known.
TEST(StoppedSummary, TellsWhereWhyAndWhatToDo) {
  testing::TokenChoice net;
  EXPECT_EQ(
      summarize(net, torch::zeros({6, 8})).text(),
      "TokenChoice · libtorch, live module · 8 tensors\n\n"
      "  Name     Type     Params      Size   Mode    In       Out      FLOPs\n"
      "  gate     Linear       36     144 B   train   [6, 8]   [6, 4]     384\n"
      "  expert   Expert      280   1.12 kB   train   ?        ?            ?\n"
      "  head     Linear       18      72 B   train   ?        ?            ?\n\n"
      "  334 parameters · all trainable · 1.336 kB · ≥ 384 FLOPs forward\n"
      "  the forward stopped in TokenChoice: aten::nonzero gives what depends on values, which a dry run has not; "
      "Forward::real runs the real forward instead\n");
  RenderOptions json;
  json.format = RenderFormat::json;
  const auto told = nlohmann::json::parse(summarize(net, torch::zeros({6, 8})).text(json));
  EXPECT_FALSE(told.at("totals").at("flops_exact"));
  for (const auto& module : told.at("modules"))
    EXPECT_EQ(module.at("flops_exact"), module.at("path") == "gate") << module.at("path");
}

// A module, its holder, a pointer to it, one made in the call, and one that may not be changed.
TEST(Summarize, TakesAModuleHoweverItIsHeld) {
  const auto shared = std::make_shared<torch::nn::LinearImpl>(16, 8);
  const torch::nn::Linear holder(shared);
  const torch::Tensor x = torch::zeros({2, 16});
  const std::string expected = summarize(*shared, x).text();
  EXPECT_NE(expected.find("136 parameters"), std::string::npos) << expected;
  EXPECT_EQ(summarize(shared, x).text(), expected);
  EXPECT_EQ(summarize(holder, x).text(), expected);
  EXPECT_EQ(summarize(torch::nn::Linear(16, 8), x).text(), expected);
  EXPECT_EQ(summarize(std::make_shared<torch::nn::LinearImpl>(16, 8), x).text(), expected);
  EXPECT_EQ(summarize(std::as_const(*shared)).text(), summarize(shared).text());
  EXPECT_EQ(describe(shared).tensors.size(), 2U);
  std::shared_ptr<torch::nn::LinearImpl> none;
  EXPECT_THROW(summarize(none), Error);
  EXPECT_THROW(summarize(torch::nn::Linear(nullptr)), Error);
  nn::LazyLinear lazy(3);
  materialize(lazy.ptr(), x);
  EXPECT_EQ(lazy->weight.sizes(), (std::vector<std::int64_t>{3, 16}));
}

TEST(Values, HaveText) {
  Net net;
  const Model model = describe(net, torch::zeros({4, 16}), torch::zeros({2, 3}, torch::kLong));
  std::ostringstream text;
  text << model.runs[0].in << ' ' << model.runs[0].flops << ' ' << shape_of(model, model.tensors[0]);
  EXPECT_EQ(text.str(), "[[4, 16], [2, 3]] 2,176 [1, 1, 8]");
}

// What begins with two kinds of nodes needs no name for the pair.
TEST(GraphLayers, TakeBracesForNodesOfTwoKinds) {
  nn::SAGEConv conv({-1, -1}, 8);
  const torch::Tensor users = torch::rand({5, 3});
  const torch::Tensor items = torch::rand({4, 6});
  const torch::Tensor edges = torch::tensor({0, 4, 2, 1, 3, 0}).view({2, 3});
  const torch::Tensor expected = conv->forward(nn::NodeFeatures(users, items), edges);
  EXPECT_TRUE(torch::equal(conv({users, items}, edges), expected));
  EXPECT_TRUE(torch::equal(conv(std::pair(users, items), edges), expected));
  EXPECT_EQ(conv->lin_l->weight.size(1), 3);
  EXPECT_EQ(conv->lin_r->weight.size(1), 6);
}

}  // namespace
}  // namespace weigh
