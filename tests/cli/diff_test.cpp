// `weigh diff`: whole screens.
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/folder.h"
#include "cli/captured.h"
#include "support/files.h"
#include "support/made_files.h"
#include "support/scratch_folder.h"

namespace weigh::cli {
namespace {

class DiffCommand : public ::testing::Test {
 protected:
  DiffCommand() {
    files_["before.pt"] = testing::file("pytorch/gat_module_before.pt");
    files_["after.pt"] = testing::file("pytorch/gat_module_after.pt");
    files_["state.pt"] = testing::file("pytorch/gat_state_after.pt");
    files_["text.txt"] = "hello\n";
  }

  Result run(std::vector<std::string> arguments) {
    Result result;
    const auto folder = memory_folder("", files_);
    Console console = capturing(result);
    console.read = [&](const std::string& path) { return read(*folder, path); };
    console.read_located = [](const std::string& path) {
      ReadOptions options;
      options.locations = true;
      return read(path, options);
    };
    arguments.insert(arguments.begin(), "diff");
    result.code = cli::run(arguments, console);
    return result;
  }

  std::map<std::string, std::string> files_;
};

TEST_F(DiffCommand, TellsWhatDiffers) {
  const Result result = run({"before.pt", "after.pt"});
  EXPECT_EQ(result.code, kCheckFailed);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, R"(A  before.pt · PyTorch, pickled module · GAT
B  after.pt · PyTorch, pickled module · GAT

  ~   conv1.lin_l.weight   [8, in] → [8, 16] · not initialised → initialised
  ~   conv1.lin_r.weight   [8, in] → [8, 16] · not initialised → initialised

  parameters   ≥ 50      → 306
  trainable    ≥ 50      → 306
  size         ≥ 200 B   → 1,224 B

  Tensors: 6 equal, 2 changed.
)");
}

TEST_F(DiffCommand, OfEqualModelsEndsWithZero) {
  const Result result = run({"after.pt", "after.pt"});
  EXPECT_EQ(result.code, kDone);
  EXPECT_EQ(result.out, R"(A  after.pt · PyTorch, pickled module · GAT
B  after.pt · PyTorch, pickled module · GAT

  Tensors: 8 equal.
  No difference.
)");
}

TEST_F(DiffCommand, ComparesAModuleWithItsStateDict) {
  const Result result = run({"after.pt", "state.pt", "--ascii"});
  EXPECT_EQ(result.code, kDone) << result.out;
}

// Both models side by side, below what differs.
TEST_F(DiffCommand, IsAPage) {
  const std::string page = run({"before.pt", "after.pt", "--format", "html", "--top", "1"}).out;
  const std::size_t begin = page.find("<section class=\"diff\">");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_EQ(page.substr(begin, page.find("</section>\n", begin) - begin), R"(<section class="diff"><h2>What differs</h2>
<ul class="list">
<li>Tensors: 6 equal, 2 changed.</li>
<li>1 more differences; --top 0 shows all</li>
</ul>
<div class="scroll" tabindex="0" role="region" aria-label="Differences">
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Change</th><th scope="col">Difference</th></tr></thead>
<tbody>
<tr><th scope="row">conv1.lin_l.weight</th><td>changed</td><td>[8, in] → [8, 16] · not initialised → initialised</td></tr>
</tbody>
</table>
</div>
<div class="scroll" tabindex="0" role="region" aria-label="Totals and settings that differ">
<table>
<thead><tr><th scope="col">What</th><th scope="col">A</th><th scope="col">B</th></tr></thead>
<tbody>
<tr><th scope="row">parameters</th><td>≥ 50</td><td>306</td></tr>
<tr><th scope="row">trainable</th><td>≥ 50</td><td>306</td></tr>
<tr><th scope="row">size</th><td>≥ 200 B</td><td>1,224 B</td></tr>
</tbody>
</table>
</div>
)");
  EXPECT_NE(page.find("aria-label=\"before.pt\""), std::string::npos);
  EXPECT_NE(page.find("aria-label=\"after.pt\""), std::string::npos);
}

TEST_F(DiffCommand, IsMarkdown) {
  EXPECT_EQ(run({"before.pt", "after.pt", "--format", "markdown", "--top", "1"}).out,
            R"(**A** before.pt · PyTorch, pickled module · GAT
**B** after.pt · PyTorch, pickled module · GAT

| Name | Change | Difference |
|---|---|---|
| `conv1.lin_l.weight` | changed | \[8, in\] → \[8, 16\] · not initialised → initialised |

1 more differences; --top 0 shows all

|  | A | B |
|---|---|---|
| parameters | ≥ 50 | 306 |
| trainable | ≥ 50 | 306 |
| size | ≥ 200 B | 1,224 B |

Tensors: 6 equal, 2 changed.
)");
}

TEST_F(DiffCommand, IsJson) {
  const auto json = nlohmann::json::parse(run({"before.pt", "after.pt", "--format", "json"}).out);
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["equal"], false);
  EXPECT_EQ(json["a"]["parameters"], 50);
  EXPECT_EQ(json["b"]["parameters"], 306);
  EXPECT_EQ(json["tensors"], (nlohmann::json{{"equal", 6}, {"changed", 2}, {"moved", 0}, {"went", 0}, {"came", 0}}));
  ASSERT_EQ(json["differences"].size(), 2U);
  EXPECT_EQ(
      json["differences"][0],
      (nlohmann::json{{"change", "changed"},
                      {"what", "tensor"},
                      {"a", "conv1.lin_l.weight"},
                      {"b", "conv1.lin_l.weight"},
                      {"last_a", "conv1.lin_l.weight"},
                      {"last_b", "conv1.lin_l.weight"},
                      {"repeat", 1},
                      {"tensors", 1},
                      {"evidence", "recorded"},
                      {"likeness", 100},
                      {"facts", {{"shape", {"[8, in]", "[8, 16]"}}, {"state", {"not initialised", "initialised"}}}},
                      {"values", nullptr}}));
}

TEST_F(DiffCommand, SaysOfEachFileWhyItCannotBeRead) {
  const Result result = run({"text.txt", "nothing.pt"});
  EXPECT_EQ(result.code, kUnusable);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(result.err.starts_with("weigh: text.txt: ")) << result.err;
  EXPECT_NE(result.err.find("\nweigh: nothing.pt: "), std::string::npos) << result.err;
}

TEST_F(DiffCommand, RefusesWrongUsage) {
  EXPECT_EQ(run({"before.pt"}).code, kUnusable);
  EXPECT_EQ(
      run({"before.pt", "after.pt", "--map", "conv1"}).err,
      "weigh: --map: 'conv1' is not OLD=NEW, such as model=base_model.model; 'weigh diff --help' lists the options\n");
  EXPECT_EQ(run({"before.pt", "after.pt", "--map", "conv.=conv1."}).err,
            "weigh: before.pt: has no module 'conv' to map; nearest are conv1, fc, conv1.lin_l, conv1.lin_r, "
            "conv1.aggr_module\n");
}

TEST_F(DiffCommand, ComparesValues) {
  const testing::ScratchFolder folder;
  const auto write = [&](const std::string& name, std::vector<float> numbers) {
    std::string data(numbers.size() * 4, '\0');
    std::memcpy(data.data(), numbers.data(), data.size());
    std::ofstream(folder.path_of(name), std::ios::binary)
        << testing::safetensors("{" + testing::entry("w", "F32", "[4]", "[0,16]") + "}") << data;
    return folder.path_of(name);
  };
  const std::string a = write("a.safetensors", {1, 2, 3, 4});
  const std::string b = write("b.safetensors", {1, 2.5, 3, 3});
  const Result result = run({a, b, "--values"});
  EXPECT_EQ(result.code, kCheckFailed);
  EXPECT_NE(result.out.find("  ~   w   2 of 4 numbers differ, by 1 at most, 0.375 on average\n"), std::string::npos)
      << result.out;
  const Result equal = run({a, a, "--values"});
  EXPECT_EQ(equal.code, kDone);
  EXPECT_NE(equal.out.find("  Tensors: 1 equal, values included.\n"), std::string::npos) << equal.out;
}

}  // namespace
}  // namespace weigh::cli
