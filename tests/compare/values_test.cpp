// How far apart weights are. Small floats as torch has them (torch.tensor([bits], dtype=torch.uint8).view(dtype)).
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "compare/numbers.h"
#include "support/made_files.h"
#include "support/scratch_folder.h"

#include "weigh/diff.h"
#include "weigh/read.h"

namespace weigh {
namespace {

// How far a number with these bits is from zero.
template <class Bits>
double from_zero(DType dtype, Bits bits) {
  std::array<char, sizeof(Bits)> number;
  std::memcpy(number.data(), &bits, sizeof(Bits));
  const std::array<char, sizeof(Bits)> zero = {};
  Distance distance;
  add_distance(dtype, number, zero, distance);
  EXPECT_EQ(distance.elements, 1U);
  return distance.not_numbers > 0 ? -1 : distance.largest;
}

TEST(Numbers, AreThoseOfTorch) {
  EXPECT_EQ(from_zero(DType::float16, std::uint16_t{0x3C00}), 1);
  EXPECT_EQ(from_zero(DType::float16, std::uint16_t{0x8001}), 0x1p-24);
  EXPECT_EQ(from_zero(DType::float16, std::uint16_t{0x7BFF}), 65504);
  EXPECT_EQ(from_zero(DType::float16, std::uint16_t{0x7C00}), -1);
  EXPECT_EQ(from_zero(DType::float16, std::uint16_t{0x7E00}), -1);
  EXPECT_EQ(from_zero(DType::bfloat16, std::uint16_t{0xBF80}), 1);
  EXPECT_EQ(from_zero(DType::bfloat16, std::uint16_t{0x7F80}), -1);
  const auto eight = [](DType dtype, unsigned bits) { return from_zero(dtype, static_cast<std::uint8_t>(bits)); };
  EXPECT_EQ(eight(DType::float8_e4m3fn, 0x7E), 448);
  EXPECT_EQ(eight(DType::float8_e4m3fn, 0x01), 0x1p-9);
  EXPECT_EQ(eight(DType::float8_e4m3fn, 0xFF), -1);
  EXPECT_EQ(eight(DType::float8_e4m3fnuz, 0x7F), 240);
  EXPECT_EQ(eight(DType::float8_e4m3fnuz, 0x80), -1);
  EXPECT_EQ(eight(DType::float8_e5m2, 0x7B), 57344);
  EXPECT_EQ(eight(DType::float8_e5m2, 0x01), 0x1p-16);
  EXPECT_EQ(eight(DType::float8_e5m2, 0x7C), -1);
  EXPECT_EQ(eight(DType::float8_e5m2fnuz, 0x7F), 57344);
  EXPECT_EQ(eight(DType::float8_e5m2fnuz, 0x01), 0x1p-17);
  EXPECT_EQ(eight(DType::int8, 0xFF), 1);
  EXPECT_EQ(eight(DType::uint8, 0xFF), 255);
}

TEST(Numbers, OfPackedTypesAreBytes) {
  Distance distance;
  add_distance(DType::q4_0, std::string_view("abcd"), std::string_view("abxy"), distance);
  EXPECT_FALSE(distance.has_numbers);
  EXPECT_EQ(distance.elements, 4U);
  EXPECT_EQ(distance.differing, 2U);
}

class Values : public ::testing::Test {
 protected:
  // A file of float32 numbers, one tensor "w".
  Model model(const std::string& name, const std::vector<float>& numbers) {
    std::string data(numbers.size() * 4, '\0');
    std::memcpy(data.data(), numbers.data(), data.size());
    const std::string header =
        "{" + testing::entry("w", "F32", fmt::format("[{}]", numbers.size()), fmt::format("[0,{}]", data.size())) + "}";
    std::ofstream(folder_.path_of(name), std::ios::binary) << testing::safetensors(header) << data;
    ReadOptions options;
    options.locations = true;
    return read(folder_.path_of(name), options);
  }

  const testing::ScratchFolder folder_;
};

TEST_F(Values, AreComparedNumberByNumber) {
  const Model a = model("a.safetensors", {1, 2, 3, 4});
  const Model b = model("b.safetensors", {1, 2.5, 3, 3});
  EXPECT_TRUE(diff(a, b).is_equal());
  const Diff found = diff(a, b, {.values = true});
  ASSERT_EQ(found.differences.size(), 1U);
  const Distance& distance = found.differences[0].distance;
  EXPECT_TRUE(found.differences[0].facts.contains(Fact::values));
  EXPECT_EQ(distance.elements, 4U);
  EXPECT_EQ(distance.differing, 2U);
  EXPECT_EQ(distance.largest, 1);
  EXPECT_EQ(distance.mean(), 0.375);
  EXPECT_EQ(found.not_compared, 0U);
}

TEST_F(Values, OfManyPiecesAreOneTensor) {
  std::vector<float> numbers(5'000'000, 1);  // 20 MB: three pieces of 8 MiB
  const Model a = model("a.safetensors", numbers);
  EXPECT_TRUE(diff(a, a, {.values = true}).is_equal());
  numbers.front() = 3;
  numbers[2'500'000] = 0;
  numbers.back() = 2;
  const Model b = model("b.safetensors", numbers);
  const Diff found = diff(a, b, {.values = true});
  ASSERT_EQ(found.differences.size(), 1U);
  EXPECT_EQ(found.differences[0].distance.elements, 5'000'000U);
  EXPECT_EQ(found.differences[0].distance.differing, 3U);
  EXPECT_EQ(found.differences[0].distance.largest, 2);
  EXPECT_EQ(found.differences[0].distance.sum, 4);
}

TEST_F(Values, OfAModelThatDoesNotTellWhereTheyLieAreNotCompared) {
  const Model a = model("a.safetensors", {1, 2});
  const Model b = read(folder_.path_of("a.safetensors"));
  const Diff found = diff(a, b, {.values = true});
  EXPECT_EQ(found.not_compared, 1U);
  EXPECT_EQ(found.not_compared_why, "w does not lie in one piece in the second, or is compressed there");
}

TEST_F(Values, OfAMissingFileAreNotCompared) {
  testing::Build b;
  b.add("w", {2}).state = State::missing;
  DiffOptions options;
  options.values = true;
  const Diff found = diff(b.model(), b.model(), options);
  EXPECT_TRUE(found.is_equal());
  EXPECT_EQ(found.not_compared, 1U);
  EXPECT_EQ(found.not_compared_why, "w is in a file that is missing");
}

TEST_F(Values, OfATransposeAreNotCompared) {
  const Model a = model("a.safetensors", {1, 2, 3, 4});
  Model b = model("b.safetensors", {1, 2, 3, 5});
  b.locations[0].strides = {1};  // as PyTorch tells of what lies row by row
  EXPECT_EQ(diff(a, b, {.values = true}).differences.size(), 1U);
  b.locations[0].strides = {2};
  EXPECT_EQ(diff(a, b, {.values = true}).not_compared_why, "w does not lie row by row");
}

TEST_F(Values, OfAFileThatShrankAreAnError) {
  const Model a = model("a.safetensors", {1, 2});
  const Model b = model("b.safetensors", {1, 2});
  const std::string path = folder_.path_of("b.safetensors");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 4);
  EXPECT_THROW((void)diff(a, b, {.values = true}), Error);
}

}  // namespace
}  // namespace weigh
