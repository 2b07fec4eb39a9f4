// HDF5 files made by hand: each rule of Keras broken once.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "formats/keras/format.h"
#include "support/files.h"
#include "support/made_files.h"
#include "wire/hdf5_builder.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using namespace h5;

std::string refusal(const std::string& bytes) {
  return error_of([&] { read_bytes(bytes); });
}

TEST(Hdf5, DataSetsShareNoBytes) {
  const std::uint64_t size = data_set(2, 0, 8).size();
  const std::string links = link("a", kRoot + 200) + link("b", kRoot + 200 + size);
  std::string root = header(links);
  root.resize(200);
  const std::uint64_t data = kRoot + 200 + 2 * size;
  EXPECT_EQ(refusal(h5::file(root + data_set(2, data, 8) + data_set(2, data + 4, 8) + std::string(16, 'w'))),
            "m: data set 'b' begins at byte " + std::to_string(data + 4) + ", but 'a' before it ends at " +
                std::to_string(data + 8));
  EXPECT_EQ(refusal(h5::file(root + data_set(2, data, 8) + data_set(3, data + 8, 8) + std::string(16, 'w'))),
            "m: data set 'b' has 3 elements of 4 bytes, but 8 bytes of data");
}

TEST(Hdf5, IsReadWithoutItsData) {
  constexpr std::uint64_t kElements = std::uint64_t{1} << 22;
  const std::string root = header(link("w", kRoot + 64)).append(64 - header(link("w", 0)).size(), '\0');
  const std::uint64_t data = kRoot + 64 + data_set(0, 0, 0).size();
  const std::string bytes = h5::file(root + data_set(kElements, data, 4 * kElements) + std::string(4 * kElements, 'w'));
  const auto source = memory_source("m", bytes);
  Model model;
  read_keras(*source, {}, model);
  EXPECT_EQ(summarize(model).totals.parameters, Count(kElements));
  EXPECT_LT(source->bytes_read(), 1024U);
}

TEST(Hdf5, NamesStandOnceInAGroup) {
  EXPECT_EQ(refusal(h5::file(header(link("a", kRoot) + link("a", kRoot)))), "m: the group '' holds 'a' twice");
}

TEST(Hdf5, GroupsMayLeadInACircle) { EXPECT_EQ(read_bytes(h5::file(header(link("self", kRoot)))).tensors.size(), 0U); }

TEST(Hdf5, GroupsAreNotNestedDeeply) {
  std::string groups;
  for (std::uint64_t i = 1; i <= 300; ++i) groups += header(link("a", kRoot + i * header(link("a", 0)).size()));
  EXPECT_EQ(refusal(h5::file(groups)), "m: nests groups deeper than 256 (limit module_depth)");
}

// "layer_names" and "weight_names" as attributes of fixed texts.
std::string texts(std::string_view name, const std::vector<std::string>& values) {
  std::string all;
  for (std::string value : values) {
    value.resize(8);
    all += value;
  }
  const std::string type = u8(0x13) + std::string(3, '\0') + u32(8);
  const std::string space = dataspace(u64(values.size()), 1);
  const std::string ended = std::string(name) + '\0';
  return message(0x0C, u8(1) + u8(0) + u16(ended.size()) + u16(type.size()) + u16(space.size()) + padded(ended) +
                           padded(type) + padded(space) + all);
}

TEST(Keras, ListsLayersAndWeightsThatAreThere) {
  EXPECT_EQ(refusal(h5::file(header(texts("layer_names", {"dense"})))),
            "m: the layer 'dense' is listed, but has no group; is the file incomplete?");
  std::string root = header(texts("layer_names", {"dense"}) + link("dense", kRoot + 256));
  root.resize(256);
  EXPECT_EQ(refusal(h5::file(root + header(texts("weight_names", {"d/k:0"})))),
            "m: the layer 'dense' lists the weight 'd/k:0', which is not there; is the file incomplete?");
}

// An archive with this configuration and the weights of a fixture.
std::string archive(const std::string& config) {
  Zip zip;
  zip.add("config.json", config);
  zip.add("model.weights.h5", testing::file("keras/seeds.weights.h5"));
  return zip.bytes();
}

TEST(Keras, ConfigurationIsJson) {
  EXPECT_EQ(refusal(archive("{\"class_name\": ")),
            "m/config.json: the JSON text of 15 bytes is malformed: an array or object has no end (at byte 0)");
  EXPECT_EQ(refusal(archive("[]")),
            "m/config.json: the JSON text of 2 bytes is malformed: a value is of another type than it must be (at byte "
            "0)");
}

TEST(Keras, ConfigurationIsNotNestedDeeply) {
  std::string config = R"({"class_name":"Dense","config":{"name":"x"}})";
  for (int i = 0; i < 300; ++i)
    config = R"({"class_name":"Sequential","config":{"name":"s","layers":[)" + config + "]}}";
  EXPECT_EQ(refusal(archive(config)),
            "m/config.json: the configuration is longer than 256000000 bytes or nests layers deeper than 256 (limits "
            "json_file_bytes, module_depth)");
}

// Directions in directions: were each copied with all in it, thirty would make a thousand million layers.
TEST(Keras, DirectionsAreNotCopiedWithAllInThem) {
  std::string config = R"({"class_name":"LSTM","config":{"name":"l","units":2}})";
  for (int i = 0; i < 30; ++i)
    config = R"({"class_name":"Bidirectional","config":{"name":"b","layer":)" + config + "}}";
  const Model model =
      read_bytes(archive(R"({"class_name":"Sequential","config":{"name":"s","layers":[)" + config + "]}}"));
  EXPECT_LT(model.modules.size(), 100U);
}

}  // namespace
}  // namespace weigh::testing
