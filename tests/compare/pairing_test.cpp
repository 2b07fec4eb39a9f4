// Which tensors of two models are the same: by name, through wrappers, by prefixes, by likeness.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/build.h"
#include "compare/described.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

// Layers of two matrices each, whose names begin with `prefix`.
void add_layers(testing::Build& b, const std::string& prefix, int count, const std::string& first = "up") {
  for (int i = 0; i < count; ++i) {
    b.add(fmt::format("{}layers.{}.{}.weight", prefix, i, first), {8, 4});
    b.add(fmt::format("{}layers.{}.down.weight", prefix, i), {4, 8});
  }
}

class Pairing : public ::testing::Test {
 protected:
  Diff found(const DiffOptions& options = {}) { return diff(a_.model(), b_.model(), options); }
  Lines lines(const DiffOptions& options = {}) { return testing::described(found(options)); }

  testing::Build a_, b_;
};

TEST_F(Pairing, OfOneModelHasNoDifference) {
  add_layers(a_, "model.", 3);
  add_layers(b_, "model.", 3);
  const Diff diff = found();
  EXPECT_TRUE(diff.is_equal());
  EXPECT_EQ(diff.equal, 6U);
  EXPECT_FALSE(diff.is_foreign());
}

TEST_F(Pairing, DoesNotAskForOneOrder) {
  for (const char* name : {"c", "a", "b"}) a_.add(std::string(name) + ".weight", {2});
  for (const char* name : {"a", "b", "c"}) b_.add(std::string(name) + ".weight", {2});
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(Pairing, LooksThroughWrappers) {
  a_.add("module.embed.weight", {4, 2});
  a_.add("module.blocks.0._orig_mod.q.base_layer.weight", {2, 2});
  a_.add("module.blocks.1._fsdp_wrapped_module.q._checkpoint_wrapped_module.weight", {2, 2});
  b_.add("embed.weight", {4, 2});
  b_.add("blocks.0.q.weight", {2, 2});
  b_.add("blocks.1.q.weight", {2, 2});
  const Diff diff = found();
  EXPECT_EQ(diff.equal, 3U);
  EXPECT_EQ(diff.moved, 3U);
  EXPECT_THAT(
      testing::described(diff),
      ElementsAre("moved module.* -> .* x1, 3 tensors, by convention 100 %",
                  "moved module.blocks.1._fsdp_wrapped_module.* -> blocks.1.* x1, 1 tensors, by convention 100 %",
                  "moved module.blocks.1._fsdp_wrapped_module.q._checkpoint_wrapped_module.* -> blocks.1.q.* x1, 1 "
                  "tensors, by convention 100 %",
                  "moved module.blocks.0._orig_mod.* -> blocks.0.* x1, 1 tensors, by convention 100 %",
                  "moved module.blocks.0._orig_mod.q.base_layer.* -> blocks.0.q.* x1, 1 tensors, by convention 100 "
                  "%"));
}

TEST_F(Pairing, LooksThroughWrappersOfTheSecond) {
  a_.add("fc.weight", {2, 2});
  b_.add("module.fc.weight", {2, 2});
  EXPECT_THAT(lines(), ElementsAre("moved .* -> module.* x1, 1 tensors, by convention 100 %"));
}

TEST_F(Pairing, FindsAPrefix) {
  add_layers(a_, "base_model.model.", 3);
  a_.add("head.weight", {2, 2});
  add_layers(b_, "", 3);
  b_.add("head.weight", {2, 2});
  EXPECT_THAT(lines(), ElementsAre("moved base_model.model.* -> .* x1, 6 tensors, derived 100 %"));
}

TEST_F(Pairing, FindsOnePrefixInThePlaceOfAnother) {
  add_layers(a_, "bert.encoder.", 3);
  add_layers(b_, "roberta.encoder.", 3);
  EXPECT_THAT(lines(), ElementsAre("moved bert.* -> roberta.* x1, 6 tensors, derived 100 %"));
}

TEST_F(Pairing, TakesPrefixesThatItIsToldForNoDifference) {
  add_layers(a_, "model.", 3);
  add_layers(b_, "", 3);
  EXPECT_THAT(lines({.maps = {{"model", ""}}}), IsEmpty());
}

TEST_F(Pairing, RefusesAPrefixThatIsNotThere) {
  add_layers(a_, "model.", 1);
  add_layers(b_, "", 1);
  const auto message = [&](const PrefixMap& map) -> std::string {
    try {
      (void)found({.maps = {map}});
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(message({"modul", ""}),
            "has no module 'modul' to map; nearest are model, model.layers.0.up, model.layers.0.down, "
            "model.layers.0, model.layers");
  EXPECT_EQ(message({"model", "layer"}),
            "has no module 'layer' to map; nearest are layers, layers.0, layers.0.up, layers.0.down");
}

TEST_F(Pairing, TakesOneRenamingInManyLayersForOne) {
  add_layers(a_, "", 61, "up");
  add_layers(b_, "", 61, "up_proj");
  EXPECT_THAT(lines(), ElementsAre("moved layers.0.up.* to layers.60.up.* -> layers.0.up_proj.* to layers.60.up_proj.* "
                                   "x61, 61 tensors, assumed 68 %"));
}

TEST_F(Pairing, TakesTheNearestNameOfOneShape) {
  a_.add("attn_query", {4, 4});
  b_.add("attn_key_norm", {4, 4});
  b_.add("attn_queries", {4, 4});
  b_.add("attn_quer", {4, 3});
  EXPECT_THAT(lines(), ElementsAre("moved attn_query -> attn_queries x1, 1 tensors, assumed 75 %",
                                   "came attn_key_norm x1", "came attn_quer x1"));
  EXPECT_THAT(lines({.least_likeness = 76}),
              ElementsAre("went attn_query x1", "came attn_key_norm x1", "came attn_queries x1", "came attn_quer x1"));
}

TEST_F(Pairing, PairsNamesWithDotsByTheirWholePaths) {
  a_.add("fc.weight", {2, 2});
  Tensor tensor;
  tensor.name = "fc.weight";
  tensor.dtype = DType::float32;
  tensor.requires_grad = RequiresGrad::yes;
  tensor.stored_bytes = 16;
  Model flat;
  Limits limits;
  const Extent two(2);
  ModelBuilder(flat, limits).add_to_module(tensor, std::vector<Extent>{two, two});
  EXPECT_THAT(testing::described(diff(a_.model(), flat)), IsEmpty());
}

TEST_F(Pairing, KnowsTwoModelsFromTwoStates) {
  add_layers(a_, "", 11);
  for (int i = 0; i < 30; ++i) b_.add(fmt::format("conv{}.kernel", i), {3, 3, 7, 7});
  b_.add("layers.0.up.weight", {8, 4});
  EXPECT_TRUE(found().is_foreign());
  b_.add("layers.1.up.weight", {8, 4});
  b_.add("layers.2.up.weight", {8, 4});
  EXPECT_FALSE(found().is_foreign());
}

}  // namespace
}  // namespace weigh
