#include "model/builder.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "model/walk.h"
#include "support/files.h"

namespace weigh {
namespace {

class Builder : public ::testing::Test {
 protected:
  Index add(std::string_view path, Index root = 0) {
    const std::vector<Extent> shape = {Extent(2), Extent(3)};
    return builder_.add_by_path({}, path, shape, root);
  }
  Index module(std::string_view path, Index root = 0) { return builder_.module(path, root); }

  // Paths of all modules but the root, in definition order.
  std::vector<std::string> modules() const {
    std::vector<std::string> paths;
    walk_modules(model_, -1, [&](Index index, std::uint32_t) {
      if (index != 0) paths.push_back(model_.path_of(index));
    });
    return paths;
  }
  std::string owner(Index tensor) const { return model_.path_of(model_.tensors[tensor].module); }

  Limits limits_;
  Model model_;
  ModelBuilder builder_{model_, limits_};
};

using Paths = std::vector<std::string>;

TEST_F(Builder, MakesModulesOfTheDotsInAName) {
  EXPECT_EQ(owner(add("model.layers.0.weight")), "model.layers.0");
  EXPECT_EQ(owner(add("model.layers.0.bias")), "model.layers.0");
  EXPECT_EQ(owner(add("model.layers.10.weight")), "model.layers.10");
  EXPECT_EQ(owner(add("model.norm")), "model");
  EXPECT_EQ(owner(add("scale")), "");
  EXPECT_EQ(modules(), (Paths{"model", "model.layers", "model.layers.0", "model.layers.10"}));
}

TEST_F(Builder, ThreadsTensorsThroughTheirModuleInTheOrderOfTheFile) {
  const Index a = add("fc.weight");
  add("other.weight");
  const Index b = add("fc.bias");
  const Module& fc = model_.modules[model_.tensors[a].module];
  EXPECT_EQ(fc.first_tensor, a);
  EXPECT_EQ(model_.tensors[a].next, b);
  EXPECT_EQ(fc.last_tensor, b);
  EXPECT_EQ(model_.tensors[b].next, kNone);
}

TEST_F(Builder, RecordsRankAndExtents) {
  add("a");
  const Tensor& second = model_.tensors[add("b")];
  EXPECT_EQ(second.rank, 2U);
  EXPECT_EQ(*model_.shape_begin(second), Extent(2));
  EXPECT_EQ(*(model_.shape_end(second) - 1), Extent(3));
}

TEST_F(Builder, KeepsAShapeOnce) {
  for (const char* path : {"a.w", "b.w", "c.w"}) add(path);
  EXPECT_EQ(model_.extents, (std::vector<Extent>{Extent(2), Extent(3)}));
  EXPECT_EQ(model_.tensors[2].first_extent, 0U);
}

// Model::nested_elements tells them apart by their extents.
TEST_F(Builder, KeepsShapesOfNestedTensorsApart) {
  Tensor nested;
  nested.layout = Layout::nested;
  const std::vector<Extent> shape = {Extent(2)};
  builder_.add_by_path(nested, "a", shape);
  EXPECT_EQ(model_.tensors[builder_.add_by_path(nested, "b", shape)].first_extent, 1U);
}

TEST_F(Builder, KeepsANameOnce) {
  add("a.weight");
  add("b.weight");
  EXPECT_EQ(model_.tensors[0].name.data(), model_.tensors[1].name.data());
}

TEST_F(Builder, NeedsNoNameAfterItsCall) {
  std::string path = "model.layers.0.weight";
  const Index tensor = add(path);
  path.assign(path.size(), 'x');
  EXPECT_EQ(model_.path_of(model_.tensors[tensor]), "model.layers.0.weight");
  EXPECT_EQ(owner(add("model.layers.0.bias")), "model.layers.0");
  EXPECT_EQ(model_.modules.size(), 4U);
}

TEST_F(Builder, KeepsAnUnknownRank) {
  Tensor tensor;
  tensor.rank = Tensor::kUnknownRank;
  EXPECT_FALSE(model_.tensors[builder_.add_by_path(tensor, "a", {})].rank_known());
}

TEST_F(Builder, TakesNamesWithEmptyComponents) {
  for (std::string_view path : {".w", "..w", ".a.w", "a..w", "a..b.w", "a.", "..", "a...w", ""}) {
    const Index tensor = add(path);
    EXPECT_EQ(model_.path_of(model_.tensors[tensor]), path);
    EXPECT_EQ(owner(tensor), path.substr(0, path.rfind('.') == path.npos ? 0 : path.rfind('.')));
    EXPECT_EQ(builder_.find(path), tensor) << '"' << path << '"';
  }
}

// Whatever came before it, and below the root of a section, too.
TEST_F(Builder, TellsEveryNameAsItStandsInTheFile) {
  const Index section = module("section");
  const std::vector<std::string> parts = {"", ".", "a", "..", "a.b", ".a", "a."};
  for (const std::string& first : parts)
    for (const std::string& second : parts)
      for (const std::string& third : parts) {
        const std::string path = first + second + third;
        if (builder_.find(path) != kNone) continue;
        const Index tensor = add(path);
        EXPECT_EQ(model_.path_of(model_.tensors[tensor]), path);
        EXPECT_EQ(model_.path_of(model_.tensors[add(path, section)]), "section." + path);
        EXPECT_EQ(builder_.find(path), tensor) << '"' << path << '"';
      }
}

TEST_F(Builder, DoesNotTakeAPrefixForAnAncestor) {
  add("conv1.weight");
  EXPECT_EQ(owner(add("conv10.weight")), "conv10");
  EXPECT_EQ(owner(add("conv.weight")), "conv");
  EXPECT_EQ(modules(), (Paths{"conv1", "conv10", "conv"}));
}

TEST_F(Builder, FindsAModuleAgainWhateverTheOrder) {
  for (std::string_view path : {"b.x.w", "a.y.w", "b.w", "c.w", "a.x.w", "b.x.v", "a.y.v", "a.w", "c.v"}) add(path);
  EXPECT_EQ(modules(), (Paths{"b", "b.x", "a", "a.y", "a.x", "c"}));
}

TEST_F(Builder, TellsManyUnsortedSiblingsApart) {
  constexpr int kMany = 2'000;
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < kMany; ++i) add("m." + std::to_string(i * 769 % kMany) + (round == 0 ? ".weight" : ".bias"));
  EXPECT_EQ(model_.modules.size(), 2U + kMany);
  for (std::size_t i = 2; i < model_.modules.size(); ++i)
    EXPECT_NE(model_.modules[i].first_tensor, model_.modules[i].last_tensor);
}

TEST_F(Builder, FindsTensorsByName) {
  const Index weight = add("a.b.weight");
  const Index bias = add("a.b.bias");
  const Index top = add("top");
  EXPECT_EQ(builder_.find("a.b.weight"), weight);
  EXPECT_EQ(builder_.find("a.b.bias"), bias);
  EXPECT_EQ(builder_.find("top"), top);
  for (std::string_view absent : {"a.b", "a", "a.b.c", "a.weight", "x.y.z", "weight", "", "a.b.weight.", ".top"})
    EXPECT_EQ(builder_.find(absent), kNone) << absent;
  EXPECT_EQ(modules(), (Paths{"a", "a.b"}));  // looking makes none
}

TEST_F(Builder, FindsTensorsOfACrowdedModule) {
  std::vector<Index> added;
  for (int i = 0; i < 100; ++i) added.push_back(add("list." + std::to_string(i)));
  const Index list = model_.tensors[added[0]].module;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(builder_.find_in_module(std::to_string(i), list), added[static_cast<std::size_t>(i)]);
    EXPECT_EQ(builder_.find("list." + std::to_string(i)), added[static_cast<std::size_t>(i)]);
  }
  EXPECT_EQ(builder_.find_in_module("100", list), kNone);
  EXPECT_EQ(builder_.find_in_module("50", 0), kNone);
}

TEST_F(Builder, BuildsBelowTheRootOfASection) {
  const Index first = module("state");
  const Index second = module("ema");
  EXPECT_EQ(owner(add("fc.weight", first)), "state.fc");
  EXPECT_EQ(owner(add("fc.weight", second)), "ema.fc");
  EXPECT_EQ(owner(add("scale", first)), "state");
  EXPECT_EQ(modules(), (Paths{"state", "state.fc", "ema", "ema.fc"}));
  EXPECT_EQ(builder_.find("fc.weight", second), 1U);
  EXPECT_EQ(builder_.find("scale", second), kNone);
  EXPECT_EQ(model_.path_of(model_.tensors[1]), "ema.fc.weight");
}

TEST_F(Builder, MakesATiedTensorAsItsOriginal) {
  Tensor original;
  original.dtype = DType::bfloat16;
  original.role = Role::buffer;
  original.role_evidence = Evidence::recorded;
  original.requires_grad = RequiresGrad::no;
  original.stored_bytes = 12;
  const std::vector<Extent> shape = {Extent(6)};
  Tensor tied;
  tied.tied_to = builder_.add_by_path(original, "a.weight", shape);
  const Tensor& copy = model_.tensors[builder_.add_by_path(tied, "b.weight", shape)];
  EXPECT_EQ(model_.path_of(copy), "b.weight");
  EXPECT_EQ(copy.tied_to, 0U);
  EXPECT_EQ(copy.dtype, DType::bfloat16);
  EXPECT_EQ(copy.role, Role::buffer);
  EXPECT_TRUE(copy.role_recorded());
  EXPECT_EQ(copy.requires_grad, RequiresGrad::no);
  EXPECT_EQ(copy.stored_bytes, 12U);
}

TEST_F(Builder, TiesToTheFirstOfSeveral) {
  add("a.w");
  for (const char* path : {"b.w", "c.w"}) {
    Tensor tied;
    tied.tied_to = static_cast<Index>(model_.tensors.size() - 1);
    builder_.add_by_path(tied, path, {});
  }
  EXPECT_EQ(model_.tensors[1].tied_to, 0U);
  EXPECT_EQ(model_.tensors[2].tied_to, 0U);
}

TEST_F(Builder, SortsSiblingsByNameAndNumbersByValue) {
  for (std::string_view path :
       {"b.10.w", "b.9.w", "b.x.w", "b.a.w", "b.1.w", "a.w", "b.007.w", "C.w", "b.-1.w", "b.99999999999999999999.w"})
    add(path);
  builder_.sort_siblings();
  EXPECT_EQ(modules(),
            (Paths{"C", "a", "b", "b.1", "b.007", "b.9", "b.10", "b.-1", "b.99999999999999999999", "b.a", "b.x"}));
  EXPECT_EQ(model_.modules[model_.modules[0].last_child].name, "b");
  EXPECT_EQ(owner(add("b.9.v")), "b.9");  // still found
}

TEST_F(Builder, RefusesNamesThatNestTooDeep) {
  model_.source = "deep.pt";
  limits_.module_depth = 4;
  add("a.b.c.w");
  EXPECT_EQ(testing::error_of([&] { add("a.b.c.d.w"); }), "deep.pt: the name 'a.b.c.d…' nests modules deeper than 4");
}

TEST_F(Builder, RefusesMoreTensorsThanTheLimit) {
  model_.source = "many.pt";
  limits_.tensors = 2;
  add("a");
  add("b");
  EXPECT_EQ(testing::error_of([&] { add("c"); }), "many.pt: holds more than 2 tensors");
}

TEST_F(Builder, GivesSymbolsTheirNumbers) {
  EXPECT_EQ(builder_.symbol("in", module("conv1")), 0U);
  EXPECT_EQ(builder_.symbol("in", module("conv2")), 1U);
  EXPECT_EQ(model_.symbols[1].name, "in");
  EXPECT_EQ(model_.path_of(model_.symbols[1].layer), "conv2");
}

TEST_F(Builder, WalksDownToADepth) {
  add("a.b.c.w");
  add("d.e.w");
  std::vector<std::string> seen;
  const auto note = [&](Index index, std::uint32_t depth) {
    seen.push_back(std::to_string(depth) + model_.path_of(index));
  };
  walk_modules(model_, 0, note);
  EXPECT_EQ(seen, Paths{"0"});
  seen.clear();
  walk_modules(model_, 2, note);
  EXPECT_EQ(seen, (Paths{"0", "1a", "2a.b", "1d", "2d.e"}));
}

}  // namespace
}  // namespace weigh
