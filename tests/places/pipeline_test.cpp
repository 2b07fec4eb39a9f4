// Pipelines of diffusers: components, variants of one model, what is missing and what is too much.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

Model pipeline(const std::string& name) {
  Model model = read(data_path("diffusers/" + name));
  model.source = name;
  return model;
}

const Module* module_called(const Model& model, std::string_view name) {
  for (Index child = model.modules[0].first_child; child != kNone; child = model.modules[child].next)
    if (model.modules[child].name == name) return &model.modules[child];
  return nullptr;
}

std::string index_of(const std::string& components) { return R"({"_class_name": "P", )" + components + "}"; }

// A unet and a tokenizer.
Files two_components() {
  return {{"model_index.json", index_of(R"("unet": ["diffusers", "UNet"], "tokenizer": ["transformers", "T"])")},
          {"unet/diffusion_pytorch_model.safetensors", one_tensor("a.w")},
          {"unet/config.json", "{}"},
          {"tokenizer/tokenizer.json", "{}"}};
}

void expect_components(const Model& model, const nlohmann::json& components) {
  const Summary summary = summarize(model);
  for (const auto& [name, facts] : components.items()) {
    SCOPED_TRACE(name);
    const Module* module = module_called(model, name);
    ASSERT_NE(module, nullptr);
    EXPECT_EQ(module->type, facts["class"].get<std::string>());
    const Tally& tally = summary.tallies[static_cast<std::size_t>(module - model.modules.data())];
    EXPECT_EQ((tally.parameters + tally.buffers).known(), facts["parameters"].get<std::uint64_t>());
    EXPECT_EQ(tally.tensors, facts["tensors"].get<std::uint64_t>());
    EXPECT_EQ(tally.bytes.known(), facts["bytes"].get<std::uint64_t>());
  }
}

TEST(Diffusers, HasTheCountsOfItsMaker) {
  const Json expected = testing::expected("diffusers");
  for (const char* name : {"plain", "variants"}) expect_components(pipeline(name), expected["components"]);
  expect_components(pipeline("half"), expected["half"]);
}

TEST(Diffusers, ComponentsAloneKnowTheirClass) {
  const Model model = read(data_path("diffusers/plain/vae"));
  EXPECT_EQ(model.format, "safetensors");
  EXPECT_EQ(model.architecture, "AutoencoderKL");
}

TEST(Diffusers, IsOneModelOfComponents) {
  const Model model = pipeline("plain");
  EXPECT_EQ(model.format, "diffusers");
  EXPECT_EQ(model.kind, "3 components");
  EXPECT_EQ(model.architecture, "StableDiffusionPipeline");
  EXPECT_EQ(notes_of(model), "");
  ASSERT_EQ(model.sections.size(), 3U);
  EXPECT_EQ(model.sections[0].name, "text_encoder");
  EXPECT_EQ(model.path_of(model.sections[1].root), "unet");
  EXPECT_EQ(model.source_bytes, 2632U + 47168U + 19772U);
}

TEST(Diffusers, ReadsOneOfSeveralFormsOfAComponent) {
  EXPECT_EQ(notes_of(pipeline("variants")),
            "same-model text_encoder/model.fp16.safetensors: is the same model in another form, to judge by its name; "
            "model.safetensors was read, this is not counted\n"
            "same-model unet/diffusion_pytorch_model.bin: is the same model in another form, to judge by its name; "
            "diffusion_pytorch_model.safetensors was read, this is not counted\n"
            "same-model unet/diffusion_pytorch_model.fp16.safetensors: is the same model in another form, to judge by "
            "its name; diffusion_pytorch_model.safetensors was read, this is not counted\n"
            "same-model vae/diffusion_pytorch_model.bin: is the same model in another form, to judge by its name; "
            "diffusion_pytorch_model.safetensors was read, this is not counted\n"
            "same-model vae/diffusion_pytorch_model.fp16.safetensors: is the same model in another form, to judge by "
            "its name; diffusion_pytorch_model.safetensors was read, this is not counted\n");
}

TEST(Diffusers, ReadsAVariantWhereThereIsNothingElse) {
  const Model model = pipeline("half");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(model.kind, "3 components");
}

TEST(Diffusers, NamesWhatIsMissing) {
  const Model model = pipeline("stopped");
  EXPECT_EQ(notes_of(model),
            "missing-component unet/: has a config.json but no weights. Download them, or take the totals as lower "
            "bounds\n"
            "missing-component vae/: is not there, though model_index.json names it; its weights are not counted. "
            "Download it, or take the totals as lower bounds\n");
  const Summary summary = summarize(model);
  EXPECT_FALSE(summary.totals.is_exact());
  EXPECT_EQ(summary.totals.parameters.known(), 192U);
  EXPECT_EQ(module_called(model, "unet")->type, "UNet2DConditionModel");
}

TEST(Diffusers, MissesATokenizerToo) {
  Files files = two_components();
  files.erase("tokenizer/tokenizer.json");
  files["model_index.json"] =
      index_of(R"("unet": ["diffusers", "UNet"], "tokenizer": ["transformers", "CLIPTokenizer"])");
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model), "missing-component tokenizer/: is not there, though model_index.json names it\n");
  EXPECT_TRUE(summarize(model).totals.is_exact());
}

// HunyuanVideo-1.5 keeps a transformer for each resolution and task.
TEST(Diffusers, NeverAddsVariantsOfAComponent) {
  Files files = two_components();
  files.erase("unet/diffusion_pytorch_model.safetensors");
  files["unet/480p/diffusion_pytorch_model.safetensors"] = one_tensor("a.w");
  files["unet/720p/diffusion_pytorch_model.safetensors"] = one_tensor("a.w");
  Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "several-models unet/: holds several models in folders (480p, 720p); none is counted, so the totals are "
            "lower bounds. 'weigh' on the folder lists them\n");
  EXPECT_FALSE(summarize(model).totals.is_exact());
  EXPECT_EQ(summarize(model).totals.bytes.known(), 0U);

  files = two_components();
  files.erase("unet/diffusion_pytorch_model.safetensors");
  files["unet/a.safetensors"] = files["unet/b.safetensors"] = one_tensor("a.w");
  model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "several-models unet/: holds several models side by side; none is counted, so the totals are lower bounds. "
            "'weigh' on the folder lists them\n");
}

TEST(Diffusers, NamesWhatItsIndexDoesNot) {
  Files files = two_components();
  files["v1-5-pruned.ckpt"] = "x";
  files["lora/pytorch_lora_weights.safetensors"] = one_tensor("a.w");
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "surplus-component v1-5-pruned.ckpt: lies beside the components and is not counted\n"
            "surplus-component lora/: holds weights, but model_index.json does not name it; it is not counted\n");
  EXPECT_EQ(summarize(model).totals.bytes.known(), 4U);
}

TEST(Diffusers, TellsWhereANoteBelongs) {
  Files files = two_components();
  files["unet/diffusion_pytorch_model.safetensors"] = safetensors("{" + entry("a.w", "X8", "[4]", "[0,4]") + "}", 4);
  files["unet/config.json"] = "[]";
  const std::string notes = notes_of(read_files(files, ""));
  EXPECT_NE(notes.find("unknown-dtype unet.a.w: "), std::string::npos) << notes;
  EXPECT_NE(notes.find("config unet/config.json: "), std::string::npos) << notes;
}

TEST(Diffusers, WithABrokenComponentIsRefused) {
  Files files = two_components();
  files["unet/diffusion_pytorch_model.safetensors"] = one_tensor("a.w").substr(0, 30);
  EXPECT_EQ(error_of([&] { read_files(files, ""); }),
            "unet/diffusion_pytorch_model.safetensors: the header needs 55 bytes, 22 are left; is the "
            "download incomplete?");
}

TEST(Diffusers, WithAMalformedIndexIsRefused) {
  Files files = two_components();
  for (const auto& [text, message] : std::map<std::string, std::string>{
           {"[]",
            "model_index.json: the JSON text of 2 bytes is malformed: "
            "a value is of another type than it must be (at byte 0)"},
           {R"({"../unet": ["diffusers", "UNet"]})",
            "names the file '../unet', which is not inside its folder; it is not opened"},
           {R"({"/etc": ["diffusers", "UNet"]})",
            "names the file '/etc', which is not inside its folder; it is not opened"}}) {
    files["model_index.json"] = text;
    EXPECT_EQ(error_of([&] { read_files(files, ""); }), message);
  }
}

TEST(Diffusers, OfTooManyComponentsIsRefused) {
  std::string components;
  for (int i = 0; i < 1001; ++i)
    components += (i == 0 ? "" : ", ") + ("\"c" + std::to_string(i)) + R"(": ["diffusers", "UNet"])";
  EXPECT_EQ(error_of([&] {
              read_files({{"model_index.json", index_of(components)}}, "");
            }),
            "model_index.json: names more than 1000 components (limit sections)");
}

TEST(Diffusers, IgnoresMembersThatNameNoComponent) {
  const Model model = read_files(
      {{"model_index.json",
        R"({"_class_name": 3, "_x": ["a", "B"], "flag": true, "no": [null, null], "odd": [1, 2], "one": ["a"]})"}},
      "");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(model.kind, "0 components");
  EXPECT_TRUE(model.tensors.empty());
}

TEST(Diffusers, IsReadOrRefusedAtEveryPrefixOfItsIndex) {
  Files files = two_components();
  const std::string index = files["model_index.json"];
  const std::size_t refused = every_prefix(index, [&](std::string_view prefix) {
    files["model_index.json"] = prefix;
    read_files(files, "");
  });
  EXPECT_EQ(refused, index.size());
}

}  // namespace
}  // namespace weigh::testing
