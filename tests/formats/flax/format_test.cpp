// Flax: fixtures against what jax says of the trees, and each rule broken once.
#include "formats/flax/format.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

const Json& expectations() {
  static const Json all = testing::expected("flax");
  return all;
}

std::string refusal(const std::string& bytes) {
  return error_of([&] {
    Model model;
    model.source = "m";
    read_flax(*memory_source("m", bytes), {}, model);
  });
}

class FlaxFixture : public ::testing::TestWithParam<const char*> {};

TEST_P(FlaxFixture, IsWhatJaxSays) {
  const Json& expected = expectations().at(GetParam());
  const std::string bytes = file(std::string("flax/") + GetParam());
  const Model model = read_bytes(bytes);
  EXPECT_EQ(model.format, "Flax");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(described(model), expected["arrays"]);
  const Totals& totals = summarize(model).totals;
  EXPECT_EQ((totals.parameters + totals.buffers).known(), expected["elements"]);
  EXPECT_EQ(totals.optimizer_tensors, expected["optimizer_tensors"]);
  EXPECT_EQ(totals.optimizer_bytes, expected["optimizer_bytes"]);
}

TEST_P(FlaxFixture, CutShortIsRefused) {
  const std::string bytes = file(std::string("flax/") + GetParam());
  const std::size_t refused = every_prefix(bytes, [](std::string_view prefix) {
    Model model;
    read_flax(*memory_source("m", prefix), {}, model);
  });
  EXPECT_EQ(refused, bytes.size());
}

INSTANTIATE_TEST_SUITE_P(All, FlaxFixture,
                         ::testing::Values("params.msgpack", "variables.msgpack", "state.msgpack", "types.msgpack",
                                           "chunked.msgpack"));

TEST(Flax, StatisticsOfAModelsVariablesAreBuffers) {
  const Model model = read_bytes(file("flax/variables.msgpack"));
  EXPECT_EQ(find(model, "batch_stats.BatchNorm_0.mean")->role, Role::buffer);
  EXPECT_TRUE(find(model, "batch_stats.BatchNorm_0.mean")->role_recorded());
  EXPECT_EQ(find(model, "params.BatchNorm_0.scale")->role, Role::parameter);
}

TEST(Flax, TellsWhereArraysLie) {
  ReadOptions options;
  options.locations = true;
  const std::string bytes = file("flax/params.msgpack");
  const Model model = read(*memory_folder("", {{"m", bytes}}), "m", options);
  const Tensor* scale = find(model, "BatchNorm_0.scale");
  ASSERT_NE(scale, nullptr);
  const Location& location = model.locations[model.index_of(*scale)];
  EXPECT_EQ(bytes.substr(location.offset, 4), std::string("\0\0\x80\x3f", 4));  // 1
}

// The bytes of an array of a megabyte are passed over.
TEST(Flax, IsReadWithoutItsWeights) {
  const std::string array = "\x93\x91\xce" + std::string("\0\x04\0\0", 4) +
                            "\xa7"
                            "float32\xc6" +
                            std::string("\0\x10\0\0", 4) + std::string(1 << 20, 'w');
  const std::uint32_t length = static_cast<std::uint32_t>(array.size());
  std::string bytes = "\x81\xa1w\xc9";
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift);
  bytes += "\x01" + array;
  const auto source = memory_source("m", bytes);
  Glance glance(*source);
  EXPECT_TRUE(matches_flax(glance));
  Model model;
  read_flax(*source, {}, model);
  EXPECT_EQ(summarize(model).totals.parameters, Count(1 << 18));
  EXPECT_LT(source->bytes_read(), 1024U);
}

std::string leaf(std::string_view shape, std::string_view type, std::string_view data) {
  const std::string body = "\x93" + std::string(shape) + static_cast<char>(0xa0 + type.size()) + std::string(type) +
                           "\xc4" + static_cast<char>(data.size()) + std::string(data);
  return std::string("\xc7") + static_cast<char>(body.size()) + "\x01" + body;
}

TEST(Flax, ArraysHaveTheBytesOfTheirShape) {
  EXPECT_EQ(refusal("\x81\xa1w" + leaf("\x91\x03", "float32", "12345678")),
            "m: 'w' has 3 elements of float32, but 8 bytes (at byte 17)");
  EXPECT_EQ(refusal("\x81\xa1w" + leaf("\x92\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\x04", "float32", "")),
            "m: the shape of 'w' has more than 2^63 elements (at byte 26)");
  EXPECT_EQ(refusal("\x81\xa1w" + leaf("\x91\xff", "float32", "")),
            "m: an extent of 'w' is no number that it can be (at byte 8)");
}

TEST(Flax, NamesStandOnce) {
  const std::string w = leaf("\x91\x01", "float32", "1234");
  EXPECT_EQ(refusal("\x82\xa1w" + w + "\xa1w" + w), "m: 'w' stands twice");
}

TEST(Flax, LengthsLieInTheFile) {
  EXPECT_EQ(refusal("\xdf\xff\xff\xff\xff"),
            "m: a value needs 8589934590 bytes, 0 are left; is the download incomplete? (at byte 5)");
  EXPECT_EQ(refusal("\x81\xdb\xff\xff\xff\xff"),
            "m: a value needs 4294967295 bytes, 0 are left; is the download incomplete? (at byte 6)");
  EXPECT_EQ(refusal("\x81\xa1w" + leaf("\x91\x01", "float32", "1234") + "more"),
            "m: 4 bytes follow the last value (at byte 23)");
  EXPECT_EQ(refusal("\x81\xa1w\xc1"), "m: has a value of type 0xc1, which msgpack does not know (at byte 3)");
}

TEST(Flax, NamesAreNotNestedDeeply) {
  std::string bytes;
  for (int i = 0; i < 300; ++i)
    bytes +=
        "\x81\xa1"
        "a";
  EXPECT_EQ(refusal(bytes + "\xc0"), "m: nests names deeper than 256 (limit module_depth)");
}

TEST(Flax, IsToldByMapsThatLeadToAnArray) {
  const auto is_flax = [](const std::string& bytes) {
    const auto source = memory_source("m", bytes);
    Glance glance(*source);
    return matches_flax(glance);
  };
  EXPECT_TRUE(is_flax(file("flax/state.msgpack")));
  EXPECT_FALSE(is_flax("\x81\xa1w\xc0"));                                       // names, but no array
  EXPECT_FALSE(is_flax("\x81\xa1w\xc4\x01x"));                                  // other msgpack
  EXPECT_FALSE(is_flax("\x80\x02}q\x00."));                                     // a pickle
  EXPECT_FALSE(is_flax("\x81\xa1\x01" + leaf("\x91\x01", "float32", "1234")));  // a name that is none
  EXPECT_FALSE(is_flax("\x81\xa1w" + leaf("\x91\x01", "nothing", "1234")));
}

}  // namespace
}  // namespace weigh::testing
