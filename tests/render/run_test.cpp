// What a forward told, in every form of output. The values come of dry runs of live models; here they are made by hand.
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/build.h"
#include "render/io_shape.h"

#include "weigh/render.h"

namespace weigh {
namespace {

using Json = nlohmann::json;
using testing::Build;

IOShape tensor(const std::vector<std::uint64_t>& sizes) {
  return IOShape::tensor(std::vector<Extent>(sizes.begin(), sizes.end()));
}

// An LSTM, a lazy layer whose shape the input told, and a layer that the forward did not reach.
class LiveModel : public ::testing::Test {
 protected:
  LiveModel() {
    Model& model = build_.model();
    build_.add("lstm.weight", {96, 16});
    build_.add_lazy("head.weight", {Extent(9), Extent(24)}).dtype = DType::float32;
    build_.add("spare.weight", {2, 2});
    model.is_live = true;
    model.source = "Tagger";
    model.format = "libtorch";
    for (const char* path : {"lstm", "head", "spare"}) build_.module(path).type = "Linear";
    model.runs.resize(model.modules.size());
    model.runs[0] = run(tensor({3, 7}), tensor({3, 7, 9}), 12'345'678);
    const IOShape states = IOShape::list({tensor({1, 3, 24}), tensor({1, 3, 24})});
    model.runs[build_.index("lstm")] = run(tensor({3, 7, 16}), IOShape::list({tensor({3, 7, 24}), states}), 12'000'000);
    model.runs[build_.index("spare")].witness = Witness::operators;
    model.runs[build_.index("head")] = run(tensor({3, 7, 24}), tensor({3, 7, 9}), 345'678);
  }

  static weigh::Run run(IOShape in, IOShape out, std::uint64_t flops) {
    weigh::Run run;
    run.in = std::move(in);
    run.out = std::move(out);
    run.flops = flops;
    run.activation_bytes = 1000;
    run.calls = 1;
    run.witness = Witness::layer;
    return run;
  }

  std::string text(RenderFormat format, std::vector<std::string> columns = {}) {
    RenderOptions options;
    options.format = format;
    options.columns = std::move(columns);
    return render(summarize(build_.model()), options);
  }

  Build build_;
};

TEST(IoText, IsNestedAsTheValue) {
  const Model model;
  EXPECT_EQ(io_text(model, tensor({4, 32})), "[4, 32]");
  EXPECT_EQ(io_text(model, tensor({})), "[]");
  EXPECT_EQ(io_text(model, IOShape()), "?");
  EXPECT_EQ(io_text(model, IOShape::list({tensor({1}), IOShape(), IOShape::list({tensor({2, 3})})})),
            "[[1], ?, [[2, 3]]]");
  EXPECT_EQ(io_text(model, IOShape::tensor({Extent(2), Extent::unknown(kNameless)})), "[2, ?]");
}

TEST(IoText, FollowsNoEndlessNesting) {
  IOShape shape = tensor({1});
  for (int i = 0; i < 1000; ++i) shape = IOShape::list({shape});
  const std::string text = io_text(Model(), shape);
  EXPECT_EQ(text, std::string(17, '[') + "?" + std::string(17, ']'));
}

TEST_F(LiveModel, StandInTheTable) {
  EXPECT_EQ(text(RenderFormat::table), R"(Tagger · libtorch · 3 tensors · not all initialised

  Name    Type     Params      Size   In           Out                                       FLOPs
  lstm    Linear    1,536   6.14 kB   [3, 7, 16]   [[3, 7, 24], [[1, 3, 24], [1, 3, 24]]]   12.0 M
  head    Linear      216     864 B   [3, 7, 24]   [3, 7, 9]                                 346 K   lazy
  spare   Linear        4      16 B   ?            ?                                             0

  1,756 parameters · all trainable · 7.024 kB · 12.35 M FLOPs forward

  1 tensor is not initialised yet; the input tells the shape of it:
    head.weight   [9, 24]
  Nothing was initialised: materialize(model, inputs…), or a forward, does that.
)");
}

TEST_F(LiveModel, ShortensShapesWhereTheyDoNotFit) {
  RenderOptions options;
  options.width = 92;
  build_.module("spare").type = "a_class_of_ones_own.with_a_name_that_is_long";
  EXPECT_EQ(render(summarize(build_.model()), options), R"(Tagger · libtorch · 3 tensors · not all initialised

  Name    Type                   Params      Size   In           Out
  lstm    Linear                  1,536   6.14 kB   [3, 7, 16]   [[3, 7, 24], …]
  head    Linear                    216     864 B   [3, 7, 24]   [3, 7, 9]         lazy
  spare   a_class_of…t_is_long        4      16 B   ?            ?

  1,756 parameters · all trainable · 7.024 kB · 12.35 M FLOPs forward

  1 tensor is not initialised yet; the input tells the shape of it:
    head.weight   [9, 24]
  Nothing was initialised: materialize(model, inputs…), or a forward, does that.
)");
}

TEST_F(LiveModel, ColumnsThatMustBeAskedFor) {
  build_.model().runs[0].backward_flops = 3;
  build_.model().runs[1].backward_flops = 3;
  EXPECT_EQ(text(RenderFormat::csv, {"name", "calls", "activations", "backward"}),
            "Name,Calls,Activations,Backward\r\nlstm,1,\"1,000 B\",3\r\nhead,1,\"1,000 B\",0\r\nspare,0,0 B,0\r\n");
}

TEST_F(LiveModel, SaysWhatNobodyToldOfAModule) {
  weigh::Run& run = build_.model().runs[build_.index("lstm")];
  run.witness = Witness::parts;
  run.flops += Count::unknown();
  run.activation_bytes = Count::unknown();
  build_.model().runs[build_.index("spare")].witness = Witness::none;
  EXPECT_EQ(text(RenderFormat::csv, {"name", "calls", "activations", "flops"}),
            "Name,Calls,Activations,FLOPs\r\nlstm,?,?,\"≥ 12,000,000\"\r\nhead,1,\"1,000 B\",\"345,678\"\r\nspare,?,0 "
            "B,0\r\n");
  const Json modules = Json::parse(text(RenderFormat::json))["modules"];
  EXPECT_EQ(modules[0]["flops"], 12'000'000);
  EXPECT_EQ(modules[0]["flops_exact"], false);
  EXPECT_EQ(modules[0]["activation_bytes"], 0);
  EXPECT_EQ(modules[0]["activation_bytes_exact"], false);
  EXPECT_TRUE(modules[0]["calls"].is_null());
  EXPECT_EQ(modules[1]["flops_exact"], true);
  EXPECT_EQ(modules[1]["activation_bytes_exact"], true);
}

TEST_F(LiveModel, OfWhichNothingIsKnownDoesNotClaimZero) {
  build_.model().runs[0].flops = Count::unknown();
  const Json totals = Json::parse(text(RenderFormat::json))["totals"];
  EXPECT_EQ(totals["flops"], 0);
  EXPECT_EQ(totals["flops_exact"], false);
}

// A ModuleList has no forward: its layers are called one by one.
TEST(Runs, AModuleThatIsOnlyAListDidWhatItsLayersDid) {
  Build build;
  for (const char* layer : {"blocks.0", "blocks.1"}) build.add(std::string(layer) + ".weight", {2, 2});
  Model& model = build.model();
  model.source = "Stack";
  model.format = "PyTorch";
  model.runs.resize(model.modules.size());
  for (weigh::Run& run : model.runs) run.witness = Witness::operators;
  for (const char* layer : {"blocks.0", "blocks.1"}) {
    weigh::Run& run = model.runs[build.index(layer)];
    run.in = run.out = tensor({5, 2});
    run.flops = 40;
    run.activation_bytes = 80;
    run.calls = 1;
  }
  model.runs[0].flops = 80;
  RenderOptions options;
  options.columns = {"name", "calls", "activations", "flops"};
  EXPECT_EQ(render(summarize(model, testing::levels(2).unfolded()), options), R"(Stack · PyTorch · 2 tensors

  Name     Calls   Activations   FLOPs
  blocks       0         160 B      80
  ├ 0          1          80 B      40
  └ 1          1          80 B      40

  8 parameters · all trainable · 32 B · 80 FLOPs forward
)");
  options.format = RenderFormat::json;
  EXPECT_EQ(Json::parse(render(summarize(model), options))["modules"][0]["flops"], 80);
}

TEST_F(LiveModel, StandInLightningsText) {
  EXPECT_EQ(text(RenderFormat::lightning),
            R"(  | Name  | Type   | Params | Mode | FLOPs  | In sizes   | Out sizes                             
-------------------------------------------------------------------------------------------------------
0 | lstm  | Linear | 1.5 K  | n/a  | 12.0 M | [3, 7, 16] | [[3, 7, 24], [[1, 3, 24], [1, 3, 24]]]
1 | head  | Linear | 216    | n/a  | 345 K  | [3, 7, 24] | [3, 7, 9]                             
2 | spare | Linear | 4      | n/a  | 0      | ?          | ?                                     
-------------------------------------------------------------------------------------------------------
1.8 K     Trainable params
0         Non-trainable params
1.8 K     Total params
0.007     Total estimated model params size (MB)
n/a       Modules in train mode
n/a       Modules in eval mode
12.3 M    Total Flops
)");
}

TEST_F(LiveModel, WhatIsNoLayerStandsInNoFormOfOutput) {
  SummaryOptions options;
  options.is_layer = [](const Model& model, Index module) { return model.path_of(module) != "lstm"; };
  const Summary summary = summarize(build_.model(), options);
  for (const RenderFormat format : {RenderFormat::table, RenderFormat::lightning, RenderFormat::csv}) {
    RenderOptions render_options;
    render_options.format = format;
    const std::string text = render(summary, render_options);
    EXPECT_EQ(text.find("lstm"), std::string::npos) << text;
    EXPECT_NE(text.find("head"), std::string::npos) << text;
  }
  RenderOptions render_options;
  render_options.format = RenderFormat::json;
  EXPECT_EQ(Json::parse(render(summary, render_options))["modules"].size(), 2U);
}

TEST_F(LiveModel, StandInJson) {
  const Json json = Json::parse(text(RenderFormat::json));
  EXPECT_EQ(json["totals"]["flops"], 12'345'678);
  EXPECT_EQ(json["totals"]["flops_exact"], true);
  const Json& lstm = json["modules"][0];
  EXPECT_EQ(lstm["in"], Json::parse("[3, 7, 16]"));
  EXPECT_EQ(lstm["out"], Json::parse("[[3, 7, 24], [[1, 3, 24], [1, 3, 24]]]"));
  EXPECT_EQ(lstm["flops"], 12'000'000);
  EXPECT_EQ(lstm["backward_flops"], 0);
  EXPECT_EQ(lstm["activation_bytes"], 1000);
  EXPECT_EQ(lstm["calls"], 1);
  const Json& spare = json["modules"][2];
  EXPECT_TRUE(spare["in"].is_null());
  EXPECT_EQ(spare["calls"], 0);
}

}  // namespace
}  // namespace weigh
