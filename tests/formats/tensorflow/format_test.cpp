// TensorFlow: checkpoints and SavedModels against what TensorFlow says of them.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"
#include "support/protobuf.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using namespace std::string_literals;

const Json& expectations() {
  static const Json all = testing::expected("tensorflow");
  return all;
}
Model fixture(const std::string& name) { return read(data_path("tensorflow/" + name)); }

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
    EXPECT_EQ(shape_of(model, path), told_shape(variable["shape"]));
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
            told_shape(told["bert/encoder/layer_1/attention/kernel"]["shape"]));
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

TEST(TensorFlow, OfSeveralCheckpointsTheOneThatIsNamedIsRead) {
  std::map<std::string, std::string> files = files_of("tensorflow/training");
  for (const auto& [name, bytes] : files_of("tensorflow/slots")) files[name] = bytes;
  EXPECT_EQ(error_of([&] { read_files(files, ""); }),
            "holds 2 checkpoints side by side (ckpt-1.index, ckpt.index); name one of them");
  files["checkpoint"] = "model_checkpoint_path: \"/away/ckpt\"\nall_model_checkpoint_paths: \"ckpt-1\"\n";
  EXPECT_EQ(shape_of(read_files(files, ""), "net.w"), "[3, 2]");
}

TEST(TensorFlow, AModelOfAnotherFormatBesideItIsPreferred) {
  std::map<std::string, std::string> files = files_of("tensorflow/training");
  files["model.safetensors"] = safetensors("{}");
  EXPECT_EQ(read_files(files, "").format, "safetensors");
}

TEST(TensorFlow, AShardThatIsMissingIsNoted) {
  std::map<std::string, std::string> files = files_of("tensorflow/slots");
  files.erase("ckpt.data-00000-of-00001");
  const Model model = read_files(files, "ckpt.index");
  EXPECT_EQ(notes_of(model),
            "missing-shard ckpt.data-00000-of-00001: is not there, of 1; the index tells what it holds\n");
  EXPECT_EQ(shape_of(model, "net.w"), "[3, 2]") << "by its key, since the graph of objects is missing, too";
  EXPECT_EQ(state_of(model), "6 tensors, 72 bytes");
}

TEST(TensorFlow, AShardThatIsCutShortIsRefused) {
  std::map<std::string, std::string> files = files_of("tensorflow/slots");
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

}  // namespace
}  // namespace weigh::testing
