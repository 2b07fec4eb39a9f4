// TensorFlow: checkpoints and SavedModels against what TensorFlow says of them, and indices that lie.
#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "formats/made_files.h"
#include "support/files.h"
#include "support/protobuf.h"
#include "support/sstable.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using namespace std::string_literals;
using Json = nlohmann::json;

const Json& expectations() {
  static const Json all = Json::parse(file("tensorflow/expected.json"));
  return all;
}
Model fixture(const std::string& name) { return read(data_path("tensorflow/" + name)); }

std::string shape_text(const Json& shape) {
  std::string text;
  for (const Json& size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size.get<int>());
  return "[" + text + "]";
}

// Sections that are an optimizer's.
std::string state_of(const Model& model) {
  for (const Section& section : model.sections)
    if (section.kind == SectionKind::optimizer_state)
      return std::to_string(section.tensors) + " tensors, " + std::to_string(section.bytes) + " bytes";
  return "none";
}

std::string grad_of(const Model& model, std::string_view path) {
  const Tensor* tensor = find(model, path);
  if (tensor == nullptr) return "no such tensor";
  return tensor->requires_grad == RequiresGrad::yes  ? "trained"
         : tensor->requires_grad == RequiresGrad::no ? "not trained"
                                                     : "not recorded";
}

TEST(TensorFlow, ASavedModelHoldsTheVariablesThatTensorFlowLoads) {
  const Model model = fixture("keras_export");
  EXPECT_EQ(model.format, "TensorFlow");
  EXPECT_EQ(model.kind, "SavedModel");
  EXPECT_EQ(notes_of(model), "");
  const Json& told = expectations()["keras_export"]["variables"];
  EXPECT_EQ(told.size(), 10U);
  for (const auto& [name, variable] : told.items()) {
    std::string path = name.substr(0, name.find(':'));
    std::replace(path.begin(), path.end(), '/', '.');
    SCOPED_TRACE(path);
    EXPECT_EQ(shape_of(model, path), shape_text(variable["shape"]));
    EXPECT_EQ(grad_of(model, path), variable["trainable"].get<bool>() ? "trained" : "not trained");
  }
  EXPECT_EQ(find(model, "norm.moving_mean")->role, Role::buffer);
}

// Keras counts moving averages as weights that are not trained.
TEST(TensorFlow, CountsWhatKerasCounts) {
  const std::uint64_t trainable = expectations()["counts"]["trainable"].get<std::uint64_t>();
  const std::uint64_t all = trainable + expectations()["counts"]["non_trainable"].get<std::uint64_t>();
  for (const char* name : {"keras_export", "training"}) {
    const Summary summary = summarize(fixture(name));
    EXPECT_EQ(summary.totals.parameters.known() + 8, all) << name;
    EXPECT_EQ(summary.totals.buffers.known(), name == "training"s ? 9U : 8U) << name;  // and a step
    if (name == "keras_export"s) {
      EXPECT_EQ(summary.totals.trainable.known(), trainable);
    }
  }
}

TEST(TensorFlow, AVariableThatIsStoredTwiceCountsOnce) {
  const Model model = fixture("keras_export");
  std::size_t twins = 0;
  for (const Tensor& twin : model.tensors) {
    if (!model.path_of(twin).starts_with("_all_variables.")) continue;  // a set of Python's, in any order
    ++twins;
    ASSERT_NE(twin.tied_to, kNone);
    const Tensor& first = model.tensors[twin.tied_to];
    EXPECT_FALSE(model.path_of(first).starts_with("_all_variables."));
    EXPECT_EQ(shape_of(model, model.path_of(twin)), shape_of(model, model.path_of(first)));
    EXPECT_TRUE(twin.stored_apart);
  }
  EXPECT_EQ(twins, 10U);
}

TEST(TensorFlow, ATrainingCheckpointIsAModelAndAnOptimizer) {
  const Model model = fixture("training");
  EXPECT_EQ(model.kind, "checkpoint");
  EXPECT_EQ(shape_of(model, "stem.kernel"), "[3, 3, 3, 4]") << "whose key is that of the optimizer";
  EXPECT_EQ(shape_of(model, "frozen.kernel"), "[144, 5]");
  EXPECT_EQ(shape_of(model, "save_counter"), "none");
  // Two moments of each of 132 elements, the rate of learning and a step.
  EXPECT_EQ(state_of(model), "14 tensors, " + std::to_string(2 * 132 * 4 + 4 + 8) + " bytes");
}

TEST(TensorFlow, SlotVariablesAreOptimizerState) {
  const Model model = fixture("slots");
  EXPECT_EQ(model.tensors.size(), 2U);
  EXPECT_EQ(shape_of(model, "net.w"), "[3, 2]");
  EXPECT_EQ(state_of(model), "6 tensors, 72 bytes");
}

TEST(TensorFlow, NamesOfVersionOneBecomeModules) {
  const Model model = fixture("version1");
  const Json& told = expectations()["version1/model.ckpt-3"]["variables"];
  EXPECT_EQ(shape_of(model, "bert.encoder.layer_1.attention.kernel"),
            shape_text(told["bert/encoder/layer_1/attention/kernel"]["shape"]));
  EXPECT_EQ(shape_of(model, "embeddings"), "[10, 4]") << "in two slices";
  EXPECT_EQ(find(model, "embeddings")->stored_bytes, 160U);
  EXPECT_EQ(state_of(model), "6 tensors, 456 bytes");
  EXPECT_EQ(summarize(model).totals.parameters, Count(2 * 20 + 40));
  EXPECT_EQ(notes_of(model), "");
}

TEST(TensorFlow, AModuleIsNamedByItsObjects) {
  const Model model = fixture("module");
  EXPECT_EQ(shape_of(model, "layers.1.kernel"), "[4, 4]");
  EXPECT_EQ(shape_of(model, "tied"), "[4, 4]") << "the shorter of two ways";
  EXPECT_EQ(find(model, "half")->dtype, DType::bfloat16);
  EXPECT_EQ(find(model, "steps")->role, Role::buffer);
  EXPECT_EQ(grad_of(model, "layers.1.kernel"), "trained");
  EXPECT_EQ(grad_of(model, "steps"), "not trained");
  EXPECT_EQ(notes_of(model), "not-numbers words: holds text; it is not counted\n");
}

std::string fact(const Model& model, std::string_view key) {
  for (const auto& [name, text] : model.metadata)
    if (name == key) return text;
  return "none";
}

TEST(TensorFlow, ASavedModelTellsHowItIsCalled) {
  const auto tensors = [](const Json& told) {
    std::string text;
    for (const auto& [name, tensor] : told.items()) {
      std::string shape;
      for (const Json& size : tensor[0])
        shape += (shape.empty() ? "" : ", ") + (size == -1 ? std::string("?") : size.dump());
      text += (text.empty() ? "" : ", ") + name + " " + tensor[1].get<std::string>() + " [" + shape + "]";
    }
    return text;
  };
  for (const char* name : {"keras_export", "module"}) {
    const Model model = fixture(name);
    for (const auto& [signature, told] : expectations()[name]["signatures"].items()) {
      const std::string prefix = signature == "serving_default" ? "" : signature + " ";
      EXPECT_EQ(fact(model, prefix + "in"), tensors(told["in"])) << name;
      EXPECT_EQ(fact(model, prefix + "out"), tensors(told["out"])) << name;
    }
    EXPECT_EQ(fact(model, "__saved_model_init_op out"), "none");
  }
}

// A SavedModel with one signature "s" of these fields.
std::string saved_with(const std::string& signature) {
  using namespace proto;
  const std::string bytes = number(1, 1) + text(2, text(5, text(1, "s") + text(2, signature)));
  const Model model = read_files({{"saved_model.pb", bytes}}, "");
  return fact(model, "s in") + "|" + fact(model, "s out");
}
std::string tensor_info(const std::string& name, const std::string& info) {
  using namespace proto;
  return text(1, name) + text(2, info);
}

TEST(TensorFlow, SignaturesTellWhatIsKnownOfTheirTensors) {
  using namespace proto;
  const auto input = [](const std::string& info) { return saved_with(text(1, tensor_info("x", info))); };
  EXPECT_EQ(saved_with(""), "|");
  EXPECT_EQ(input(""), "x type 0 ?|");
  EXPECT_EQ(input(number(2, 1) + text(3, "")), "x float32 []|");
  EXPECT_EQ(input(number(2, 7) + text(3, text(2, number(1, -1)) + text(2, number(1, 3)))), "x string [?, 3]|");
  EXPECT_EQ(input(number(2, 999) + text(3, number(3, 1))), "x type 999 ?|");
  EXPECT_EQ(input(number(2, 1) + text(4, "")), "x float32 sparse ?|");
  EXPECT_EQ(input(text(5, "")), "x of several tensors|");
  std::string dimensions;
  for (int i = 0; i < 100; ++i) dimensions += text(2, number(1, 1));
  EXPECT_EQ(input(number(2, 1) + text(3, dimensions)), "x float32 ?|");
  std::string many;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"})
    many += text(2, tensor_info(name, number(2, 1)));
  EXPECT_EQ(saved_with(many),
            "|a float32 ?, b float32 ?, c float32 ?, d float32 ?, e float32 ?, f float32 ?, g float32 "
            "?, h float32 ?, …");
}

TEST(TensorFlow, SignaturesThatAreNoneAreRefused) {
  using namespace proto;
  const auto refusal = [](const std::string& signature) { return error_of([&] { saved_with(signature); }); };
  EXPECT_EQ(refusal(number(1, 5)).substr(0, 16), "saved_model.pb: ");
  EXPECT_EQ(refusal(text(1, tensor_info("x", number(3, 5)))).substr(0, 16), "saved_model.pb: ");
  EXPECT_EQ(refusal(hole(1, 1000)).substr(0, 16), "saved_model.pb: ");
}

TEST(TensorFlow, IsReadByTheNameOfItsFiles) {
  EXPECT_EQ(fixture("module/saved_model.pb").kind, "SavedModel");
  EXPECT_EQ(fixture("module/variables/variables.index").kind, "checkpoint");
  EXPECT_EQ(fixture("training/ckpt-1.index").tensors.size(), fixture("training").tensors.size());
}

std::map<std::string, std::string> files_of(const std::string& name, const std::string& prefix) {
  std::map<std::string, std::string> files;
  for (const std::string& path : files_below("tensorflow/" + name))
    files[prefix + path.substr(("tensorflow/" + name + "/").size())] = file(path);
  return files;
}

TEST(TensorFlow, OfSeveralCheckpointsTheOneThatIsNamedIsRead) {
  std::map<std::string, std::string> files = files_of("training", "");
  for (const auto& [name, bytes] : files_of("slots", "")) files[name] = bytes;
  EXPECT_EQ(error_of([&] { read_files(files, ""); }),
            "holds 2 checkpoints side by side (ckpt-1.index, ckpt.index); name one of them");
  files["checkpoint"] = "model_checkpoint_path: \"/away/ckpt\"\nall_model_checkpoint_paths: \"ckpt-1\"\n";
  EXPECT_EQ(shape_of(read_files(files, ""), "net.w"), "[3, 2]");
}

TEST(TensorFlow, AModelOfAnotherFormatBesideItIsPreferred) {
  std::map<std::string, std::string> files = files_of("training", "");
  files["model.safetensors"] = safetensors("{}");
  EXPECT_EQ(read_files(files, "").format, "safetensors");
}

TEST(TensorFlow, AShardThatIsMissingIsNoted) {
  std::map<std::string, std::string> files = files_of("slots", "");
  files.erase("ckpt.data-00000-of-00001");
  const Model model = read_files(files, "ckpt.index");
  EXPECT_EQ(notes_of(model),
            "missing-shard ckpt.data-00000-of-00001: is not there, of 1; the index tells what it holds\n");
  EXPECT_EQ(shape_of(model, "net.w"), "[3, 2]") << "by its key, since the graph of objects is missing, too";
  EXPECT_EQ(state_of(model), "6 tensors, 72 bytes");
}

TEST(TensorFlow, AShardThatIsCutShortIsRefused) {
  std::map<std::string, std::string> files = files_of("slots", "");
  files["ckpt.data-00000-of-00001"].resize(50);
  EXPECT_EQ(error_of([&] { read_files(files, "ckpt.index"); }),
            "ckpt.index: tensor '_CHECKPOINTABLE_OBJECT_GRAPH' takes 852 bytes from byte 104 of "
            "ckpt.data-00000-of-00001, which has 50; is the download incomplete?");
}

TEST(TensorFlow, ASavedModelWithoutVariablesIsNoted) {
  EXPECT_EQ(notes_of(read_files({{"saved_model.pb", file("tensorflow/module/saved_model.pb")}}, "")),
            "no-variables variables/variables.index: is not there: the model has no variables, or they were not "
            "downloaded. Constants in its graph are not counted\n");
}

TEST(TensorFlow, TellsWhereNumbersLie) {
  ReadOptions options;
  options.locations = true;
  const Model model = read(data_path("tensorflow/version1"), options);
  ASSERT_EQ(model.locations.size(), model.tensors.size());
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const bool is_whole = model.path_of(model.tensors[i]) != "embeddings";
    EXPECT_EQ(model.locations[i].file, is_whole ? 0 : kNone) << model.path_of(model.tensors[i]);
  }
  EXPECT_EQ(model.files.at(0), "model.ckpt-3.data-00000-of-00001");
}

// A checkpoint of tensors of float32, with what may be wrong about them.
struct Made {
  std::string name = "layer/w";
  std::uint64_t type = 1;
  std::vector<std::uint64_t> shape = {2, 3};
  std::uint64_t shard = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 24;
};

std::string entry_of(const Made& made) {
  std::string shape;
  for (std::uint64_t extent : made.shape) shape += proto::text(2, proto::number(1, static_cast<std::int64_t>(extent)));
  return proto::number(1, static_cast<std::int64_t>(made.type)) + proto::text(2, shape) +
         proto::number(3, static_cast<std::int64_t>(made.shard)) +
         proto::number(4, static_cast<std::int64_t>(made.offset)) +
         proto::number(5, static_cast<std::int64_t>(made.size));
}

std::map<std::string, std::string> checkpoint(const std::vector<Made>& tensors, std::uint64_t shards = 1) {
  std::vector<std::pair<std::string, std::string>> entries = {
      {"", proto::number(1, static_cast<std::int64_t>(shards))}};
  for (const Made& made : tensors) entries.emplace_back(made.name, entry_of(made));
  return {{"m.index", table_of_keys(entries)}, {"m.data-00000-of-00001", std::string(48, 'w')}};
}
std::string refusal(const std::vector<Made>& tensors, std::uint64_t shards = 1) {
  return error_of([&] { read_files(checkpoint(tensors, shards), "m.index"); });
}

TEST(TensorFlow, OfOneTensorIsRead) { EXPECT_EQ(shape_of(read_files(checkpoint({{}}), ""), "layer.w"), "[2, 3]"); }

TEST(TensorFlow, ATensorOfAnotherSizeThanItsShapeIsRefused) {
  EXPECT_EQ(refusal({{.size = 20}}),
            "m.index: tensor 'layer/w' takes 24 bytes by its shape and type, but 20 are told; is the file damaged?");
  EXPECT_EQ(refusal({{.shape = {std::uint64_t{1} << 40, std::uint64_t{1} << 40}}}),
            "m.index: tensor 'layer/w' has more than 2^64 bytes");
  EXPECT_EQ(refusal({{.shape = {~std::uint64_t{0}}}}), "m.index: tensor 'layer/w' has a negative extent");
}

TEST(TensorFlow, ATensorOutsideOfItsShardIsRefused) {
  EXPECT_EQ(refusal({{.offset = 25}}),
            "m.index: tensor 'layer/w' takes 24 bytes from byte 25 of m.data-00000-of-00001, which has 48; is the "
            "download incomplete?");
  EXPECT_EQ(refusal({{.offset = ~std::uint64_t{0}}}),
            "m.index: tensor 'layer/w' takes 24 bytes from byte 18446744073709551615 of m.data-00000-of-00001, which "
            "has 48; is the download incomplete?");
  EXPECT_EQ(refusal({{.shard = 1}}), "m.index: tensor 'layer/w' is in shard 1, but there are 1");
}

TEST(TensorFlow, TensorsThatShareBytesAreRefused) {
  EXPECT_EQ(refusal({{.name = "v"}, {.name = "w", .offset = 20}}),
            "m.index: tensor 'w' begins at byte 20 of m.data-00000-of-00001, but 'v' before it ends at 24");
}

TEST(TensorFlow, ATypeThatIsNotKnownIsNoted) {
  EXPECT_EQ(notes_of(read_files(checkpoint({{.type = 99}}), "m.index")),
            "unknown-dtype layer/w: is of TensorFlow's type 99, which is not known; its bytes are those in the file\n");
}

TEST(TensorFlow, ATableOfOtherThingsIsRefused) {
  EXPECT_EQ(error_of([] {
              read_files({{"m.index", table_of_keys({{"a", ""}})}}, "m.index");
            }),
            "m.index: is a table of keys, but not of a TensorFlow checkpoint: it has no header");
}

TEST(TensorFlow, MoreShardsThanTheLimitAreRefused) {
  EXPECT_EQ(refusal({}, 1'000'000), "m.index: is said to have 1000000 shards, more than 100000 (limit shards)");
}

TEST(TensorFlow, ASliceOfWhatIsNotInSlicesIsRefused) {
  EXPECT_EQ(refusal({{.name = "\0layer/w\0\1\1"s}}),
            "m.index: holds a slice of 'layer/w', which is not said to be in slices");
  EXPECT_EQ(refusal({{.name = "\0layer/w"s}}),
            "m.index: a slice of a tensor is not named as one; is the file damaged?");
}

TEST(TensorFlow, MovingAveragesAreACopy) {
  const Model model =
      read_files(checkpoint({{.name = "a/w"}, {.name = "a/w/ExponentialMovingAverage", .offset = 24}}), "m.index");
  EXPECT_EQ(summarize(model).totals.parameters, Count(6));
  EXPECT_EQ(shape_of(model, "ExponentialMovingAverage.a.w"), "[2, 3]");
}

TEST(TensorFlow, TotalsOfMetricsAreBuffers) {
  const Model model = read_files(checkpoint({{.name = "a/keras_api/metrics/0/total", .shape = {}, .size = 4},
                                             {.name = "b", .shape = {}, .offset = 4, .size = 4}}),
                                 "m.index");
  EXPECT_EQ(summarize(model).totals.parameters, Count(1));
  EXPECT_EQ(summarize(model).totals.buffers, Count(1));
}

TEST(TensorFlow, NamesThatFallTogetherAreKeptApart) {
  const Model model = read_files(checkpoint({{.name = "a.w"}, {.name = "a/w", .offset = 24}}), "m.index");
  EXPECT_EQ(summarize(model).totals.parameters, Count(12));
}

// A graph of objects, as a checkpoint keeps it.
std::map<std::string, std::string> with_graph(const std::string& graph) {
  const std::string text = varint(graph.size()) + "crc4" + graph;
  Made held{.name = "_CHECKPOINTABLE_OBJECT_GRAPH", .type = 7, .shape = {}, .offset = 24, .size = text.size()};
  std::map<std::string, std::string> files = checkpoint({held, {.name = "a/.ATTRIBUTES/VARIABLE_VALUE"}});
  files["m.data-00000-of-00001"] = std::string(24, 'w') + text;
  return files;
}
std::string child(std::uint64_t node, const std::string& name) {
  return proto::text(1, proto::number(1, static_cast<std::int64_t>(node)) + proto::text(2, name));
}

TEST(TensorFlow, AnObjectThatIsNotThereIsRefused) {
  EXPECT_EQ(error_of([] { read_files(with_graph(proto::text(1, child(7, "a"))), "m.index"); }),
            "m.data-00000-of-00001: the graph of objects names object 7, but there are 1");
}

TEST(TensorFlow, ObjectsThatHoldEachOtherAreVisitedOnce) {
  const std::string variable =
      proto::text(2, proto::text(1, "VARIABLE_VALUE") + proto::text(3, "a/.ATTRIBUTES/VARIABLE_VALUE"));
  const Model model = read_files(with_graph(proto::text(1, child(1, "b") + child(0, "self")) +
                                            proto::text(1, child(0, "up") + child(2, "a")) + proto::text(1, variable)),
                                 "m.index");
  EXPECT_EQ(shape_of(model, "b.a"), "[2, 3]");
}

TEST(TensorFlow, ObjectsAreNotReadBeyondTheLimits) {
  ReadOptions options;
  options.limits.tracked_objects = 2;
  const auto files = with_graph(proto::text(1, child(0, "a") + child(0, "b")));
  EXPECT_EQ(error_of([&] { read(*memory_folder("", files), "m.index", options); }),
            "m.data-00000-of-00001: has a graph of more than 2 objects and names (limit tracked_objects)");
  std::string deep;
  for (std::uint64_t i = 1; i <= 300; ++i) deep += proto::text(1, child(i, "a"));
  deep +=
      proto::text(1, proto::text(2, proto::text(1, "VARIABLE_VALUE") + proto::text(3, "a/.ATTRIBUTES/VARIABLE_VALUE")));
  EXPECT_EQ(error_of([&] { read_files(with_graph(deep), "m.index"); }),
            "m.index: has objects that lie more than 256 deep (limit module_depth)");
}

TEST(TensorFlow, AGraphThatIsNoTextIsRefused) {
  auto files = with_graph(proto::text(1, ""));
  files["m.data-00000-of-00001"][24] = '\x7F';
  EXPECT_EQ(error_of([&] { read_files(files, "m.index"); }),
            "m.data-00000-of-00001: '_CHECKPOINTABLE_OBJECT_GRAPH' is a text of 127 bytes in 7; is the file damaged? "
            "(at byte 24)");
}

TEST(TensorFlow, AnIndexIsRefusedWhereverItIsCutShort) {
  for (const char* name : {"training/ckpt-1", "version1/model.ckpt-3"}) {
    const std::string path = std::string("tensorflow/") + name;
    const std::string index = file(path + ".index");
    const std::string data = file(path + ".data-00000-of-00001");
    const auto read_prefix = [&](std::string_view prefix) {
      read_files({{"m.index", std::string(prefix)}, {"m.data-00000-of-00001", data}}, "m.index");
    };
    EXPECT_EQ(every_prefix(index, read_prefix), index.size());
  }
}

TEST(TensorFlow, AnIndexIsReadOrRefusedWhereAByteIsWrong) {
  std::map<std::string, std::string> files = files_of("training", "");
  for (const char* name : {"ckpt-1.index", "ckpt-1.data-00000-of-00001"}) {
    const std::string whole = files[name];
    for (std::size_t at = 0; at < whole.size(); at += 3) {
      files[name][at] = static_cast<char>(whole[at] ^ 0x41);
      try {
        summarize(read_files(files, "ckpt-1.index"));
      } catch (const Error& error) {
        EXPECT_FALSE(error.message().empty());
      }
      files[name] = whole;
    }
  }
}

TEST(TensorFlow, AGraphIsReadOrRefusedWhereverItIsCutShort) {
  std::map<std::string, std::string> files = files_of("module", "");
  const std::string whole = files["saved_model.pb"];
  every_prefix(whole, [&](std::string_view prefix) {
    if (prefix.size() % 7 != 0) return;
    files["saved_model.pb"] = prefix;
    read_files(files, "");
  });
}

}  // namespace
}  // namespace weigh::testing
