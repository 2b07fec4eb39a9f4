// Adapters that PEFT saved against what the live models hold, and files that lie.
#include "places/adapter.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"
#include "support/scratch_folder.h"

#include "weigh/render.h"
#include "weigh/summary.h"

namespace weigh::testing {
namespace {

TEST(Adapter, AddsToItsBaseWhatTheLiveModelTrains) {
  const Json all = expected("peft");
  for (const auto& [name, told] : all.items()) {
    const Model model = read(data_path("peft/" + name));
    EXPECT_EQ(notes_of(model), "") << name;
    const Summary summary = summarize(model);
    ASSERT_TRUE(summary.adapter) << name;
    EXPECT_EQ(summary.adapter->base_parameters, told["base_parameters"]) << name;
    EXPECT_EQ(summary.adapter->added, told["added"]) << name;
    EXPECT_EQ(summary.adapter->replaced, told["replaced"]) << name;
  }
}

TEST(Adapter, IsToldInFull) {
  const Model model = read(data_path("peft/lora_expression/adapter_model.safetensors"));
  ASSERT_TRUE(model.config.adapter);
  const AdapterConfig& adapter = *model.config.adapter;
  EXPECT_EQ(adapter.type, "LORA");
  EXPECT_EQ(adapter.base, "base");
  EXPECT_EQ(adapter.rank, 2U);
  EXPECT_EQ(adapter.alpha, 3);
  EXPECT_EQ(adapter.targets, std::vector<std::string>{R"(.*layers\.1\.mlp\..*_proj)"});
  EXPECT_TRUE(summarize(model).adapter);
}

TEST(Adapter, HasNoRankWherePeftGivesNone) {
  const Model model = read(data_path("peft/prompt"));
  ASSERT_TRUE(model.config.adapter);
  EXPECT_EQ(model.config.adapter->type, "PROMPT_TUNING");
  EXPECT_EQ(model.config.adapter->rank, std::nullopt);
  EXPECT_EQ(model.config.adapter->alpha, std::nullopt);
  EXPECT_TRUE(model.config.adapter->targets.empty());
}

TEST(Adapter, OfABaseThatLiesElsewhereIsToldAlone) {
  const Model model = read(data_path("peft/lora_of_another"));
  ASSERT_TRUE(model.config.adapter);
  EXPECT_EQ(model.config.adapter->base, "weighbridge/elsewhere");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_FALSE(summarize(model).adapter);
}

TEST(Adapter, IsNoneWithoutItsConfiguration) { EXPECT_FALSE(read(data_path("peft/base")).config.adapter); }

std::string weights() {
  return safetensors("{" + entry("base_model.model.fc.lora_A.weight", "F32", "[3]", "[0,12]") + "}", 12);
}

TEST(Adapter, ConfigurationThatCannotBeReadIsANote) {
  const Model model = read_files({{"adapter_model.safetensors", weights()}, {"adapter_config.json", "{\"r\": "}}, "");
  EXPECT_FALSE(model.config.adapter);
  ASSERT_EQ(model.notes.size(), 1U);
  EXPECT_EQ(model.notes[0].code, "config");
  EXPECT_EQ(model.notes[0].place, "adapter_config.json");
}

TEST(Adapter, FactsOfAnotherTypeAreNotTaken) {
  const Model model = read_files(
      {{"adapter_model.safetensors", weights()},
       {"adapter_config.json",
        R"({"peft_type": 3, "base_model_name_or_path": null, "r": -1, "lora_alpha": "x", "target_modules": {"a": 1}})"}},
      "");
  EXPECT_EQ(notes_of(model), "");
  ASSERT_TRUE(model.config.adapter);
  EXPECT_EQ(model.config.adapter->type, "");
  EXPECT_EQ(model.config.adapter->base, "");
  EXPECT_EQ(model.config.adapter->rank, std::nullopt);
  EXPECT_EQ(model.config.adapter->alpha, std::nullopt);
  EXPECT_TRUE(model.config.adapter->targets.empty());
}

// An adapter in a scratch folder, and what lies beside it.
class AdapterBeside : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path path = scratch_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  void adapter(const std::string& folder, const std::string& base) const {
    write(folder + "/adapter_model.safetensors", weights());
    write(folder + "/adapter_config.json",
          R"({"peft_type": "LORA", "target_modules": ["fc"], "base_model_name_or_path": ")" + base + "\"}");
  }
  void base(const std::string& folder, const std::string& module) const {
    write(folder + "/model.safetensors",
          safetensors("{" + entry(module + ".weight", "F32", "[5]", "[0,20]") + "}", 20));
  }
  Model read_adapter() const { return read(scratch_.path_of("a")); }

  const ScratchFolder scratch_;
};

TEST_F(AdapterBeside, TheBaseIsFoundByTheLastPartOfItsName) {
  adapter("a", "some/where/else/b/");
  base("b", "fc");
  const Model model = read_adapter();
  const Summary summary = summarize(model);
  ASSERT_TRUE(summary.adapter);
  EXPECT_EQ(summary.adapter->base_parameters, 5U);
  EXPECT_EQ(summary.adapter->added, 3U);
}

TEST_F(AdapterBeside, AnotherModelOfThatNameIsNotTakenForTheBase) {
  adapter("a", "b");
  base("b", "other");
  const Model model = read_adapter();
  const Summary summary = summarize(model);
  EXPECT_FALSE(summary.adapter);
  ASSERT_EQ(summary.notes.size(), 1U);
  EXPECT_EQ(summary.notes[0].code, "adapter-base");
  EXPECT_EQ(
      summary.notes[0].message,
      "is called like the base that adapter_config.json names, but has none of the modules that are adapted; it is "
      "not taken for it");
}

TEST_F(AdapterBeside, ABaseThatCannotBeReadIsANote) {
  adapter("a", "b");
  write("b/model.safetensors", "no");
  EXPECT_EQ(notes_of(read_adapter()).substr(0, 72),
            "adapter-base b: is called like the base that adapter_config.json names: ");
}

TEST_F(AdapterBeside, NoOtherPathIsOpened) {
  base("elsewhere/b", "fc");
  for (const char* name : {"..", ".", "/", "a", "../elsewhere/b", "elsewhere/b"}) {
    adapter("a", name);
    const Model model = read_adapter();
    EXPECT_EQ(model.base, nullptr) << name;
    EXPECT_EQ(notes_of(model), "") << name;
  }
}

TEST_F(AdapterBeside, TwoAdaptersMayNameEachOther) {
  adapter("a", "b");
  adapter("b", "a");
  const Model model = read_adapter();
  ASSERT_NE(model.base, nullptr);
  EXPECT_EQ(model.base->base, nullptr);
}

}  // namespace
}  // namespace weigh::testing
