#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/files.h"

#include "weigh/error.h"
#include "weigh/live.h"
#include "weigh/summary.h"

namespace weigh {
namespace {

using testing::error_of;

std::string shape_of(const Model& model, Index index) {
  const Tensor& tensor = model.tensors[index];
  if (!tensor.rank_known()) return "?";
  std::vector<std::string> sizes;
  for (const Extent* extent = model.shape_begin(tensor); extent != model.shape_end(tensor); ++extent) {
    if (extent->is_known()) {
      sizes.push_back(fmt::to_string(extent->size()));
    } else {
      const Symbol& symbol = model.symbols[extent->symbol()];
      sizes.push_back(fmt::format("{} of {}", symbol.name, model.path_of(symbol.layer)));
    }
  }
  return fmt::format("[{}]", fmt::join(sizes, ", "));
}

LayerFacts lazy_linear() {
  return {{{"torch.nn.modules.linear", "LazyLinear"}}, {{"out_features", LayerAttribute::Kind::number, {5}}}};
}

LiveTensor known(Index module, std::string name, std::vector<std::uint64_t> shape) {
  LiveTensor tensor;
  tensor.module = module;
  tensor.name = std::move(name);
  tensor.shape = std::move(shape);
  tensor.dtype = DType::float32;
  tensor.requires_grad = RequiresGrad::yes;
  return tensor;
}

LiveTensor lazy(Index module, std::string name) {
  LiveTensor tensor = known(module, std::move(name), {});
  tensor.shape.reset();
  tensor.state = State::uninitialised;
  return tensor;
}

TEST(LiveModel, IsTheModuleThatItsRootIs) {
  const Model model = LiveModel("GAT").finish();
  EXPECT_EQ(model.format, "PyTorch");
  EXPECT_EQ(model.kind, "live module");
  EXPECT_EQ(model.architecture, "GAT");
  EXPECT_EQ(model.modules[0].type, "GAT");
  EXPECT_TRUE(model.is_live);
  EXPECT_TRUE(model.runs.empty());
  EXPECT_EQ(LiveModel("Net", "libtorch").finish().format, "libtorch");
}

TEST(LiveModel, HasModulesInTheirOrderAndModes) {
  LiveModel live("Net");
  live.set_mode(0, Mode::train);
  const Index encoder = live.add_module(0, "encoder", "Sequential", Mode::eval);
  live.add_module(0, "head", "Linear", Mode::train);
  const Index last = live.add_module(encoder, "0", "ReLU", Mode::not_recorded);
  const Model model = std::move(live).finish();
  EXPECT_EQ(model.path_of(last), "encoder.0");
  EXPECT_EQ(model.modules[last].type, "ReLU");
  EXPECT_EQ(model.modules[last].mode, Mode::not_recorded);
  const Totals totals = summarize(model).totals;
  EXPECT_EQ(totals.modules, 3U);
  EXPECT_EQ(totals.train_modules, 1U);
  EXPECT_EQ(totals.eval_modules, 1U);
  EXPECT_EQ(model.modules[0].mode, Mode::train);
}

TEST(LiveModel, OutlivesTheNamesThatItWasTold) {
  LiveModel live("Net");
  {
    const std::string name(100, 'n');
    const std::string type(100, 'T');
    live.add_tensor(known(live.add_module(0, name, type, Mode::train), std::string(100, 'w'), {1}));
  }
  const Model model = std::move(live).finish();
  EXPECT_EQ(model.path_of(model.tensors[0]), std::string(100, 'n') + "." + std::string(100, 'w'));
  EXPECT_EQ(model.modules[1].type, std::string(100, 'T'));
}

TEST(LiveModel, CountsAModuleWithTwoNamesOnce) {
  LiveModel live("Net");
  const Index first = live.add_module(0, "a", "Linear", Mode::eval);
  live.add_tensor(known(first, "weight", {2, 3}));
  const Index second = live.add_alias(0, "b", first);
  const Model model = std::move(live).finish();
  EXPECT_EQ(model.modules[second].alias_of, first);
  EXPECT_EQ(model.modules[second].type, "Linear");
  EXPECT_EQ(model.modules[second].mode, Mode::eval);
  const Totals totals = summarize(model).totals;
  EXPECT_EQ(totals.modules, 1U);
  EXPECT_EQ(totals.parameters, Count(6));
}

TEST(LiveModel, TellsOfATensorWhatItWasTold) {
  LiveModel live("Net");
  LiveTensor buffer = known(0, "running", {4});
  buffer.role = Role::buffer;
  buffer.requires_grad = RequiresGrad::no;
  buffer.state = State::meta;
  LiveTensor sparse = known(0, "sparse", {100, 100});
  sparse.layout = Layout::sparse;
  sparse.stored_bytes = 60;
  live.add_tensor(buffer);
  live.add_tensor(sparse);
  live.add_tensor(known(0, "scalar", {}));
  const Model model = std::move(live).finish();
  EXPECT_EQ(model.tensors[0].role, Role::buffer);
  EXPECT_TRUE(model.tensors[0].role_recorded());
  EXPECT_EQ(model.tensors[0].requires_grad, RequiresGrad::no);
  EXPECT_EQ(model.tensors[0].state, State::meta);
  EXPECT_EQ(model.tensors[0].dtype, DType::float32);
  EXPECT_EQ(model.bytes(model.tensors[1]), Count(60));
  EXPECT_EQ(shape_of(model, 2), "[]");
  EXPECT_EQ(model.numel(model.tensors[2]), Count(1));
  EXPECT_FALSE(model.modules[0].lazy);
}

TEST(LiveModel, KnowsOfALazyTensorWhatItsLayerGivesAway) {
  LiveModel live("Net");
  const Index layer = live.add_module(0, "fc", "LazyLinear", Mode::train);
  live.know(layer, lazy_linear());
  live.add_tensor(lazy(layer, "weight"));
  live.add_tensor(lazy(layer, "bias"));
  const Model model = std::move(live).finish();
  EXPECT_EQ(shape_of(model, 0), "[5, in of fc]");
  EXPECT_EQ(shape_of(model, 1), "[5]");
  EXPECT_TRUE(model.modules[layer].lazy);
  EXPECT_FALSE(model.modules[0].lazy);
  const Totals totals = summarize(model).totals;  // 5·in + 5
  EXPECT_EQ(totals.parameters.known(), 5U);
  EXPECT_EQ(totals.parameters.evaluate({{0, 16}}), 85U);  // numel() of LazyLinear(5) after a forward on 16 features
  EXPECT_EQ(totals.uninitialized_parameters, 2U);
}

TEST(LiveModel, AsksTheLayerAboveToo) {
  LiveModel live("GAT");
  const Index conv = live.add_module(0, "conv", "GATv2Conv", Mode::train);
  live.know(conv, {{{"torch_geometric.nn.conv.gatv2_conv", "GATv2Conv"}},
                   {{"in_channels", LayerAttribute::Kind::number, {-1}}}});
  for (const char* name : {"lin_l", "lin_r"}) {
    const Index linear = live.add_module(conv, name, "Linear", Mode::train);
    live.know(linear,
              {{{"torch_geometric.nn.dense.linear", "Linear"}}, {{"out_channels", LayerAttribute::Kind::number, {8}}}});
    live.add_tensor(lazy(linear, "weight"));
  }
  const Model model = std::move(live).finish();
  EXPECT_EQ(shape_of(model, 0), "[8, in of conv]");
  EXPECT_EQ(shape_of(model, 1), "[8, in of conv]");
}

TEST(LiveModel, IsUnknownWhereNobodyToldOfTheLayer) {
  LiveModel live("Net");
  live.add_tensor(lazy(0, "weight"));
  const Model model = std::move(live).finish();
  EXPECT_EQ(shape_of(model, 0), "?");
  EXPECT_FALSE(summarize(model).totals.parameters.is_exact());
}

TEST(LiveModel, TakesTheShapeThatADryRunSawOfALazyTensor) {
  LiveModel live("Net");
  live.know(0, lazy_linear());
  LiveTensor tensor = lazy(0, "weight");
  tensor.shape = {5, 16};
  live.add_tensor(tensor);
  const Model model = std::move(live).finish();
  EXPECT_EQ(shape_of(model, 0), "[5, 16]");
  EXPECT_EQ(model.tensors[0].state, State::uninitialised);
  EXPECT_TRUE(model.modules[0].lazy);
}

TEST(LiveModel, CountsTiesOnce) {
  LiveModel live("GPT");
  const Index embedding = live.add_module(0, "wte", "Embedding", Mode::train);
  const Index head = live.add_module(0, "head", "Linear", Mode::train);
  const Index original = live.add_tensor(known(embedding, "weight", {10, 4}));
  LiveTensor by_number = known(head, "weight", {});
  by_number.shape.reset();
  by_number.tied_to = original;
  live.add_tensor(by_number);
  LiveTensor with_shape = known(head, "again", {10, 4});
  with_shape.tied_to = original;
  live.add_tensor(with_shape);
  const Model model = std::move(live).finish();
  EXPECT_EQ(shape_of(model, 1), "[10, 4]");
  EXPECT_EQ(model.tensors[1].tied_to, original);
  EXPECT_EQ(summarize(model).totals.parameters, Count(40));
  EXPECT_EQ(summarize(model).totals.tensors, 3U);
}

TEST(LiveModel, TiesLazyTensorsToo) {
  LiveModel live("Net");
  live.know(0, lazy_linear());
  const Index unknown = live.add_tensor(lazy(live.add_module(0, "own", "Own", Mode::train), "weight"));
  const Index weight = live.add_tensor(lazy(0, "weight"));
  for (const Index original : {unknown, weight}) {
    LiveTensor tied = lazy(0, fmt::format("tied{}", original));
    tied.tied_to = original;
    live.add_tensor(tied);
  }
  const Model model = std::move(live).finish();
  EXPECT_EQ(shape_of(model, 2), "?");
  EXPECT_EQ(shape_of(model, 3), "[5, in of ]");
  EXPECT_EQ(model.symbols.size(), 1U);
}

TEST(LiveModel, CountsPackedWeightsAsWhatTheyHold) {
  // bitsandbytes 0.50.2, Linear4bit(256, 256) after .to(): a uint8 weight of [32768, 1], quant_state.shape 256 x 256.
  LiveModel live("Linear4bit");
  LiveTensor weight = known(0, "weight", {32768, 1});
  weight.dtype = DType::uint8;
  weight.requires_grad = RequiresGrad::no;
  weight.stored_bytes = 32768;
  weight.scheme = Scheme::nf4;
  weight.logical = 65536;
  live.add_tensor(weight);
  live.add_tensor(known(0, "bias", {256}));
  LiveTensor scales = known(0, "absmax", {1024});  // of 64 weights each
  scales.role = Role::buffer;
  scales.stored_bytes = 4096;
  scales.is_overhead = true;
  live.add_tensor(scales);
  const Model model = std::move(live).finish();
  const Totals totals = summarize(model).totals;
  EXPECT_EQ(totals.parameters, Count(65792));
  EXPECT_EQ(totals.bytes, Count(32768 + 1024 + 4096));
  EXPECT_EQ(totals.overhead_bytes, 4096U);
  EXPECT_TRUE(totals.schemes.contains(Scheme::nf4));
}

TEST(LiveModel, HasARunForEachModuleOnceOneWasTold) {
  LiveModel live("Net");
  live.add_module(0, "fc", "Linear", Mode::eval);
  weigh::Run run;
  run.in = IOShape::tensor({Extent(2), Extent(3)});
  run.out = IOShape::dictionary({"y"}, {IOShape::tensor({Extent(2), Extent(4)})});
  run.flops = 48;
  run.calls = 1;
  run.witness = Witness::layer;
  live.set_run(1, run);
  live.add_module(0, "unused", "Linear", Mode::eval);
  const Model model = std::move(live).finish();
  ASSERT_EQ(model.runs.size(), 3U);
  EXPECT_EQ(model.runs[1].flops, Count(48));
  EXPECT_EQ(model.runs[1].out.keys, std::vector<std::string>{"y"});
  EXPECT_EQ(model.runs[2].calls, 0U);
  EXPECT_EQ(model.runs[2].witness, Witness::none);
}

TEST(LiveModel, KeepsNotes) {
  LiveModel live("Net");
  live.add_note({"forward-stopped", "fc", "why"});
  const Model model = std::move(live).finish();
  ASSERT_EQ(model.notes.size(), 1U);
  EXPECT_EQ(model.notes[0].code, "forward-stopped");
  EXPECT_EQ(model.notes[0].place, "fc");
  EXPECT_EQ(model.notes[0].message, "why");
}

TEST(LiveModel, RefusesModulesThatWereNotAdded) {
  LiveModel live("Net");
  live.add_module(0, "fc", "Linear", Mode::train);
  const std::string expected = "no module 2 was added before: there are 2";
  EXPECT_EQ(error_of([&] { live.set_mode(2, Mode::train); }), expected);
  EXPECT_EQ(error_of([&] { live.add_module(2, "x", "X", Mode::train); }), expected);
  EXPECT_EQ(error_of([&] { live.add_alias(2, "x", 1); }), expected);
  EXPECT_EQ(error_of([&] { live.add_alias(0, "x", 2); }), expected);
  EXPECT_EQ(error_of([&] { live.know(2, {}); }), expected);
  EXPECT_EQ(error_of([&] { live.add_tensor(known(2, "weight", {1})); }), expected);
  EXPECT_EQ(error_of([&] { live.set_run(2, {}); }), expected);
  const Model model = std::move(live).finish();
  EXPECT_EQ(model.modules.size(), 2U) << "what was refused left nothing behind";
  EXPECT_TRUE(model.tensors.empty());
}

TEST(LiveModel, RefusesTiesThatCannotBe) {
  LiveModel live("Net");
  const Index fc = live.add_module(0, "fc", "Linear", Mode::train);
  const Index original = live.add_tensor(known(fc, "weight", {2, 3}));
  LiveTensor tied = known(0, "weight", {3, 2});
  tied.tied_to = 7;
  EXPECT_EQ(error_of([&] { live.add_tensor(tied); }), "no tensor 7 was added before: there are 1");
  tied.tied_to = original;
  EXPECT_EQ(error_of([&] { live.add_tensor(tied); }), "'weight' and 'fc.weight' cannot be tied: their shapes differ");
  EXPECT_EQ(std::move(live).finish().tensors.size(), 1U);
}

TEST(LiveModel, RefusesMoreDimensionsThanAnyTensorHas) {
  LiveModel live("Net");
  const std::vector<std::uint64_t> ones(65, 1);
  EXPECT_EQ(error_of([&] { live.add_tensor(known(0, "weight", ones)); }),
            "'weight' has 65 dimensions, more than 64 (limit dimensions)");
}

}  // namespace
}  // namespace weigh
