// Which files of a directory are its model, and what is said of the others.
#include "places/directory.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "bytes/folder.h"
#include "conventions/model_name.h"
#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

// Names of what would be read, joined by blanks; shards in brackets.
std::string chosen(const Files& files) {
  std::string text;
  for (const ModelFiles& model : plan_directory(*memory_folder("", files)).models) {
    text += text.empty() ? "" : " ";
    if (model.shards.empty()) {
      text += model.file;
      continue;
    }
    text += "[";
    for (const std::string& shard : model.shards) text += (shard == model.shards.front() ? "" : " ") + shard;
    text += "]";
  }
  return text;
}
std::string notes(const Files& files) {
  std::string text;
  for (const Note& note : plan_directory(*memory_folder("", files)).notes)
    text += note.code + " " + note.place + ": " + note.message + "\n";
  return text;
}
Files empty_files(std::initializer_list<const char*> names) {
  Files files;
  for (const char* name : names) files[name] = "";
  return files;
}

TEST(ModelName, TellsVariantsAndParts) {
  const auto told = [](std::string_view text) {
    const ModelName name = parse_model_name(text);
    return name.stem + "|" + name.variant + "|" + std::string(name.ending) + (name.is_index ? " index" : "") +
           (name.is_part ? " part" : "");
  };
  EXPECT_EQ(told("model.safetensors"), "model||.safetensors");
  EXPECT_EQ(told("model.fp16.safetensors"), "model|fp16|.safetensors");
  EXPECT_EQ(told("diffusion_pytorch_model.non_ema.bin"), "diffusion_pytorch_model|non_ema|.bin");
  EXPECT_EQ(told("model.fp16-00001-of-00002.safetensors"), "model|fp16|.safetensors part");
  EXPECT_EQ(told("model-00001-of-00002.fp16.safetensors"), "model|fp16|.safetensors part");
  EXPECT_EQ(told("model.safetensors.index.json"), "model||.safetensors index");
  EXPECT_EQ(told("model.safetensors.index.fp16.json"), "model|fp16|.safetensors index");
  EXPECT_EQ(told("model.fp16.safetensors.index.json"), "model|fp16|.safetensors index");
  EXPECT_EQ(told("pytorch_model.bin.index.json"), "pytorch_model||.bin index");
  EXPECT_EQ(told("consolidated.00.pth"), "consolidated.00||.pth");
  EXPECT_EQ(told("net.bf16.pt"), "net|bf16|.pt");
  EXPECT_EQ(told("epoch=1-loss=0.25.ckpt"), "epoch=1-loss=0.25||.ckpt");
  EXPECT_EQ(told("net.v2.pt"), "net.v2||.pt");
  EXPECT_EQ(told("a-b-of-c.bin"), "a-b-of-c||.bin");
  EXPECT_EQ(told("-of-.bin"), "-of-||.bin");
  EXPECT_EQ(told("weights"), "weights||");
}

TEST(Directory, OfHuggingFaceReadsOneOfSeveralForms) {
  EXPECT_EQ(chosen(empty_files({"model.safetensors", "pytorch_model.bin"})), "model.safetensors");
  EXPECT_EQ(notes(empty_files({"model.safetensors", "pytorch_model.bin", "tf_model.h5"})),
            "same-model pytorch_model.bin: is the same model in another form, to judge by its name; model.safetensors "
            "was read, this is not counted\n"
            "same-model tf_model.h5: is the same model in another form, to judge by its name; model.safetensors was "
            "read, this is not counted\n");
  EXPECT_EQ(chosen(empty_files({"model.fp16.safetensors", "pytorch_model.bin"})), "pytorch_model.bin");
  EXPECT_EQ(chosen(empty_files({"model.bf16.safetensors"})), "model.bf16.safetensors");
}

TEST(Directory, OfShardsMayHoldTheAuthorsFileToo) {
  const Files files =
      empty_files({"consolidated.safetensors", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                   "model.safetensors.index.json", "original/consolidated.00.pth", "original/params.json"});
  EXPECT_EQ(chosen(files), "model.safetensors.index.json");
  EXPECT_EQ(notes(files),
            "same-model consolidated.safetensors: is the same model in another form, to judge by its name; "
            "model.safetensors.index.json was read, this is not counted\n"
            "beside original/: is a folder with weights of its own (consolidated.00.pth), which are not counted\n");
}

TEST(Directory, OfShardsWithoutAnIndexReadsThemAll) {
  EXPECT_EQ(chosen(empty_files({"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                                "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"})),
            "[model-00001-of-00002.safetensors model-00002-of-00002.safetensors]");
  EXPECT_EQ(chosen(empty_files({"x-00001-of-00002.bin", "x-00002-of-00002.bin"})),
            "[x-00001-of-00002.bin x-00002-of-00002.bin]");
}

TEST(Directory, OfATrainerHoldsNoOtherModel) {
  Files files = empty_files({"adapter_model.safetensors", "rng_state.pth", "rng_state_0.pth", "trainer_state.json"});
  files["optimizer.pt"] = files["scheduler.pt"] = files["training_args.bin"] = torch_model();
  EXPECT_EQ(chosen(files), "adapter_model.safetensors");
  EXPECT_EQ(notes(files), "");
}

TEST(Directory, NamesOtherWeightsBesideTheModel) {
  EXPECT_EQ(notes(empty_files({"model.safetensors", "vae.pt", "checkpoint-5/model.safetensors", ".git/x.bin"})),
            "beside vae.pt: lies beside the model and is not counted\n"
            "beside checkpoint-5/: is a folder with weights of its own (model.safetensors), which are not counted\n");
  EXPECT_EQ(notes(empty_files({"model.safetensors", "a.pt", "b.onnx"})),
            "beside a.pt, b.onnx: lie beside the model and are not counted\n");
  EXPECT_EQ(notes(empty_files({"model.safetensors.index.json", "any.safetensors"})), "");
}

TEST(Directory, OfOneModelUnderAnyNameReadsOneForm) {
  Files files = {{"net.pt", torch_model()}, {"net.safetensors", one_tensor("a")}, {"net.fp16.pt", torch_model()}};
  EXPECT_EQ(chosen(files), "net.safetensors");
  EXPECT_EQ(notes(files),
            "same-model net.fp16.pt: is the same model in another form, to judge by its name; net.safetensors was "
            "read, this is not counted\n"
            "same-model net.pt: is the same model in another form, to judge by its name; net.safetensors was read, "
            "this is not counted\n");
  files = {{"net.bin", "something else"}, {"net.pt", torch_model()}};
  EXPECT_EQ(chosen(files), "net.pt");
  EXPECT_EQ(notes(files), "");
}

TEST(Directory, OfSeveralModelsChoosesNone) {
  EXPECT_EQ(chosen({{"epoch=1.ckpt", torch_model()}, {"epoch=2.ckpt", torch_model()}}), "epoch=1.ckpt epoch=2.ckpt");
  EXPECT_EQ(chosen({{"a", torch_model()}, {"b", torch_model()}, {"c", "no model"}, {"d.txt", torch_model()}}), "a b c");
  EXPECT_EQ(chosen({{"a", torch_model()}, {"c", "no model"}}), "a");
  EXPECT_EQ(chosen({{"c", "no model"}}), "");
}

TEST(Directory, OfPointersInTheirPlaceSaysSo) {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4976698672\n";
  EXPECT_EQ(error_of([&] {
              read_files({{"model-q4.gguf", pointer}, {"README.md", "a"}}, "");
            }),
            "model-q4.gguf: is a Git LFS pointer to 4976698672 bytes, not the model; run 'git lfs pull' to fetch it");
}

TEST(Directory, OfOurTrainerIsTheWeightsWithTheStateBesideThem) {
  const Model model = read_files({{"last.safetensors", one_tensor("x")}, {"last.40.state", "any"}}, "");
  EXPECT_EQ(model.format, "safetensors");
  EXPECT_EQ(
      notes_of(model),
      "training-state last.40.state: is the state of the training that last.safetensors goes on from: optimizers, "
      "schedulers, random numbers; it is not counted\n");
}

}  // namespace
}  // namespace weigh::testing
