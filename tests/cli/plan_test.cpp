// `weigh plan`: its usage and its forms. The screen is in docs/plan.md, which readme_test.cpp compares.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/captured.h"
#include "support/files.h"

namespace weigh::cli {
namespace {

Result plan(std::vector<std::string> arguments) {
  Result result;
  Console console = capturing(result);
  console.read = [](const std::string& path) { return weigh::read(path); };
  arguments.insert(arguments.begin(), {"plan", testing::data_path("pytorch/gat_module_after.pt")});
  result.code = run(arguments, console);
  return result;
}

// 306 parameters of 4 bytes, their gradients, and two moments of each.
TEST(PlanCommand, WritesJson) {
  const Result result = plan({"--train", "--format", "json"});
  EXPECT_EQ(result.code, 0);
  const auto told = nlohmann::json::parse(result.out);
  EXPECT_EQ(told.at("purpose"), "train");
  EXPECT_EQ(told.at("bytes"), 4 * 1'224);
  EXPECT_EQ(told.at("exact"), false);
  EXPECT_EQ(told.at("lines").at(2).at("what"), "optimizer states");
  EXPECT_EQ(told.at("lines").at(2).at("bytes"), 2'448);
  EXPECT_TRUE(told.at("machine").is_null());
}

TEST(PlanCommand, WritesMarkdown) {
  const Result result = plan({"--format", "markdown"});
  EXPECT_NE(result.out.find("| weights | 1.22 kB | as stored"), std::string::npos) << result.out;
}

TEST(PlanCommand, RefusesWhatContradictsItself) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--zero", "1"},
       "weigh: precision, optimizer, adapters (lora), ZeRO, master weights and checkpointing are of training, and "
       "serving "
       "is planned\n"},
      {{"--train", "--lora-targets", "q"},
       "weigh: --lora-targets: names matrices for adapters, and --lora gives no rank; 'weigh plan --help' lists the "
       "options\n"},
      {{"--train", "--weights", "nf4"},
       "weigh: weights that are trained are held as the precision says; another form goes with adapters (lora) "
       "alone\n"},
      {{"--pipeline-parallel", "2"}, "weigh: pipeline-parallel 2 needs as many layers, and the model has 0\n"},
  };
  for (const auto& [arguments, message] : cases) {
    const Result result = plan(arguments);
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.err, message);
    EXPECT_EQ(result.out, "");
  }
}

}  // namespace
}  // namespace weigh::cli
