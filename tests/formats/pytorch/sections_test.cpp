// What checkpoints hold beside each other: state dicts, averages of them, optimizer states, facts.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

Model checkpoint(const std::string& name) { return read(data_path("pytorch/checkpoints/" + name)); }

// "name: kind" of each section; of optimizer state its tensors and bytes.
std::string sections_of(const Model& model) {
  std::string text;
  for (const Section& section : model.sections) {
    text += text.empty() ? "" : ", ";
    text += std::string(section.name) + ": ";
    if (section.kind == SectionKind::model) text += "model";
    if (section.kind == SectionKind::copy) text += "copy";
    if (section.kind == SectionKind::optimizer_state)
      text += std::to_string(section.tensors) + " tensors, " + std::to_string(section.bytes) + " bytes";
  }
  return text;
}

// The memory of these numbers of floats lies in the storage "0".
std::string floats(std::int64_t count) { return py::tensor(py::storage("FloatStorage", "0", 64), 0, {count}, {1}); }
std::string bytes_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  return torch_file(py::dict(entries), {{"0", std::string(256, 'x')}});
}
Model model_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  return read_bytes(bytes_of(entries));
}

TEST(Sections, OfSeveralModelsAreAllCounted) {
  const Model model = checkpoint("gan.pt");
  EXPECT_EQ(model.kind, "checkpoint");
  EXPECT_EQ(sections_of(model), "generator: model, discriminator: model, optimizer_g: 0 tensors, 0 bytes");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 21U);
  EXPECT_EQ(shape_of(model, "discriminator.0.weight"), "[1, 4]");
}

TEST(Sections, OfAnAverageAreNotInTheTotals) {
  const Model model = checkpoint("ema.pt");
  EXPECT_EQ(sections_of(model), "state_dict: model, ema: copy");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 74U);
  EXPECT_EQ(summarize(model).totals.buffers.known(), 17U);
  EXPECT_EQ(summarize(model).totals.bytes.known(), 368U);
}

TEST(Sections, OfAnAverageMayComeFirst) {
  const Model model =
      model_of({{"model_ema", py::dict({{"a.weight", floats(3)}})}, {"model", py::dict({{"a.weight", floats(3)}})}});
  EXPECT_EQ(summarize(model).totals.parameters.known(), 3U);
}

TEST(Sections, OfAnotherShapeAreNoCopy) {
  const Model model =
      model_of({{"model", py::dict({{"a.weight", floats(3)}})}, {"ema", py::dict({{"a.weight", floats(4)}})}});
  EXPECT_EQ(sections_of(model), "model: model, ema: model");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 7U);
}

TEST(Sections, OfTheSameShapesUnderAnotherNameAreNoCopy) {
  const std::string state = py::dict({{"a.weight", floats(3)}});
  const std::string other = py::dict({{"a.weight", py::tensor(py::storage("FloatStorage", "0", 64), 9, {3}, {1})}});
  const Model model = model_of({{"student", state}, {"teacher", other}});
  EXPECT_EQ(sections_of(model), "student: model, teacher: model");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 6U);
}

TEST(Sections, OfPickledModulesAreModels) {
  const Model model = checkpoint("whole_model.pt");
  EXPECT_EQ(sections_of(model), "model: model, ema: copy");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 44U);
}

TEST(Sections, AreOneStepOfTheTreeWhateverTheirName) {
  const Model model =
      model_of({{"model.v1", py::dict({{"a.weight", floats(3)}})}, {"model.v2", py::dict({{"b.weight", floats(4)}})}});
  EXPECT_EQ(shape_of(model, "model_v1.a.weight"), "[3]");
  EXPECT_EQ(shape_of(model, "model_v2.b.weight"), "[4]");
}

TEST(Sections, OfModulesByTheirPathsAreOneModel) {
  const std::string weight = py::dict({{"weight", floats(2)}});
  const Model model = model_of({{"layers.0.fc", weight}, {"head", weight}, {"layers.0.fc.norm", weight}});
  EXPECT_EQ(model.kind, "state dicts of modules");
  EXPECT_EQ(sections_of(model), ": model");
  EXPECT_EQ(shape_of(model, "layers.0.fc.weight"), "[2]");
  EXPECT_EQ(shape_of(model, "layers.0.fc.norm.weight"), "[2]");
  const Model several = model_of({{"a.b", weight}, {"c", py::dict({{"fc.weight", floats(2)}})}});
  EXPECT_EQ(sections_of(several), "a.b: model, c: model") << "keys that are paths themselves";
}

TEST(Sections, AreLimited) {
  ReadOptions options;
  options.limits.sections = 2;
  const std::string bytes = bytes_of({{"model_a", py::dict({{"a.weight", floats(1)}})},
                                      {"model_b", py::dict({{"b.weight", floats(2)}})},
                                      {"model_c", py::dict({{"c.weight", floats(3)}})}});
  EXPECT_EQ(error_of([&] {
              read(*memory_folder("", {{"m", bytes}}), "m", options);
            }),
            "m: holds more than 2 sections (limit sections)");
}

TEST(OptimizerState, IsWeighedApart) {
  const Model adam = checkpoint("optimizer_only.pt");
  EXPECT_EQ(adam.kind, "optimizer state");
  EXPECT_EQ(sections_of(adam), ": model, : 18 tensors, 616 bytes");
  EXPECT_EQ(summarize(adam).totals.parameters.known(), 0U);
  EXPECT_EQ(summarize(adam).totals.optimizer_bytes, 616U);
  EXPECT_EQ(sections_of(checkpoint("optimizer_sgd.pt")), ": model, : 6 tensors, 296 bytes");
}

TEST(OptimizerState, BesideAModelIsNotInItsTotals) {
  const Model model = checkpoint("namespace.pth");
  EXPECT_EQ(sections_of(model), "model: model, optimizer: 18 tensors, 616 bytes");
  EXPECT_EQ(summarize(model).totals.bytes.known(), 368U);
  EXPECT_EQ(summarize(model).totals.optimizer_tensors, 18U);
  EXPECT_EQ(notes_of(model),
            "loose-tensor rng: is a tensor of 5056 bytes outside of any state dict; it is not counted\n");
}

TEST(LightningCheckpoint, TellsItsFacts) {
  const Model model = checkpoint("lightning_bf16-true.ckpt");
  EXPECT_EQ(model.kind, "Lightning checkpoint");
  EXPECT_EQ(sections_of(model), "state_dict: model, optimizer_states/0: 18 tensors, 320 bytes");
  EXPECT_EQ(model.metadata, (Facts{{"epoch", "0"},
                                   {"global_step", "2"},
                                   {"pytorch-lightning_version", "2.6.6"},
                                   {"hparams_name", "kwargs"},
                                   {"hyper_parameters.hidden", "8"},
                                   {"hyper_parameters.lr", "0.01"},
                                   {"hyper_parameters.name", "mlp"}}));
  EXPECT_EQ(shape_of(model, "net.0.weight"), "[8, 4]");
  EXPECT_EQ(notes_of(model), "");
}

TEST(Checkpoint, TellsNoLongTextAndFewFacts) {
  std::vector<std::pair<std::string, std::string>> facts = {{"long", py::text(std::string(201, 'x'))},
                                                            {std::string(201, 'k'), py::integer(1)}};
  for (int i = 0; i < 100; ++i) facts.emplace_back("fact" + std::to_string(i), py::integer(i));
  const Model model = model_of(facts);
  EXPECT_EQ(model.metadata.size(), 64U);
  EXPECT_EQ(model.metadata.front(), (std::pair<std::string, std::string>("fact0", "0")));
}

TEST(Checkpoint, KeepsScalarsOfMetricsApart) {
  const std::string score = py::tensor(py::storage("FloatStorage", "0", 64), 0, {}, {});
  const Model model = model_of({{"state_dict", py::dict({{"a.weight", floats(3)}})},
                                {"best_models", py::dict({{"epoch.1", score}, {"epoch.2", score}})}});
  EXPECT_EQ(sections_of(model), "state_dict: model");
  EXPECT_EQ(notes_of(model), "");
}

TEST(Checkpoint, WithoutAModelShowsItsTensors) {
  const Model model = checkpoint("nested.pt");
  EXPECT_EQ(model.kind, "tensors");
  EXPECT_EQ(shape_of(model, "a.b.1.1.c"), "[4]");
  EXPECT_EQ(shape_of(model, "(1, 2)"), "[6]");
  EXPECT_EQ(checkpoint("bare_tensor.pt").kind, "tensor");
}

TEST(Checkpoint, OfNothingIsEmpty) {
  for (const char* name : {"none.pt", "number.pt", "empty_dict.pt", "empty_ordered.pt"}) {
    const Model model = checkpoint(name);
    EXPECT_EQ(model.kind, "tensors") << name;
    EXPECT_EQ(model.tensors.size(), 0U) << name;
  }
}

TEST(Checkpoint, IsNotSearchedWithoutEnd) {
  std::string nested = py::list({});
  for (int i = 0; i < 300; ++i) nested = py::list({nested});
  EXPECT_EQ(error_of([&] { read_bytes(torch_file(nested)); }),
            "m: nests containers deeper than 256 (limit module_depth)");
}

TEST(Checkpoint, ThatHoldsItselfIsSearchedOnce) {
  const std::string list =
      "]q\x01"
      "h\x01"
      "a";  // a list, itself appended
  EXPECT_EQ(read_bytes(torch_file(list)).tensors.size(), 0U);
}

// A path of 200 keys of 200 characters, and below it many values: their names must not be made one by one.
TEST(Checkpoint, OfLongKeysTakesLittleMemory) {
  std::string nested = "](";
  for (int i = 0; i < 300'000; ++i) nested += "]";
  nested += "e";
  for (int i = 0; i < 200; ++i) nested = py::dict({{std::string(200, 'k'), nested}});
  EXPECT_EQ(read_bytes(torch_file(nested)).tensors.size(), 0U);
}

}  // namespace
}  // namespace weigh::testing
