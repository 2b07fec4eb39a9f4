// Each rule: what fails, a near miss that passes, and what cannot be decided.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"

#include "weigh/check.h"
#include "weigh/error.h"
#include "weigh/read.h"

namespace weigh {
namespace {

class Rules : public ::testing::Test {
 protected:
  // "passed: message", with the places behind it.
  std::string found(const std::string& rule, const std::vector<std::string>& values = {}) {
    Policy policy;
    policy.set(rule, values);
    const std::vector<Finding> findings =
        check(b_.model(), policy, [this](const std::string&) { return std::move(other_.model()); });
    EXPECT_EQ(findings.at(0).rule, rule);
    std::string text = std::string(name(findings[0].verdict)) + ": " + findings[0].message;
    for (const std::string& place : findings[0].places) text += " | " + place;
    return text;
  }

  testing::Build b_, other_;
};

TEST_F(Rules, Initialized) {
  b_.add("fc.weight", {2, 8});
  EXPECT_EQ(found("initialized"), "passed: all 1 tensors are initialised");
  b_.index("conv1");
  b_.add_lazy("conv1.weight", {Extent(8), b_.unknown("in", "conv1")});
  EXPECT_EQ(found("initialized"), "failed: 1 tensor is not initialised | conv1.weight");
  b_.model().tensors[1].state = State::missing;
  EXPECT_EQ(found("initialized"), "undecided: of 1 tensors nothing is known: their files are missing | conv1.weight");
}

TEST_F(Rules, MaxParameters) {
  b_.add("fc.weight", {2, 8});
  EXPECT_EQ(found("max-parameters", {"16"}), "passed: 16 parameters, at most 16 are allowed");
  EXPECT_EQ(found("max-parameters", {"15"}), "failed: 16 parameters, at most 15 are allowed");
  b_.index("conv1");
  b_.add_lazy("conv1.weight", {Extent(8), b_.unknown("in", "conv1")});
  EXPECT_EQ(found("max-parameters", {"1K"}),
            "undecided: at least 16 parameters, and some of unknown size; at most 1000 are allowed");
  EXPECT_EQ(found("max-parameters", {"15"}), "failed: at least 16 parameters, at most 15 are allowed");
}

TEST_F(Rules, MaxActive) {
  for (const char* expert : {"0", "1", "2", "3"}) b_.add("mlp.experts." + std::string(expert) + ".up.weight", {2, 8});
  EXPECT_EQ(found("max-active", {"64"}), "passed: 64 parameters, of which a token uses some, at most 64 are allowed");
  EXPECT_EQ(found("max-active", {"32"}),
            "undecided: 64 parameters in a mixture of experts, of which nobody says how many a token uses");
  b_.model().config.experts.pools = {4};
  b_.model().config.experts.per_token = 2;
  EXPECT_EQ(found("max-active", {"32"}), "passed: 32 active parameters, at most 32 are allowed");
  EXPECT_EQ(found("max-active", {"31"}), "failed: 32 active parameters, at most 31 are allowed");
}

TEST_F(Rules, MaxActiveOfAModelWithoutExperts) {
  b_.add("fc.weight", {2, 8});
  EXPECT_EQ(found("max-active", {"16"}), "passed: 16 parameters, of which a token uses all, at most 16 are allowed");
  EXPECT_EQ(found("max-active", {"15"}), "failed: 16 parameters, of which a token uses all, at most 15 are allowed");
}

TEST_F(Rules, MaxBytes) {
  b_.add("fc.weight", {256, 1});
  EXPECT_EQ(found("max-bytes", {"1KiB"}), "passed: 1024 bytes, at most 1024 are allowed");
  EXPECT_EQ(found("max-bytes", {"1kB"}), "failed: 1024 bytes, at most 1000 are allowed");
}

TEST_F(Rules, Dtypes) {
  b_.add("fc.weight", {2, 8}).dtype = DType::bfloat16;
  Tensor& steps = b_.add("bn.num_batches_tracked", {});
  steps.dtype = DType::int64;
  steps.role = Role::buffer;
  EXPECT_EQ(found("dtypes", {"bf16"}), "passed: allowed are bf16");
  EXPECT_EQ(found("dtypes", {"bfloat16", "int4"}), "passed: allowed are bfloat16, int4");
  b_.add("fc.bias", {2});
  EXPECT_EQ(found("dtypes", {"bf16"}), "failed: float32 in 1 tensor; allowed are bf16 | fc.bias");
  b_.add("odd", {2}).dtype = DType::unknown;
  EXPECT_EQ(found("dtypes", {"bf16", "f32"}),
            "undecided: the dtype of 1 tensor is not known; allowed are bf16, f32 | odd");
}

TEST_F(Rules, NoPickle) {
  b_.add("fc.weight", {2});
  b_.model().format = "safetensors";
  EXPECT_EQ(found("no-pickle"), "passed: safetensors holds no pickle");
  b_.model().notes.push_back({"polyglot", "m", ""});
  EXPECT_EQ(found("no-pickle"), "failed: holds a pickle, or is a file of another format as well | m");
  b_.model().format = "PyTorch";
  EXPECT_EQ(found("no-pickle"), "failed: a PyTorch file is a pickle");
  b_.model().notes.clear();
  b_.model().format = "diffusers";
  EXPECT_EQ(found("no-pickle"), "undecided: parts of a diffusers model may be pickles");
}

TEST_F(Rules, NoMissing) {
  b_.add("fc.weight", {2});
  b_.model().notes.push_back({"stale-index", "i", ""});
  EXPECT_EQ(found("no-missing"), "passed: nothing is missing");
  b_.model().notes.push_back({"missing-shard", "model-2.safetensors", ""});
  EXPECT_EQ(found("no-missing"), "failed: parts are missing | model-2.safetensors");
}

TEST_F(Rules, IndexAgrees) {
  b_.add("fc.weight", {2});
  b_.model().notes.push_back({"missing-shard", "model-2.safetensors", ""});
  EXPECT_EQ(found("index-agrees"), "passed: no index contradicts the files");
  b_.model().notes.push_back({"wrong-shard", "fc.weight", ""});
  EXPECT_EQ(found("index-agrees"), "failed: the index and the files contradict each other | fc.weight");
}

TEST_F(Rules, KnownPacking) {
  b_.add("fc.weight", {8, 8});
  EXPECT_EQ(found("known-packing"), "passed: every packed tensor is understood");
  b_.add("q.codes", {8, 8}).dtype = DType::int32;
  b_.model().tensors[1].role = Role::buffer;
  b_.model().tensors[1].role_evidence = Evidence::assumed;
  b_.add("q.codes_scale", {8, 1});
  EXPECT_EQ(found("known-packing"), "failed: nobody knows how many weights 1 tensor holds | q.codes");
}

TEST_F(Rules, Architecture) {
  b_.add("fc.weight", {2});
  EXPECT_EQ(found("architecture", {"Llama*"}), "undecided: its class is not told; allowed are Llama*");
  b_.model().architecture = "LlamaForCausalLM";
  EXPECT_EQ(found("architecture", {"GPT2*", "Llama*"}), "passed: it is a LlamaForCausalLM");
  EXPECT_EQ(found("architecture", {"Llama"}), "failed: it is a LlamaForCausalLM; allowed are Llama");
}

TEST_F(Rules, HasModules) {
  b_.add("model.layers.0.fc.weight", {2});
  b_.add("head.weight", {2});
  EXPECT_EQ(found("has-modules", {"head", "model.layers.*"}), "passed: 2 of them are there");
  EXPECT_EQ(found("has-modules", {"head", "heads"}),
            "failed: no module is called so; nearest to the first are head, model, model.layers | heads");
}

TEST_F(Rules, Like) {
  b_.add("fc.weight", {2, 8});
  other_.add("fc.weight", {2, 8});
  EXPECT_EQ(found("like", {"other.pt"}), "passed: the same as other.pt");
  testing::Build different;
  different.add("fc.weight", {2, 9});
  different.add("fc.bias", {2});
  other_.model() = std::move(different.model());
  EXPECT_EQ(found("like", {"other.pt"}),
            "failed: not as other.pt: 0 tensors equal, 1 changed, 0 moved, 1 missing, 0 surplus | fc.weight | fc.bias");
}

TEST(Policies, RefuseWhatIsNoRuleAndWhatARuleDoesNotTake) {
  const auto message = [](const std::string& rule, const std::vector<std::string>& values) -> std::string {
    try {
      Policy().set(rule, values);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(message("max-params", {"1"}),
            "there is no rule 'max-params'; nearest are max-parameters, max-bytes, max-active");
  EXPECT_EQ(message("max-parameters", {"8 GB"}), "'max-parameters' takes a number, such as 350M or 8B, got '8 GB'");
  EXPECT_EQ(message("max-bytes", {"8M"}), "'max-bytes' takes a size, such as 16GB or 1.5GiB, got '8M'");
  EXPECT_EQ(message("max-bytes", {"99999999TB"}), "'max-bytes' takes a size, such as 16GB or 1.5GiB, got '99999999TB'");
  EXPECT_EQ(message("initialized", {"yes"}), "'initialized' is true or false, got 'yes'");
  EXPECT_EQ(message("dtypes", {}), "'dtypes' takes at least one word, got none");
  EXPECT_EQ(message("dtypes", {"bfloat"}), "'dtypes' knows no dtype 'bfloat'; nearest are bfloat16, float64, float32");
  EXPECT_EQ(message("like", {"a", "b"}), "'like' takes one value, got 2");
}

TEST(Policies, KeepTheOrderOfTheRulesAndTheLastValue) {
  Policy policy;
  policy.set("dtypes", {"f32"});
  policy.set("max-parameters", {"1.5K"});
  policy.set("initialized");
  policy.set("max-parameters", {"2_000"});
  policy.set("no-pickle", {"true"});
  policy.set("no-pickle", {"false"});
  ASSERT_EQ(policy.gates().size(), 3U);
  EXPECT_EQ(policy.gates()[0].rule, "initialized");
  EXPECT_EQ(policy.gates()[1].number, 2000U);
  EXPECT_EQ(policy.gates()[2].words, std::vector<std::string>{"f32"});
}

// A format that is new must be put among those that are pickles or those that are not.
TEST(Policies, KnowOfEveryFormatWhetherItIsAPickle) {
  for (const FormatInfo& format : formats()) {
    if (format.name == "Hugging Face cache" || format.name == "ranks")
      continue;  // places: the format is that of what is there
    Model model;
    model.format = format.name;
    Policy policy;
    policy.set("no-pickle");
    const Finding finding = check(model, policy, nullptr).at(0);
    const bool may_be_either =
        format.name == "torch.export" || format.name == "diffusers" || format.name == "sentence-transformers";
    EXPECT_EQ(finding.verdict == Outcome::undecided, may_be_either) << format.name;
  }
}

}  // namespace
}  // namespace weigh
