// Sizes that the caller gave for what a file does not tell, in every form of output.
#include "render/given.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/build.h"
#include "render/golden.h"

#include "weigh/render.h"
#include "weigh/sizes.h"

namespace weigh {
namespace {

using testing::Build;
using Texts = std::vector<std::string>;

std::string text(const Model& model, RenderFormat format, const std::vector<std::string>& columns = {}) {
  RenderOptions options;
  options.format = format;
  options.columns = columns;
  return render(summarize(model), options);
}

// 2 · 8 · 16 + 32 = 288, as after the first forward: tests/data/pytorch/gat_module_after.pt.
class Given : public ::testing::Test {
 protected:
  Given() { set_sizes(model_, {{"in", 16}}); }
  Model model_ = testing::read_bare("pytorch/gat_module_before.pt");
};

TEST_F(Given, StandsBelowTheTotalsOfATable) {
  EXPECT_EQ(text(model_, RenderFormat::table),
            R"(gat_module_before.pt · PyTorch, pickled module · GAT · 8 tensors · not all initialised

  Name    Type        Params      Size   Mode
  conv1   GATv2Conv      288   ≥ 128 B   train   lazy
  fc      Linear          18      72 B   train

  306 parameters · all trainable · ≥ 200 B
  with in = 16 (given) · still unknown: the dtype of conv1.lin_l.weight, the dtype of conv1.lin_r.weight

  2 tensors are not initialised yet; the sizes given tell the shape of them:
    conv1.lin_l.weight   [8, 16]
    conv1.lin_r.weight   [8, 16]
  Run one forward before saving, and the file tells them itself.
)");
}

TEST_F(Given, StandsBelowTheTextOfLightning) {
  EXPECT_EQ(text(model_, RenderFormat::lightning), R"(  | Name  | Type      | Params | Mode  | FLOPs
----------------------------------------------------
0 | conv1 | GATv2Conv | 288    | train | 0    
1 | fc    | Linear    | 18     | train | 0    
----------------------------------------------------
306       Trainable params
0         Non-trainable params
306       Total params
≥ 0.000   Total estimated model params size (MB)
5         Modules in train mode
0         Modules in eval mode
0         Total Flops
with in = 16 (given)
still unknown: the dtype of conv1.lin_l.weight, the dtype of conv1.lin_r.weight
)");
}

TEST_F(Given, StandsBelowATableOfMarkdown) {
  EXPECT_EQ(text(model_, RenderFormat::markdown, {"name", "params"}),
            R"(**gat\_module\_before.pt**: PyTorch, pickled module, GAT

| Name | Params |
|---|--:|
| `conv1` | 288 |
| `fc` | 18 |

306 parameters, ≥ 200 B

with in = 16 (given); still unknown: the dtype of conv1.lin\_l.weight, the dtype of conv1.lin\_r.weight

Not initialised yet:

- `conv1.lin_l.weight` `[8, 16]`
- `conv1.lin_r.weight` `[8, 16]`
)");
}

TEST_F(Given, StandsBelowATableOfHtml) {
  const std::string html = text(model_, RenderFormat::html_table, {"name", "params"});
  EXPECT_EQ(html.substr(html.find("<p>")),
            "<p>306 parameters, ≥ 200 B</p>\n"
            "<p>with in = 16 (given); still unknown: the dtype of conv1.lin_l.weight, the dtype of "
            "conv1.lin_r.weight</p>\n"
            "<p>Not initialised yet:</p>\n<ul>\n<li>conv1.lin_l.weight [8, 16]</li>\n"
            "<li>conv1.lin_r.weight [8, 16]</li>\n</ul>\n");
}

TEST_F(Given, IsAColumnOfCsv) {
  EXPECT_EQ(text(model_, RenderFormat::csv),
            "path,type,depth,repeat,parameters,exact,expression,trainable,buffers,bytes,bytes_exact,tensors,dtypes,"
            "lazy,mode,given\r\n"
            "conv1,GATv2Conv,1,1,288,true,,288,0,128,false,6,f32,true,train,in = 16\r\n"
            "fc,Linear,1,1,18,true,,18,0,72,true,2,f32,false,train,in = 16\r\n");
  EXPECT_EQ(text(model_, RenderFormat::csv, {"name", "params"}),
            "Name,Params,given\r\nconv1,288,in = 16\r\nfc,18,in = 16\r\n");
}

TEST_F(Given, IsAMemberOfJson) {
  const auto json = nlohmann::json::parse(text(model_, RenderFormat::json));
  EXPECT_EQ(json["given"], nlohmann::json::parse(R"([{"name": "in", "size": 16}])"));
  EXPECT_EQ(json["unknown_sizes"], nlohmann::json::array());
  EXPECT_EQ(json["totals"]["parameters"], 306);
  EXPECT_EQ(json["totals"]["exact"], true);
  EXPECT_EQ(json["totals"]["expression"], "306");
  EXPECT_EQ(json["dtypes"].size(), 1U) << "what has no dtype yet is not stored";
  EXPECT_EQ(json["tensors"][2]["shape"], nlohmann::json::parse("[8, 16]"));
  EXPECT_EQ(json["tensors"][2]["state"], "uninitialized");
}

TEST(GivenTexts, AreNothingWhereNothingWasGiven) {
  const Model model = testing::read_bare("pytorch/gat_module_before.pt");
  EXPECT_EQ(given_texts(model), Texts());
  const auto json = nlohmann::json::parse(text(model, RenderFormat::json));
  EXPECT_EQ(json["given"], nlohmann::json::array());
  EXPECT_EQ(json["unknown_sizes"], nlohmann::json::parse(R"(["conv1.in"])"));
}

TEST(GivenTexts, NameWhatStaysUnknown) {
  Build b;
  for (const char* layer : {"a", "b"})
    b.add_lazy(std::string(layer) + ".weight", {Extent(8), b.unknown("in", layer)}).dtype = DType::float32;
  b.add_lazy("norm.weight", {Extent::unknown(kNameless)}).dtype = DType::float32;
  set_sizes(b.model(), {{"a.in", 16}});
  EXPECT_EQ(given_texts(b.model()), (Texts{"with a.in = 16 (given)", "still unknown: b.in, the shape of norm.weight"}));
  EXPECT_EQ(text(b.model(), RenderFormat::table, {"name", "params"}), R"(. ·  · 3 tensors · not all initialised

  Name   Params
  a         128
  b        8·in
  norm        ?

  ≥ 128 parameters · all trainable · ≥ 512 B
  with a.in = 16 (given) · still unknown: b.in, the shape of norm.weight

  3 tensors are not initialised yet; what is known of them:
    a.weight      [8, 16]
    b.weight      [8, in]
    norm.weight   [?]
  Run one forward before saving, or give an example input, to know them.
)");
}

TEST(GivenTexts, AreBounded) {
  Build b;
  b.add_lazy("a.weight", {b.unknown("in", "a")}).dtype = DType::float32;
  for (int i = 0; i < 9; ++i) b.add_lazy("h." + std::to_string(i) + ".weight", {Extent::unknown(kNameless)});
  set_sizes(b.model(), {{"in", 16}});
  EXPECT_EQ(given_texts(b.model())[1],
            "still unknown: the shape of h.0.weight, the shape of h.1.weight, the shape of h.2.weight, the shape of "
            "h.3.weight, the shape of h.4.weight, the shape of h.5.weight and 3 more");
}

// The shapes and FLOPs of a forward with these sizes, as FlopCounterMode told: tests/data/pt2/expected.json.
TEST(GivenSizes, MakeAForwardOfExpressionsOneOfNumbers) {
  Model model = testing::read_bare("pt2/files/calls.pt2");
  set_sizes(model, {{"s77", 2}, {"s27", 3}});
  EXPECT_EQ(text(model, RenderFormat::table, {"name", "in", "out", "flops"}),
            R"(calls.pt2 · torch.export, program · Calls · 14 tensors

  Name       In                       Out         FLOPs
  att        [2, 3, 4]                [2, 3, 4]   1,056
  blocks.0   [[2, 3, 4], [2, 3, 4]]   [2, 3, 4]     192
  conv       [2, 4, 3]                [2, 6, 3]     432
  seq        [2, 3, 4]                [2, 3, 4]     192
  twice      [[2, 3, 4], [2, 3, 4]]   [2, 3, 4]     384
  up         [2, 6, 3]                [2, 4, 6]     576

  234 parameters · all trainable · 936 B · 2,832 FLOPs forward
  with s77 = 2, s27 = 3 (given)

  torch_version 2.13.0+cpu
)");
}

// As the same network without sizes that vary has: 145,344 FLOPs, tests/data/onnx/expected.json.
TEST(GivenSizes, HoldInExpressionsOfOnnx) {
  Model model = testing::read_bare("onnx/dynamo_dynamic.onnx");
  set_sizes(model, {{"batch", 2}, {"words", 5}});
  RenderOptions exact;
  exact.exact = true;
  exact.columns = {"name", "in", "out", "flops"};
  EXPECT_EQ(render(summarize(model), exact), R"(dynamo_dynamic.onnx · ONNX, IR 10, opset 20 · Net · 18 tensors

  Name            In             Out             FLOPs
  stem            [2, 3, 4, 4]   [2, 8, 4, 4]   13,824
  blocks          [2, 8, 4, 4]   [2, 8, 4, 4]   73,728
  emb             [2, 5]         [2, 5, 8]           0
  att             [2, 21, 8]     [2, 21, 8]     44,352
  norm            [2, 21, 8]     [2, 21, 8]          0
  head            [2, 21, 8]     [2, 21, 10]     6,720
  up              [2, 10, 21]    [2, 4, 42]      6,720
  (own tensors)

  1,862 parameters · 3 in buffers (by name and dtype) · 7,472 B · 145,344 FLOPs forward
  float32 1,862 (7,448 B) · int64 3 (24 B)
  with batch = 2, words = 5 (given)

  producer_name pytorch · producer_version 2.13.0+cpu
)");
}

}  // namespace
}  // namespace weigh
