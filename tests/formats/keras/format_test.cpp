// Keras files against what Keras says of them, and the layers by name.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

const Json& expectations() {
  static const Json all = testing::expected("keras");
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

TEST(Keras, OfOnesOwnClassThatWasNeverBuiltNothingIsKnown) {
  const Model model = read(data_path("reports/files/keras_never_built.keras"));
  EXPECT_FALSE(summarize(model).totals.parameters.is_exact());
  ASSERT_EQ(model.notes.size(), 1U);
  EXPECT_EQ(model.notes[0].message,
            "holds no weights: it was saved before the Net was built, and what weights that will have is not recorded. "
            "Call it once before it is saved");
}

}  // namespace
}  // namespace weigh::testing
