#include "weigh/model.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "model/builder.h"

namespace weigh {
namespace {

// A model of one tensor.
class OneTensor : public ::testing::Test {
 protected:
  const Tensor& add(Tensor tensor, const std::vector<Extent>& shape) {
    ModelBuilder builder(model_, limits_);
    return model_.tensors[builder.add_by_path(tensor, "t", shape)];
  }
  static Tensor of(DType dtype, State state = State::initialised, Layout layout = Layout::strided) {
    Tensor tensor;
    tensor.dtype = dtype;
    tensor.state = state;
    tensor.layout = layout;
    return tensor;
  }

  Limits limits_;
  Model model_;
};

TEST_F(OneTensor, HasTheProductOfItsExtents) {
  const Tensor& tensor = add(of(DType::float16), {Extent(3), Extent(5), Extent(7)});
  EXPECT_EQ(model_.numel(tensor), Count(105));
  EXPECT_EQ(model_.bytes(tensor), Count(210));
}

TEST_F(OneTensor, OfRankZeroHasOneElement) { EXPECT_EQ(model_.numel(add(of(DType::float32), {})), Count(1)); }

TEST_F(OneTensor, WithAnExtentOfZeroHasNone) {
  const Tensor& tensor = add(of(DType::float32), {Extent(4), Extent(0)});
  EXPECT_EQ(model_.numel(tensor), Count());
  EXPECT_EQ(model_.bytes(tensor), Count());
}

TEST_F(OneTensor, OfUnknownRankMayHaveAnyNumberOfElements) {
  Tensor tensor = of(DType::float32, State::uninitialised);
  tensor.rank = Tensor::kUnknownRank;
  const Tensor& added = add(tensor, {});
  EXPECT_EQ(model_.numel(added), Count::unknown());
  EXPECT_EQ(model_.bytes(added), Count::unknown() * 4);
}

TEST_F(OneTensor, NotInitialisedIsAnExpression) {
  const Tensor& tensor = add(of(DType::float32, State::uninitialised), {Extent(8), Extent::unknown(0)});
  const Count in = Count::of(Extent::unknown(0));
  EXPECT_EQ(model_.numel(tensor), in * 8);
  EXPECT_EQ(model_.bytes(tensor), in * 32);
}

TEST_F(OneTensor, NotInitialisedAndOfUnknownTypeHasUnknownBytes) {
  const Tensor& tensor = add(of(DType::unknown, State::uninitialised), {Extent(8)});
  EXPECT_EQ(model_.numel(tensor), Count(8));
  EXPECT_EQ(model_.bytes(tensor), Count::unknown());
}

TEST_F(OneTensor, OnMetaHasTheBytesOfItsShape) {
  EXPECT_EQ(model_.bytes(add(of(DType::float64, State::meta), {Extent(10)})), Count(80));
}

TEST_F(OneTensor, InAMissingFileHasUnknownBytes) {
  Tensor tensor = of(DType::unknown, State::missing);
  tensor.rank = Tensor::kUnknownRank;
  const Tensor& added = add(tensor, {});
  EXPECT_EQ(model_.numel(added), Count::unknown());
  EXPECT_EQ(model_.bytes(added), Count::unknown());
}

TEST_F(OneTensor, OfUnknownTypeHasItsStoredBytes) {
  Tensor tensor = of(DType::unknown);
  tensor.stored_bytes = 77;
  EXPECT_EQ(model_.bytes(add(tensor, {Extent(10)})), Count(77));
}

TEST_F(OneTensor, OfALayoutOfItsOwnHasItsStoredBytes) {
  for (Layout layout : {Layout::sparse, Layout::quantized, Layout::nested, Layout::other}) {
    Tensor tensor = of(DType::float32, State::initialised, layout);
    tensor.stored_bytes = 12;
    const Tensor& added = add(tensor, {Extent(1000)});
    EXPECT_EQ(model_.numel(added), Count(1000));
    EXPECT_EQ(model_.bytes(added), Count(12));
  }
}

TEST_F(OneTensor, OnMetaOfALayoutOfItsOwnHasTheBytesOfItsShape) {
  EXPECT_EQ(model_.bytes(add(of(DType::float32, State::meta, Layout::sparse), {Extent(1000)})), Count(4000));
}

TEST_F(OneTensor, StridedHasTheBytesOfItsShapeWhateverIsStored) {
  Tensor tensor = of(DType::float32);
  tensor.stored_bytes = 4;  // expanded: every element is the same one
  EXPECT_EQ(model_.bytes(add(tensor, {Extent(1000)})), Count(4000));
}

TEST_F(OneTensor, OfLessThanAByteAnElementIsRoundedUpToAByte) {
  const auto bytes_of = [this](DType dtype, std::uint64_t elements) {
    return model_.bytes(add(of(dtype), {Extent(elements)})).known();
  };
  EXPECT_EQ(bytes_of(DType::float4_e2m1fn, 6), 3U);
  EXPECT_EQ(bytes_of(DType::float4_e2m1fn, 7), 4U);
  EXPECT_EQ(bytes_of(DType::float6_e2m3fn, 4), 3U);
  EXPECT_EQ(bytes_of(DType::float6_e2m3fn, 5), 4U);
  EXPECT_EQ(bytes_of(DType::quint2x4, 1), 1U);
  EXPECT_EQ(bytes_of(DType::quint2x4, 0), 0U);
}

TEST_F(OneTensor, OfLessThanAByteAnElementDoesNotOverflow) {
  const Tensor& tensor = add(of(DType::float4_e2m1fn), {Extent(std::uint64_t{1} << 62)});
  EXPECT_EQ(model_.bytes(tensor), Count(std::uint64_t{1} << 61));
}

TEST_F(OneTensor, OfPartsThatDifferInShapeHasTheElementsThatWereCounted) {
  add(of(DType::float32, State::initialised, Layout::nested), {Extent(2), Extent::unknown(kNameless)});
  add(of(DType::float32, State::initialised, Layout::nested), {Extent(3), Extent::unknown(kNameless)});
  model_.nested_elements = {{model_.tensors[0].first_extent, 10}, {model_.tensors[1].first_extent, 11}};
  EXPECT_EQ(model_.numel(model_.tensors[0]), Count(10));
  EXPECT_EQ(model_.numel(model_.tensors[1]), Count(11));
  model_.nested_elements.pop_back();
  EXPECT_EQ(model_.numel(model_.tensors[1]), Count::unknown() * 3);
}

TEST(Model, BeginsWithItsRootAndOneSection) {
  const Model model;
  ASSERT_EQ(model.modules.size(), 1U);
  EXPECT_EQ(model.path_of(0), "");
  EXPECT_EQ(model.modules[0].parent, kNone);
  ASSERT_EQ(model.sections.size(), 1U);
  EXPECT_EQ(model.sections[0].kind, SectionKind::model);
}

TEST(Model, KeepsText) {
  Model model;
  std::vector<std::string> texts = {"weight", std::string(16'384, 'a'), std::string(16'385, 'b'),
                                    std::string(1'000'000, 'c'), "bias"};
  for (int i = 0; i < 100; ++i) texts.emplace_back(997, static_cast<char>('d' + i % 20));  // more than one chunk
  std::vector<std::string_view> kept;
  for (const std::string& text : texts) kept.push_back(model.keep(text));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(kept[i], texts[i]);
    EXPECT_NE(kept[i].data(), texts[i].data());
  }
}

TEST(Model, KeepsEmptyText) { EXPECT_EQ(Model().keep(""), ""); }

TEST(Model, KeepsTextWhenItIsMoved) {
  Model model;
  const std::string_view small = model.keep("small");
  const std::string_view large = model.keep(std::string(100'000, 'x'));
  const Model moved = std::move(model);
  EXPECT_EQ(small, "small");
  EXPECT_EQ(large, std::string(100'000, 'x'));
  EXPECT_EQ(moved.modules.size(), 1U);
}

// A module called `name` in `parent`.
Index add(Model& model, Index parent, std::string_view name) {
  Module module;
  module.name = name;
  module.parent = parent;
  model.modules.push_back(module);
  return static_cast<Index>(model.modules.size() - 1);
}

TEST(Model, ComposesPaths) {
  Model model;
  const Index layers = add(model, add(model, 0, "model"), "layers");
  const Index tenth = add(model, layers, "10");
  EXPECT_EQ(model.path_of(0), "");
  EXPECT_EQ(model.path_of(layers), "model.layers");
  EXPECT_EQ(model.path_of(tenth), "model.layers.10");
  EXPECT_EQ(model.path_of(tenth, "weight"), "model.layers.10.weight");
  EXPECT_EQ(model.path_of(0, "weight"), "weight");
  Tensor tensor;
  tensor.name = "bias";
  tensor.module = layers;
  EXPECT_EQ(model.path_of(tensor), "model.layers.bias");
}

TEST(Model, ComposesPathsOfEmptyNames) {
  Model model;
  const Index nameless = add(model, 0, "");
  EXPECT_EQ(model.path_of(nameless), "");
  EXPECT_EQ(model.path_of(nameless, "w"), ".w");
  EXPECT_EQ(model.path_of(nameless, ""), ".");
  EXPECT_EQ(model.path_of(add(model, nameless, "")), ".");
  EXPECT_EQ(model.path_of(add(model, nameless, "a"), "w"), ".a.w");
}

}  // namespace
}  // namespace weigh
