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

// The page that the model has, with the plan behind its head, under the same policy.
TEST(PlanCommand, WritesAPage) {
  const Result result = plan({"--train", "--format", "html"});
  EXPECT_EQ(result.code, 0);
  const std::size_t begin = result.out.find("<section class=\"plan\">");
  const std::size_t end = result.out.find("</section>\n", begin);
  ASSERT_NE(begin, std::string::npos);
  EXPECT_EQ(result.out.substr(begin, end - begin), R"(<section class="plan"><h2>Memory to train</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Memory">
<table>
<thead><tr><th scope="col">What</th><th scope="col" class="num">Memory</th><th scope="col">How</th></tr></thead>
<tbody>
<tr><th scope="row">weights</th><td class="num" title="1,224 B">1.22 kB</td><td>4 bytes for each parameter (32-true) (derived)</td></tr>
<tr><th scope="row">gradients</th><td class="num" title="1,224 B">1.22 kB</td><td>4 bytes for each trainable parameter (derived)</td></tr>
<tr><th scope="row">optimizer states</th><td class="num" title="2,448 B">2.45 kB</td><td>adamw: two moments; parameters have 4 bytes (derived)</td></tr>
</tbody>
</table>
</div>
<ul class="list">
<li>≥ 4.90 kB to train</li>
<li>not counted: activations: no whole forward was seen; that of a live model with an example input is</li>
<li>not counted: what operators need while they compute, buckets of communication, and what the runtime itself takes</li>
</ul>
)");
  std::string without = result.out;
  without.erase(begin, end + 11 - begin);
  Result plain;
  Console console = capturing(plain);
  console.read = [](const std::string& path) { return weigh::read(path); };
  ASSERT_EQ(run({testing::data_path("pytorch/gat_module_after.pt"), "--format", "html"}, console), 0);
  EXPECT_EQ(without, plain.out);
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
