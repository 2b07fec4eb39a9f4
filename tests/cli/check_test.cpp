// `weigh check`: whole outputs in every form.
#include "weigh/check.h"

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/folder.h"
#include "cli/captured.h"
#include "support/files.h"
#include "support/scratch_folder.h"

namespace weigh::cli {
namespace {

class CheckCommand : public ::testing::Test {
 protected:
  CheckCommand() {
    files_["before.pt"] = testing::file("pytorch/gat_module_before.pt");
    files_["after.pt"] = testing::file("pytorch/gat_module_after.pt");
    files_["text.txt"] = "hello\n";
  }

  Result run(std::vector<std::string> arguments) {
    Result result;
    const auto folder = memory_folder("", files_);
    Console console = capturing(result);
    console.read = [&](const std::string& path) { return read(*folder, path); };
    arguments.insert(arguments.begin(), "check");
    result.code = cli::run(arguments, console);
    return result;
  }

  std::map<std::string, std::string> files_;
};

TEST_F(CheckCommand, PrintsATable) {
  const Result result = run({"before.pt", "--initialized", "--max-parameters", "1K", "--no-missing"});
  EXPECT_EQ(result.code, kCheckFailed);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, R"(before.pt: 1 of 3 gates failed, 1 undecided

  failed      initialized      2 tensors are not initialised: conv1.lin_l.weight, conv1.lin_r.weight
  undecided   max-parameters   at least 50 parameters, and some of unknown size; at most 1000 are allowed
  passed      no-missing       nothing is missing
)");
}

TEST_F(CheckCommand, ExplainsARule) {
  const Result result = run({"--explain", "dtypes"});
  EXPECT_EQ(result.code, kDone);
  EXPECT_EQ(result.out, R"(dtypes: parameters are of these dtypes or packings alone

  holds where        parameters are of these dtypes (PyTorch's names or the short ones) or packings; buffers and scales may be of any
  undecided where    a dtype is not known, or what a tensor packs
  flag               --dtypes bf16,f32,int4
  weighbridge.toml   [check] dtypes = ["bf16", "f32", "int4"]
  Python             weighbridge.check(model, dtypes=["bf16", "f32", "int4"])
)");
  EXPECT_EQ(run({"--explain", "no-pickle"}).out,
            "no-pickle: nothing in it is a Python pickle, which runs code when it is loaded\n"
            "\n"
            "  holds where        nothing in it is a Python pickle, which runs code when it is loaded\n"
            "  undecided where    a pipeline's parts, and archives of torch.export, may be some\n"
            "  flag               --no-pickle\n"
            "  weighbridge.toml   [check] no-pickle = true\n"
            "  Python             weighbridge.check(model, no_pickle=True)\n");
  EXPECT_EQ(run({"--explain", "max-param"}).err,
            "weigh: there is no rule 'max-param'; nearest are max-parameters, max-bytes, max-active\n");
}

// What an explanation shows may be asked for, and docs/check.md has it in its rows and on its screen.
TEST_F(CheckCommand, ExplainsRulesAsTheyAre) {
  const std::string page = testing::read_file(WEIGH_SOURCE "/docs/check.md");
  EXPECT_NE(page.find("```\n" + run({"--explain", "max-bytes"}).out + "```"), std::string::npos);
  for (const Rule& rule : rules()) {
    const std::string told = explanation(rule);
    const std::size_t toml = told.find("[check] ");
    const Policy policy = parse_policy("[check]\n" + told.substr(toml + 8, told.find('\n', toml) - toml - 8), "");
    ASSERT_EQ(policy.gates().size(), 1U) << told;
    EXPECT_EQ(policy.gates()[0].rule, rule.id);
    std::string holds(rule.holds);
    if (holds.starts_with("`weigh diff`")) holds = "[`weigh diff`](diff.md)" + holds.substr(12);
    const std::string cells =
        " | " + holds + " | " + std::string(rule.undecided) + (rule.undecided.empty() ? "|" : " |");
    const std::size_t row = page.find("| `" + std::string(rule.id) + "` |");
    ASSERT_NE(row, std::string::npos) << rule.id;
    EXPECT_NE(page.substr(row, page.find('\n', row) - row).find(cells), std::string::npos) << rule.id << cells;
  }
}

TEST_F(CheckCommand, EndsWithZeroWhereAllHold) {
  const Result result = run({"after.pt", "--initialized", "--max-parameters=306"});
  EXPECT_EQ(result.code, kDone);
  EXPECT_EQ(result.out, R"(after.pt: 2 gates passed

  passed   initialized      all 8 tensors are initialised
  passed   max-parameters   306 parameters, at most 306 are allowed
)");
}

TEST_F(CheckCommand, TakesUndecidedForAViolationUnlessItIsAllowed) {
  EXPECT_EQ(run({"before.pt", "--max-parameters", "1K"}).code, kCheckFailed);
  EXPECT_EQ(run({"before.pt", "--max-parameters", "1K", "--allow-undecided"}).code, kDone);
  EXPECT_EQ(run({"before.pt", "--max-parameters", "1", "--allow-undecided"}).code, kCheckFailed);
}

TEST_F(CheckCommand, ComparesWithAnotherModel) {
  EXPECT_EQ(run({"after.pt", "--like", "after.pt"}).code, kDone);
  EXPECT_EQ(run({"before.pt", "--like", "after.pt"}).out, R"(before.pt: 1 of 1 gate failed

  failed   like   not as after.pt: 6 tensors equal, 2 changed, 0 moved, 0 missing, 0 surplus: conv1.lin_l.weight, conv1.lin_r.weight
)");
}

TEST_F(CheckCommand, GoesOnBehindWhatCannotBeRead) {
  const Result result = run({"text.txt", "after.pt", "--initialized"});
  EXPECT_EQ(result.code, kUnusable);
  EXPECT_TRUE(result.err.starts_with("weigh: text.txt: ")) << result.err;
  EXPECT_EQ(result.out.substr(0, result.out.find("\n\n  ")), "text.txt: cannot be read\n\nafter.pt: 1 gate passed");
}

TEST_F(CheckCommand, RefusesWrongUsage) {
  EXPECT_EQ(run({"after.pt"}).err, "weigh: no rule is asked for; 'weigh check --help' lists them\n");
  EXPECT_EQ(run({"after.pt", "--dtypes", "float"}).err,
            "weigh: 'dtypes' knows no dtype 'float'; nearest are float64, float32, float16\n");
  EXPECT_EQ(run({"after.pt", "--max-parameters", "many"}).err,
            "weigh: 'max-parameters' takes a number, such as 350M or 8B, got 'many'\n");
  EXPECT_EQ(run({"after.pt", "--policy", "nothing.toml"}).err,
            "weigh: nothing.toml: cannot be opened: No such file or directory\n");
}

TEST_F(CheckCommand, TakesRulesFromAFileAndFlagsBeforeThem) {
  const testing::ScratchFolder folder;
  std::ofstream(folder.path_of("p.toml")) << "[check]\ninitialized = true\nmax-parameters = 305\n";
  EXPECT_EQ(run({"after.pt", "--policy", folder.path_of("p.toml")}).code, kCheckFailed);
  EXPECT_EQ(run({"after.pt", "--policy", folder.path_of("p.toml"), "--max-parameters", "306"}).out,
            R"(after.pt: 2 gates passed

  passed   initialized      all 8 tensors are initialised
  passed   max-parameters   306 parameters, at most 306 are allowed
)");
}

TEST_F(CheckCommand, IsJUnit) {
  EXPECT_EQ(run({"before.pt", "text.txt", "--initialized", "--no-missing", "--format", "junit"}).out,
            R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="weigh check" tests="3" failures="1" errors="1">
  <testsuite name="before.pt" tests="2" failures="1" errors="0">
    <testcase classname="before.pt" name="initialized">
      <failure type="failed" message="2 tensors are not initialised: conv1.lin_l.weight, conv1.lin_r.weight">2 tensors are not initialised: conv1.lin_l.weight, conv1.lin_r.weight</failure>
    </testcase>
    <testcase classname="before.pt" name="no-missing"/>
  </testsuite>
  <testsuite name="text.txt" tests="1" failures="0" errors="1">
    <testcase classname="text.txt" name="readable">
      <error type="unreadable" message="text.txt: is text, not a model">text.txt: is text, not a model</error>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST_F(CheckCommand, IsGitHubsAnnotations) {
  EXPECT_EQ(
      run({"before.pt", "--initialized", "--max-parameters", "1K", "--no-missing", "--format", "github"}).out,
      "::error file=before.pt,title=initialized::2 tensors are not initialised: conv1.lin_l.weight, "
      "conv1.lin_r.weight\n"
      "::error file=before.pt,title=max-parameters::undecided: at least 50 parameters, and some of unknown size; at "
      "most 1000 are allowed\n");
}

TEST_F(CheckCommand, IsSarif) {
  const auto json = nlohmann::json::parse(
      run({"before.pt", "text.txt", "--initialized", "--max-parameters", "1K", "--no-missing", "--format", "sarif"})
          .out);
  EXPECT_EQ(json["version"], "2.1.0");
  const auto& run = json["runs"][0];
  EXPECT_EQ(run["tool"]["driver"]["rules"][0]["id"], "initialized");
  EXPECT_EQ(run["invocations"][0]["executionSuccessful"], false);
  ASSERT_EQ(run["results"].size(), 2U);  // no result for what passed
  EXPECT_EQ(
      run["results"][0],
      (nlohmann::json{
          {"ruleId", "initialized"},
          {"ruleIndex", 0},
          {"level", "error"},
          {"message", {{"text", "2 tensors are not initialised: conv1.lin_l.weight, conv1.lin_r.weight"}}},
          {"locations",
           {{{"physicalLocation", {{"artifactLocation", {{"uri", "before.pt"}}}}},
             {"logicalLocations",
              {{{"fullyQualifiedName", "conv1.lin_l.weight"}}, {{"fullyQualifiedName", "conv1.lin_r.weight"}}}}}}},
          {"partialFingerprints", run["results"][0]["partialFingerprints"]}}));
  EXPECT_EQ(run["results"][1]["level"], "warning");
}

TEST_F(CheckCommand, IsJson) {
  const auto json = nlohmann::json::parse(run({"before.pt", "--initialized", "--format", "json"}).out);
  EXPECT_EQ(json["passed"], false);
  EXPECT_EQ(json["models"][0]["findings"][0], (nlohmann::json{{"rule", "initialized"},
                                                              {"verdict", "failed"},
                                                              {"message", "2 tensors are not initialised"},
                                                              {"places", {"conv1.lin_l.weight", "conv1.lin_r.weight"}},
                                                              {"all_places", 2}}));
}

}  // namespace
}  // namespace weigh::cli
