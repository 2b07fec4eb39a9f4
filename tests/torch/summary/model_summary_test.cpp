// What a summary of a live model says about what is not initialised, and that TorchScript has one, too.
#include "weigh/torch/model_summary.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "torch/models/kinds.h"

#include "weigh/torch/graph/gatv2_conv.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/materialize.h"

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

}  // namespace
}  // namespace weigh
