// Flax and Orbax: fixtures against what jax says of the trees, and each rule broken once.
#include "formats/flax.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "formats/made_files.h"
#include "support/files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using Json = nlohmann::json;

const Json& expectations() {
  static const Json all = Json::parse(file("flax/expected.json"));
  return all;
}

Json described(const Model& model) {
  Json all = Json::object();
  for (const Tensor& tensor : model.tensors) {
    Json& one = all[model.path_of(tensor)];
    one["dtype"] = name(tensor.dtype);
    one["shape"] = Json::array();
    if (!tensor.rank_known()) continue;
    for (const Extent* extent = model.shape_begin(tensor); extent != model.shape_end(tensor); ++extent)
      one["shape"].push_back(extent->size());
  }
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
  EXPECT_TRUE(find(model, "batch_stats.BatchNorm_0.mean")->role_recorded);
  EXPECT_EQ(find(model, "params.BatchNorm_0.scale")->role, Role::parameter);
}

TEST(Flax, TellsWhereArraysLie) {
  ReadOptions options;
  options.locations = true;
  const std::string bytes = file("flax/params.msgpack");
  const Model model = read(*memory_folder("", {{"m", bytes}}), "m", options);
  const Tensor* scale = find(model, "BatchNorm_0.scale");
  ASSERT_NE(scale, nullptr);
  const Location& location = model.locations[static_cast<std::size_t>(scale - model.tensors.data())];
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

class OrbaxFixture : public ::testing::TestWithParam<const char*> {};

TEST_P(OrbaxFixture, IsWhatJaxSays) {
  const std::string name = GetParam();
  const Json expected = expectations().at(name);
  const Model model = read_files(files_of("flax/" + name), "");
  EXPECT_EQ(model.format, "Orbax");
  EXPECT_EQ(model.kind, name.starts_with("zarr") ? "Zarr" : "OCDBT");
  EXPECT_EQ(described(model), expected["arrays"]);
  const Summary summary = summarize(model);
  EXPECT_EQ(summary.totals.parameters, Count(expected["elements"].get<std::uint64_t>()));
  EXPECT_TRUE(summary.totals.bytes.is_exact());
  EXPECT_EQ(summary.totals.optimizer_tensors, expected["optimizer_tensors"]);
  EXPECT_EQ(summary.totals.optimizer_bytes, expected["optimizer_bytes"]);
  EXPECT_EQ(notes_of(model), "");
}

INSTANTIATE_TEST_SUITE_P(All, OrbaxFixture, ::testing::Values("zarr", "zarr3", "ocdbt", "sharded", "manager/5"));

TEST(Orbax, ArraysThatAreMissingAreNoted) {
  auto files = files_of("flax/zarr");
  files.erase("params.Dense_0.kernel/.zarray");
  EXPECT_EQ(notes_of(read_files(files, "")),
            "missing-weight params.Dense_0.kernel: has no folder of its own; is the copy complete?\n");
  files = files_of("flax/ocdbt");
  std::string& tree = files["_METADATA"];
  for (std::size_t at; (at = tree.find("Conv_0")) != std::string::npos;) tree.replace(at, 6, "Conv_9");
  const std::string notes = notes_of(read_files(files, ""));
  EXPECT_TRUE(notes.starts_with("missing-weight ")) << notes;
  EXPECT_NE(notes.find("params.Conv_9.kernel: is not in the database; is the copy complete?\n"), std::string::npos);
}

// Names are told by _METADATA, all else by the database.
TEST(Orbax, WithoutItsDatabaseItHasNamesAlone) {
  auto files = files_of("flax/sharded");
  const auto check = [&](const std::string& note) {
    const Model model = read_files(files, "");
    EXPECT_EQ(notes_of(model), note);
    EXPECT_EQ(shape_of(model, "wide"), "?");
    EXPECT_FALSE(summarize(model).totals.parameters.is_exact());
    EXPECT_EQ(model.tensors.size(), 4U);
  };
  std::string data;
  for (const auto& [name, bytes] : files)
    if (name.starts_with("d/")) data = name;
  files.erase(data);
  check("unread-database " + data +
        ": cannot be opened: No such file or directory; the shapes and types of the arrays are not known\n");
  files.erase("manifest.ocdbt");
  check(
      "missing-file manifest.ocdbt: is not there; it leads to the shapes and types of the arrays, which are not "
      "known\n");
}

TEST(Orbax, ADamagedDatabaseIsRefused) {
  auto files = files_of("flax/ocdbt");
  files["manifest.ocdbt"].resize(40);
  EXPECT_EQ(error_of([&] { read_files(files, ""); }),
            "manifest.ocdbt: the manifest of the database: it says that it has 113 bytes, but has 40; is the file "
            "incomplete?");
}

TEST(Orbax, NamesDoNotLeaveTheFolder) {
  const std::string tree =
      R"({"tree_metadata":{"x":{"key_metadata":[{"key":"../x"}],"value_metadata":{"value_type":"jax.Array"}}}})";
  EXPECT_NE(error_of([&] { read_files({{"_METADATA", tree}}, ""); }), "");
}

TEST(Orbax, WithoutATreeIsRefused) {
  EXPECT_EQ(error_of([&] {
              read(*memory_folder("step", {{"_CHECKPOINT_METADATA", "{}"}}), "");
            }),
            "step: is a checkpoint of Orbax without arrays: no folder in it has a _METADATA");
  EXPECT_EQ(error_of([&] {
              read(*memory_folder("step", {{"_METADATA", "{"}}), "");
            }),
            "step/_METADATA: the JSON text of 1 bytes is malformed: an array or object has no end (at byte 0)");
}

}  // namespace
}  // namespace weigh::testing
