// Tensors that contradict themselves or their storage, and odd ones that do not.
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

using Numbers = std::vector<std::int64_t>;

constexpr std::int64_t kHuge = std::int64_t{1} << 62;

// A state dict of one tensor, "w", with the storage "0" of 16 bytes.
std::string with(const std::string& tensor) {
  return torch_file(py::dict({{"w", tensor}}), {{"0", std::string(16, 'x')}});
}
std::string refusal_of(const std::string& tensor) {
  return error_of([&] { read_bytes(with(tensor)); });
}
std::string view(std::int64_t offset, const Numbers& shape, const Numbers& strides) {
  return py::tensor(py::storage("FloatStorage", "0", 4), offset, shape, strides);
}
std::string rebuild(const char* function, const std::vector<std::string>& arguments) {
  return py::call(py::global("torch._utils", function), arguments);
}

TEST(Tensor, LiesInItsStorage) {
  EXPECT_EQ(shape_of(read_bytes(with(view(0, {2, 2}, {2, 1}))), "w"), "[2, 2]");
  EXPECT_EQ(shape_of(read_bytes(with(view(3, {1}, {9}))), "w"), "[1]");
  EXPECT_EQ(refusal_of(view(0, {5}, {1})), "m: tensor 'w' reaches element 4 of storage '0', which holds 4");
  EXPECT_EQ(refusal_of(view(1, {2, 2}, {2, 1})), "m: tensor 'w' reaches element 4 of storage '0', which holds 4");
  EXPECT_EQ(refusal_of(view(4, {}, {})), "m: tensor 'w' reaches element 4 of storage '0', which holds 4");
  EXPECT_EQ(refusal_of(view(0, {5, 5}, {kHuge, kHuge})),
            "m: tensor 'w' reaches element 2^64 of storage '0', which holds 4");
}

TEST(Tensor, WithoutElementsLiesAnywhere) {
  EXPECT_EQ(shape_of(read_bytes(with(view(9, {0, 7}, {7, 1}))), "w"), "[0, 7]");
}

TEST(Tensor, OfPackedTypesLiesInItsStorage) {
  const std::string storage = py::storage("QUInt4x2Storage", "0", 16);
  const std::string quantizer =
      py::tuple({py::global("torch", "per_tensor_affine"), "G" + std::string(8, '\0'), "K\x01"});
  auto packed = [&](std::int64_t elements) {
    return rebuild("_rebuild_qtensor", {storage, py::integer(0), py::sizes({elements}), py::sizes({1}), quantizer,
                                        py::boolean(false), py::dict({})});
  };
  EXPECT_EQ(find(read_bytes(with(packed(32))), "w")->stored_bytes, 16U);
  EXPECT_EQ(refusal_of(packed(33)), "m: tensor 'w' needs 17 bytes of storage '0', which holds 16");
}

TEST(Tensor, GoesForward) { EXPECT_EQ(refusal_of(view(3, {4}, {-1})), "m: tensor 'w' has the negative stride -1"); }

TEST(Tensor, HasASizeAndAStrideForEachDimension) {
  EXPECT_EQ(refusal_of(view(0, {2, 2}, {1})), "m: tensor 'w' has 2 extents but 1 strides");
  EXPECT_EQ(refusal_of(view(0, {-1}, {1})), "m: tensor 'w' has an extent that is no size");
  EXPECT_EQ(refusal_of(view(-1, {1}, {1})), "m: tensor 'w' has no storage offset");
  EXPECT_EQ(refusal_of(view(0, Numbers(65, 1), Numbers(65, 1))),
            "m: tensor 'w' has 65 dimensions, more than 64 (limit dimensions)");
}

TEST(Tensor, HasElementsThat64BitsCount) {
  EXPECT_EQ(refusal_of(view(0, {kHuge, 4}, {0, 0})), "m: tensor 'w' has more elements than 64 bits count");
  EXPECT_EQ(refusal_of(view(0, {kHuge}, {0})), "m: tensor 'w' has more elements than 64 bits count");
}

TEST(Tensor, IsInAStorageThat64BitsCount) {
  EXPECT_EQ(refusal_of(py::tensor(py::storage("DoubleStorage", "0", kHuge), 0, {1}, {1})),
            "m: tensor 'w' is in storage '0' of 4611686018427387904 elements, which is more than 64 bits count");
}

TEST(Tensor, IsInAStorage) {
  EXPECT_EQ(refusal_of(py::tensor(py::none(), 0, {1}, {1})), "m: tensor 'w' refers to no storage");
  EXPECT_EQ(refusal_of(py::tensor(py::tuple({py::text("module")}) + "Q", 0, {1}, {1})),
            "m: tensor 'w' refers to no storage");
  EXPECT_EQ(refusal_of(rebuild("_rebuild_tensor_v2", {py::storage("FloatStorage", "0", 4)})),
            "m: tensor 'w' is made by torch._utils._rebuild_tensor_v2 with 1 arguments, needs 2 or more");
}

TEST(Tensor, InATarOnlyIsABareKey) {
  EXPECT_EQ(refusal_of(py::text("0") + "Q"), "m: tensor 'w' is not among the archive's tensors");
}

TEST(Tensor, OfTheDeviceMetaNeedsNoStorage) {
  const Model model =
      read_bytes(torch_file(py::dict({{"w", py::tensor(py::storage("FloatStorage", "0", 4, "meta"), 0, {4}, {1})}})));
  EXPECT_EQ(find(model, "w")->state, State::meta);
  EXPECT_EQ(find(model, "w")->stored_bytes, 0U);
  EXPECT_EQ(summarize(model).totals.parameters.known(), 4U);
}

TEST(Tensor, NestsOnlySoDeep) {
  std::string parameter = view(0, {1}, {1});
  for (int i = 0; i < 17; ++i) parameter = rebuild("_rebuild_parameter", {parameter, py::boolean(true), py::dict({})});
  EXPECT_EQ(refusal_of(parameter), "m: tensor 'w' nests tensors deeper than 16");
}

TEST(Tensor, ThatIsAParameterHoldsATensor) {
  EXPECT_EQ(refusal_of(rebuild("_rebuild_parameter", {py::dict({}), py::boolean(true), py::dict({})})),
            "m: tensor 'w' holds a value that is no tensor ('')");
}

TEST(Tensor, OfAnUnknownFunctionOfASubclassHasTheBytesOfItsParts) {
  const std::string made =
      py::call(py::global("torch._tensor", "_rebuild_from_type_v2"),
               {py::global("mine", "make"), py::global("mine", "Tensor"), py::tuple({view(0, {4}, {1})}), py::none()});
  const Model model = read_bytes(with(made));
  EXPECT_EQ(shape_of(model, "w"), "?");
  EXPECT_EQ(find(model, "w")->stored_bytes, 0U);
  EXPECT_EQ(find(model, "w")->layout, Layout::other);
}

TEST(Tensor, ThatIsSparseHasItsParts) {
  EXPECT_EQ(refusal_of(rebuild("_rebuild_sparse_tensor", {py::none(), py::tuple({view(0, {1}, {1})})})),
            "m: tensor 'w' is sparse with 1 tensors, needs 2 or 3 and a size");
}

TEST(StateDict, SetsAKeyOnce) {
  const std::string twice = "}(" + py::text("a.w") + view(0, {1}, {1}) + py::text("a.w") + view(1, {1}, {1}) + "u";
  EXPECT_EQ(error_of([&] {
              read_bytes(torch_file(twice, {{"0", std::string(16, 'x')}}));
            }),
            "m: the state dict sets 'a.w' twice; which one counts depends on the reader");
}

TEST(StateDict, SharesWhatIsOneMemory) {
  const std::string value = py::dict({{"a", view(0, {2}, {1})},
                                      {"same", view(0, {2}, {1})},
                                      {"beside", view(2, {2}, {1})},
                                      {"reshaped", view(0, {1, 2}, {2, 1})}});
  const Model model = read_bytes(torch_file(value, {{"0", std::string(16, 'x')}}));
  EXPECT_EQ(find(model, "same")->tied_to, 0U);
  EXPECT_EQ(find(model, "beside")->tied_to, kNone);
  EXPECT_EQ(find(model, "reshaped")->tied_to, kNone);
}

TEST(StateDict, HasNamesThatAreNotLong) {
  const std::string name(65'536, 'n');
  EXPECT_EQ(error_of([&] {
              read_bytes(torch_file(py::dict({{name, view(0, {1}, {1})}})));
            }),
            "m: the name '" + name.substr(0, 60) + "…' is longer than 65536 bytes (limit name_bytes)");
}

}  // namespace
}  // namespace weigh::testing
