// Keras files against what Keras says of them, the layers by name, and the rules of each layout broken once.
#include "formats/keras.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "formats/made_files.h"
#include "support/files.h"
#include "wire/hdf5_builder.h"

#include "weigh/render.h"
#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using Json = nlohmann::json;

const Json& expectations() {
  static const Json all = Json::parse(file("keras/expected.json"));
  return all;
}

std::vector<std::string> names_of_fixtures() {
  std::vector<std::string> names;
  for (const auto& [name, expected] : expectations().items()) names.push_back(name);
  return names;
}

Model read_fixture(std::string_view name) { return read(data_path("keras/" + std::string(name))); }

class KerasFixture : public ::testing::TestWithParam<std::string> {
 protected:
  const Json& expected() const { return expectations().at(GetParam()); }
  bool is_unbuilt() const { return GetParam().starts_with("unbuilt"); }
  // Weights without a configuration: nobody says which are frozen, nor what somebody's own class calls its own.
  bool has_config() const { return GetParam().find("weights") == std::string::npos; }
};

// Keras counts statistics among its weights, those that are not trainable.
TEST_P(KerasFixture, HasTheCountsOfItsMaker) {
  if (is_unbuilt()) return;
  const Model model = read_fixture(GetParam());
  const Totals& totals = summarize(model).totals;
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ((totals.parameters + totals.buffers).known(), expected()["count_params"]);
  EXPECT_TRUE(totals.parameters.is_exact());
  if (!has_config() || GetParam().starts_with("subclassed")) return;
  EXPECT_EQ(totals.trainable.known(), expected()["trainable"]);
  EXPECT_EQ((totals.parameters + totals.buffers).known() - totals.trainable.known(), expected()["non_trainable"]);
}

// Shapes and dtypes as often as Keras has them; ties are what Keras counts once.
TEST_P(KerasFixture, HasTheWeightsOfItsMaker) {
  if (is_unbuilt()) return;
  const Model model = read_fixture(GetParam());
  std::map<std::string, int> difference;
  for (const Json& weight : expected()["weights"])
    ++difference[weight["shape"].dump() + " " + weight["dtype"].get<std::string>()];
  for (const Tensor& tensor : model.tensors) {
    if (tensor.tied_to != kNone) continue;
    Json shape = Json::array();
    for (const Extent* extent = model.shape_begin(tensor); extent != model.shape_end(tensor); ++extent)
      shape.push_back(extent->size());
    --difference[shape.dump() + " " + std::string(name(tensor.dtype))];
  }
  for (const auto& [key, count] : difference) EXPECT_EQ(count, 0) << key;
}

// The names of Keras's own paths: "both_ways/forward_lstm/lstm_cell/kernel".
TEST_P(KerasFixture, HasTheNamesOfItsMaker) {
  if (is_unbuilt() || GetParam().starts_with("subclassed") || !has_config()) return;
  const Model model = read_fixture(GetParam());
  std::multiset<std::string> ours;
  for (const Tensor& tensor : model.tensors) ours.insert(std::string(tensor.name));
  for (const Json& weight : expected()["weights"]) {
    std::string name = weight["path"];
    name = name.substr(name.rfind('/') + 1);
    name = name.substr(0, name.find(':'));
    if (GetParam() == "keras2_zoo.keras" && name == "depthwise_kernel" && !ours.contains(name)) name = "kernel";
    const auto found = ours.find(name);
    ASSERT_NE(found, ours.end()) << weight["path"];
    ours.erase(found);
  }
}

TEST_P(KerasFixture, HasTheLayersOfItsMaker) {
  if (!has_config() || GetParam().starts_with("subclassed")) return;
  const Model model = read_fixture(GetParam());
  std::map<std::string, std::string> types;
  for (Index child = model.modules[0].first_child; child != kNone; child = model.modules[child].next)
    types[std::string(model.modules[child].name)] = model.modules[child].type;
  for (const auto& [name, type] : expected()["layers"].items()) {
    ASSERT_TRUE(types.contains(name)) << name;
    EXPECT_EQ(types[name], type.get<std::string>()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, KerasFixture, ::testing::ValuesIn(names_of_fixtures()),
                         [](const auto& info) { return test_name(info.param); });

// The index of sharded.weights.json with its files, to be changed.
struct SavedShards {
  Json index = Json::parse(file("keras/sharded.weights.json"));
  Files files;
  SavedShards() {
    for (int i = 0; i < 6; ++i) files[shard(i)] = file("keras/" + shard(i));
  }
  static std::string shard(int number) { return "sharded_0000" + std::to_string(number) + ".weights.h5"; }
  Model read() const {
    Files all = files;
    all["sharded.weights.json"] = index.dump();
    return read_files(all, "sharded.weights.json");
  }
};

TEST(KerasShards, AreOneModel) {
  const Model model = SavedShards().read();
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(model.format, "Keras");
  EXPECT_EQ(model.kind, "weights, 6 shards");
  std::uint64_t bytes = 0;
  for (const auto& [name, shard] : SavedShards().files) bytes += shard.size();
  EXPECT_EQ(model.source_bytes, bytes);
  EXPECT_EQ(model.sections.back().kind, SectionKind::optimizer_state);
  const Model whole = read_fixture("zoo.weights.h5");
  EXPECT_EQ(summarize(model).totals.parameters, summarize(whole).totals.parameters);
  EXPECT_EQ(summarize(model).totals.bytes, summarize(whole).totals.bytes);
  EXPECT_EQ(model.sections.back().bytes, whole.sections.back().bytes);
}

TEST(KerasShards, AreFoundInADirectory) {
  SavedShards saved;
  saved.files["sharded.weights.json"] = saved.index.dump();
  EXPECT_EQ(read_files(saved.files, "").kind, "weights, 6 shards");
  EXPECT_EQ(notes_of(read_files(saved.files, "")), "");
  saved.files["other_00000.weights.h5"] = saved.files[SavedShards::shard(2)];
  EXPECT_NE(error_of([&] { read_files(saved.files, ""); }).find("other_00000.weights.h5"), std::string::npos);
  EXPECT_TRUE(is_keras_shard("a_00000.weights.h5", "a.weights.json"));
  for (const char* other : {"a.weights.h5", "a_.weights.h5", "a_0000.weights.h5", "a_0000x.weights.h5",
                            "b_00000.weights.h5", "a_00000.weights.json", "ab_00000.weights.h5", "a", ""})
    EXPECT_FALSE(is_keras_shard(other, "a.weights.json")) << other;
}

TEST(KerasShards, ThatAreMissingAreNoted) {
  SavedShards saved;
  saved.files.erase(SavedShards::shard(5));
  const Model model = saved.read();
  EXPECT_EQ(notes_of(model).find("missing-shard sharded_00005.weights.h5: is not there, but variables of "), 0U)
      << notes_of(model);
  EXPECT_EQ(model.notes.size(), 1U);
  saved.files.clear();
  EXPECT_EQ(error_of([&] { saved.read(); }), "sharded.weights.json: none of the files that the index names is there");
}

TEST(KerasShards, AreComparedWithTheIndex) {
  SavedShards saved;
  saved.index["metadata"]["total_size"] = 1.5e3;
  EXPECT_EQ(notes_of(saved.read()).find("total-size metadata.total_size: is 1500 in the index, the shards hold "), 0U);
  saved = {};
  saved.index["weight_map"]["/layers/nobody/vars"] = "sharded_00002.weights.h5";
  EXPECT_EQ(notes_of(saved.read()),
            "missing-tensor /layers/nobody/vars: has no variables in sharded_00002.weights.h5, where the index has "
            "them\n");
  saved = {};
  saved.index["weight_map"].erase("/layers/p_re_lu/vars");
  EXPECT_EQ(notes_of(saved.read()),
            "unlisted-tensor layers/p_re_lu/vars: has variables in sharded_00001.weights.h5 that the index does not "
            "name; they are counted\n");
  saved = {};
  saved.files[SavedShards::shard(2)] = saved.files[SavedShards::shard(1)];
  EXPECT_NE(notes_of(saved.read())
                .find("duplicate-tensor layers/p_re_lu/vars/0: is in two of the files; that of the "
                      "first by name is counted\n"),
            std::string::npos);
}

TEST(KerasShards, OfAMalformedIndexAreRefused) {
  SavedShards saved;
  saved.index["weight_map"] = Json::object();
  EXPECT_NE(error_of([&] { saved.read(); }), "");
  saved.index["weight_map"]["/vars"] = "../secret.weights.h5";
  EXPECT_NE(error_of([&] { saved.read(); }).find("which is not inside its folder; it is not opened"),
            std::string::npos);
  saved.index["weight_map"]["/vars"] = 7;
  EXPECT_NE(error_of([&] { saved.read(); }), "");
  saved.index["weight_map"]["/vars"] = {"a", 7};
  EXPECT_NE(error_of([&] { saved.read(); }), "");
  const std::string index = SavedShards().index.dump();
  Files files = SavedShards().files;
  const std::size_t refused = every_prefix(index, [&](std::string_view prefix) {
    files["sharded.weights.json"] = prefix;
    read_files(files, "sharded.weights.json");
  });
  EXPECT_EQ(refused, index.size());
  saved = {};
  const std::string shard = saved.files[SavedShards::shard(5)];
  for (std::size_t length = 0; length < shard.size(); length += 97) {
    saved.files[SavedShards::shard(5)] = shard.substr(0, length);
    EXPECT_THROW(saved.read(), Error) << length;
  }
}

TEST(KerasShards, TellWhereNumbersLie) {
  ReadOptions options;
  options.locations = true;
  const Model model = read(data_path("keras/sharded.weights.json"), options);
  ASSERT_EQ(model.files.size(), 6U);
  std::set<Index> used;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const Location& place = model.locations.at(i);
    if (place.file == kNone) continue;
    used.insert(place.file);
    EXPECT_LE(place.offset + model.tensors[i].stored_bytes, read_file(model.files[place.file]).size());
  }
  EXPECT_EQ(used.size(), 2U);  // the others hold the optimizer's
}

TEST(Keras, ArchivesOfNumPyArraysAreShownByTheirConfiguration) {
  for (const char* name : {"convolutional", "shared"}) {
    const Model model = read_fixture(std::string(name) + "_npz.keras");
    const Json& expected = expectations().at(std::string(name) + ".keras");
    const Totals& totals = summarize(model).totals;
    EXPECT_EQ((totals.parameters + totals.buffers), Count(expected["count_params"].get<std::uint64_t>())) << name;
    EXPECT_EQ(totals.trainable.known(), expected["trainable"]) << name;
    for (const Tensor& tensor : model.tensors) EXPECT_EQ(tensor.state, State::meta) << tensor.name;
    EXPECT_EQ(notes_of(model),
              "weights-not-read " + model.source +
                  "/model.weights.npz: holds the weights as pickles of Keras's variables, which Keras does not load "
                  "either; shapes are those that the configuration tells. Save it with Keras's defaults\n");
  }
}

std::string known(const Model& model, std::string_view path) {
  const Tensor* tensor = find(model, path);
  if (tensor == nullptr) return "none";
  return std::string(tensor->state == State::uninitialised ? "uninitialised " : "") +
         (tensor->role == Role::buffer ? "buffer " : "") + std::string(name(tensor->dtype)) + " " +
         shape_of(model, path);
}

TEST(Keras, LayersThatAreNotBuiltAreShownAsSuch) {
  const Model model = read_fixture("unbuilt.keras");
  EXPECT_EQ(known(model, "conv.kernel"), "uninitialised float32 [3, 3, in of conv, 8]");
  EXPECT_EQ(known(model, "dense.kernel"), "uninitialised float32 [in of dense, 64]");
  EXPECT_EQ(known(model, "dense.bias"), "uninitialised float32 [64]");
  EXPECT_EQ(known(model, "head.bias"), "none");
  EXPECT_EQ(known(model, "norm.moving_mean"), "uninitialised buffer float32 [in of norm]");
  EXPECT_EQ(known(model, "separable_conv2d_1.pointwise_kernel"),
            "uninitialised float32 [1, 1, in of separable_conv2d_1, 8]");
  const Totals& totals = summarize(model).totals;
  EXPECT_EQ(totals.parameters.known(), 8U + 8 + 64);
  EXPECT_FALSE(totals.parameters.is_exact());
  EXPECT_EQ(totals.uninitialized_parameters, 14U);
  EXPECT_EQ(totals.uninitialized_buffers, 2U);
}

TEST(Keras, DirectionsAndCellsTakeTheInputOfTheirLayer) {
  const Model model = read_fixture("unbuilt_text.keras");
  EXPECT_EQ(known(model, "embedding.embeddings"), "uninitialised float32 [100, 16]");
  EXPECT_EQ(known(model, "bidirectional.forward_lstm_1.lstm_cell.kernel"),
            "uninitialised float32 [in of bidirectional, 32]");
  EXPECT_EQ(known(model, "bidirectional.backward_lstm_1.lstm_cell.kernel"),
            "uninitialised float32 [in of bidirectional, 32]");
  EXPECT_EQ(known(model, "gru_1.gru_cell.bias"), "uninitialised float32 [2, 24]");
}

TEST(Keras, NamesOfWeightsAreThoseOfTheClass) {
  for (const char* name : {"zoo.keras", "zoo.h5", "keras2_zoo.h5"}) {
    const Model model = read_fixture(name);
    EXPECT_EQ(known(model, "encoder.both_ways.forward_lstm.lstm_cell.recurrent_kernel"), "float32 [3, 12]") << name;
    EXPECT_EQ(known(model, "attention.query.kernel"), "float32 [4, 2, 3]") << name;
    EXPECT_EQ(known(model, "each.dense_1.bias"), "float32 [4]") << name;
    EXPECT_EQ(known(model, "p_re_lu.alpha"), "float32 [1, 1, 3]") << name;
  }
  const Model model = read_fixture("subclassed.keras");
  EXPECT_EQ(known(model, "my_block.0"), "float32 [4]");
  EXPECT_EQ(known(model, "my_block.others.dense_8.kernel"), "float32 [4, 4]");
}

TEST(Keras, NamesOfLayersMayHoldSlashes) {
  const Model model = read_fixture("keras2_slashes.h5");
  EXPECT_EQ(known(model, "block1/dense.kernel"), "float32 [4, 3]");
  EXPECT_EQ(known(model, "block1/bn.moving_mean"), "buffer float32 [3]");
  EXPECT_EQ(model.modules.size(), 4U);  // and the input
}

TEST(Keras, ALayerThatAModelHoldsTwiceIsOne) {
  const Model model = read_fixture("shared.keras");
  const Index inner = model.modules[0].last_child;
  const Index twice = model.modules[model.modules[inner].first_child].next;
  EXPECT_EQ(model.path_of(twice), "inner.twice");
  ASSERT_NE(model.modules[twice].alias_of, kNone);
  EXPECT_EQ(model.path_of(model.modules[twice].alias_of), "twice");
}

TEST(Keras, AKernelThatAWrapperKeepsOnceMoreIsATie) {
  const Model model = read_fixture("measured.keras");
  const Tensor* kernel = find(model, "spectral_normalization.kernel");
  ASSERT_NE(kernel, nullptr);
  ASSERT_NE(kernel->tied_to, kNone);
  EXPECT_EQ(model.path_of(model.tensors[kernel->tied_to]), "spectral_normalization.dense_16.kernel");
  EXPECT_EQ(known(model, "spectral_normalization.vector_u"), "buffer float32 [1, 3]");
  EXPECT_EQ(known(model, "normalization.count"), "buffer int64 []");
}

TEST(Keras, QuantisedKernelsAreFrozenParameters) {
  const Model model = read_fixture("int8.keras");
  EXPECT_EQ(known(model, "dense_14.kernel"), "int8 [4, 3]");
  EXPECT_EQ(find(model, "dense_14.kernel")->requires_grad, RequiresGrad::no);
  EXPECT_EQ(known(model, "dense_14.kernel_scale"), "buffer float32 [3]");
}

TEST(Keras, TellsItsFactsAndItsOptimizer) {
  for (const char* name : {"convolutional.keras", "convolutional.h5", "convolutional.weights.h5"}) {
    const Model model = read_fixture(name);
    ASSERT_EQ(model.sections.size(), 2U) << name;
    EXPECT_EQ(model.sections[1].kind, SectionKind::optimizer_state);
    EXPECT_EQ(model.sections[1].tensors, 18U);  // iterations, rate, two moments for each of eight
    EXPECT_EQ(model.sections[1].bytes, 8U + 4 + 2 * 4 * 398);
  }
  const Model model = read_fixture("convolutional.h5");
  EXPECT_EQ(model.format, "Keras");
  EXPECT_EQ(model.kind, "model");
  EXPECT_EQ(model.architecture, "Sequential");
  EXPECT_EQ(model.metadata, (std::vector<std::pair<std::string, std::string>>{
                                {"keras_version", "3.15.1"}, {"backend", "tensorflow"}, {"name", "convolutional"}}));
}

TEST(Keras, TellsWhereWeightsLie) {
  ReadOptions options;
  options.locations = true;
  for (const char* name : {"convolutional.keras", "convolutional.h5"}) {
    const std::string bytes = file("keras/" + std::string(name));
    const Model model = read(*memory_folder("", {{"m", bytes}}), "m", options);
    ASSERT_EQ(model.locations.size(), model.tensors.size());
    for (std::size_t i = 0; i < model.tensors.size(); ++i) {
      ASSERT_EQ(model.locations[i].file, 0U);
      if (model.tensors[i].name != "moving_variance") continue;
      const float first = [&] {
        float value = 0;
        bytes.copy(reinterpret_cast<char*>(&value), sizeof value, model.locations[i].offset);
        return value;
      }();
      EXPECT_NEAR(first, 1.0F, 0.1F) << name;  // ones, moved by a step of training
    }
  }
}

TEST(Hdf5, OfAnotherMakerIsATreeOfDataSets) {
  const Model model = read_bytes(file("hdf5/v0.h5"));
  EXPECT_EQ(model.format, "HDF5");
  EXPECT_EQ(model.kind, "data sets");
  EXPECT_EQ(known(model, "types.bfloat16"), "bfloat16 [5]");
  EXPECT_EQ(known(model, "types.?"), "buffer bool [2, 3]");
  EXPECT_EQ(known(model, "types.text"), "none");
  const Tensor* again = find(model, "a.again");
  ASSERT_NE(again, nullptr);
  const Tensor* inner = find(model, "a.b.c.w");
  ASSERT_NE(inner, nullptr);
  EXPECT_TRUE((again->tied_to == kNone) != (inner->tied_to == kNone));
}

// Made by hand: what a file of Keras may not be.
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
