// Directories of several models on the command line: a list, in every form of output.
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/folder.h"
#include "cli/captured.h"
#include "support/files.h"

#include "weigh/error.h"

namespace weigh::cli {
namespace {

// "runs/" holds two states of a model and another, beside it lies a file.
class Lists : public ::testing::Test {
 protected:
  Lists() {
    files_["runs/epoch=2.pt"] = testing::file("pytorch/gat_module_after.pt");
    files_["runs/epoch=10.pt"] = testing::file("pytorch/gat_module_before.pt");
    files_["runs/old/gpt.safetensors"] = testing::file("safetensors/plain.safetensors");
    files_["one.pt"] = testing::file("pytorch/gat_module_after.pt");
  }

  Result run(std::vector<std::string> arguments) {
    Result result;
    const auto folder = memory_folder("", files_);
    Console console = capturing(result);
    console.read = [&](const std::string& path) {
      return path.ends_with('/') || path == "runs" ? read(*folder->enter("runs"), "") : read(*folder, path);
    };
    console.read_each = [&](const std::string& path, const Look& look, const auto& fail) {
      return path == "runs" || path == "runs/" ? read_each(*folder->enter("runs"), {}, look, fail) : 0;
    };
    console.width = width_;
    result.code = cli::run(arguments, console);
    return result;
  }

  std::map<std::string, std::string> files_;
  unsigned width_ = 0;
};

TEST_F(Lists, AreTables) {
  for (const char* path : {"runs", "runs/"}) {
    const Result result = run({path});
    EXPECT_EQ(result.code, kDone);
    EXPECT_EQ(result.out, std::string(path) + R"( · 3 models

  Name          Params      Size   Tensors   Notes   Format                    Architecture
  epoch=2.pt       306   1.22 kB         8           PyTorch, pickled module   GAT
  epoch=10.pt     ≥ 50   ≥ 200 B         8       2   PyTorch, pickled module   GAT
  old               89     362 B        10           safetensors
)");
    const std::string file = std::string(path) + (std::string(path) == "runs" ? "/" : "") + "epoch=10.pt";
    EXPECT_EQ(result.err, "weigh: " + std::string(path) + ": 1 of 3 models has notes; 'weigh " + file +
                              "' tells those of the first\n");
  }
}

TEST_F(Lists, FitNarrowTerminals) {
  width_ = 44;
  EXPECT_EQ(run({"runs"}).out, R"(runs · 3 models

  Name          Params      Size   Tensors
  epoch=2.pt       306   1.22 kB         8
  epoch=10.pt     ≥ 50   ≥ 200 B         8
  old               89     362 B        10
)");
}

TEST_F(Lists, AreSortedFilteredAndCut) {
  const auto names = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"runs", "--format", "csv"});
    std::string text;
    const std::string out = run(arguments).out;
    for (std::size_t at = out.find("\r\n"); at + 2 < out.size(); at = out.find("\r\n", at + 2))
      text += (text.empty() ? "" : " ") + out.substr(at + 2, out.find(',', at) - at - 2);
    return text;
  };
  EXPECT_EQ(names({}), "epoch=2.pt epoch=10.pt old");
  EXPECT_EQ(names({"--sort", "name"}), "epoch=10.pt epoch=2.pt old");
  EXPECT_EQ(names({"--sort", "params"}), "epoch=2.pt old epoch=10.pt");
  EXPECT_EQ(names({"--sort", "size", "--top", "2"}), "epoch=2.pt old");
  EXPECT_EQ(names({"--filter", "epoch"}), "epoch=2.pt epoch=10.pt");
  EXPECT_EQ(names({"--filter", "*=2*"}), "epoch=2.pt");
}

TEST_F(Lists, AreCsv) {
  EXPECT_EQ(
      run({"runs", "--format", "csv"}).out,
      "name,format,kind,architecture,parameters,exact,active,buffers,bytes,bytes_exact,tensors,uninitialized,notes\r\n"
      "epoch=2.pt,PyTorch,pickled module,GAT,306,true,,0,1224,true,8,0,0\r\n"
      "epoch=10.pt,PyTorch,pickled module,GAT,50,false,,0,200,false,8,2,2\r\n"
      "old,safetensors,,,89,true,,17,362,true,10,0,0\r\n");
}

TEST_F(Lists, AreMarkdown) {
  EXPECT_EQ(run({"runs", "--format", "markdown", "--filter", "epoch"}).out,
            "**runs**: 2 models\n\n"
            "| Name | Params | Size | Tensors | Notes | Format | Architecture |\n"
            "|---|--:|--:|--:|--:|---|---|\n"
            "| `epoch=2.pt` | 306 | 1.22 kB | 8 |  | PyTorch, pickled module | GAT |\n"
            "| `epoch=10.pt` | ≥ 50 | ≥ 200 B | 8 | 2 | PyTorch, pickled module | GAT |\n");
}

TEST_F(Lists, AreArraysInJson) {
  for (const auto& arguments : {std::vector<std::string>{"runs", "--format", "json"},
                                std::vector<std::string>{"runs", "one.pt", "--format", "json"}}) {
    const Result result = run(arguments);
    const auto json = nlohmann::json::parse(result.out);
    ASSERT_EQ(json.size(), arguments.size());
    EXPECT_EQ(json[0]["source"], "runs/epoch=2.pt");
    EXPECT_EQ(json[0]["totals"]["parameters"], 306);
    EXPECT_EQ(json[2]["source"], "runs/old");
  }
}

TEST_F(Lists, AreOneTextBehindTheOtherInLightningsForm) {
  std::string all;
  for (const char* name : {"runs/epoch=2.pt", "runs/epoch=10.pt"})
    all += run({name, "--format", "lightning"}).out + "\n";
  EXPECT_EQ(run({"runs", "--format", "lightning"}).out.substr(0, all.size()), all);
}

TEST_F(Lists, StandAmongOtherFiles) {
  EXPECT_EQ(run({"one.pt", "runs"}).out, run({"one.pt"}).out + "\n" + run({"runs"}).out);
}

TEST_F(Lists, AreStrictToo) {
  EXPECT_EQ(run({"runs", "--strict"}).code, kCheckFailed);
  EXPECT_EQ(run({"runs", "--strict", "--format", "json"}).code, kCheckFailed);
}

TEST_F(Lists, GoOnBehindWhatCannotBeRead) {
  files_["runs/epoch=3.pt"] = files_["runs/epoch=2.pt"].substr(0, 500);
  const Result result = run({"runs", "--filter", "epoch=*"});
  EXPECT_EQ(result.code, kUnusable);
  EXPECT_NE(result.out.find("epoch=10.pt"), std::string::npos);
  EXPECT_EQ(result.err.find("weigh: runs/epoch=3.pt"), 0U) << result.err;
}

TEST_F(Lists, SayWhatWasGiven) {
  const Result result = run({"runs", "--set", "in=16"});
  EXPECT_EQ(result.code, kUnusable);
  EXPECT_EQ(result.out, R"(runs · 1 model

  Name          Params      Size   Tensors   Notes   Format                    Architecture
  epoch=10.pt      306   ≥ 200 B         8       2   PyTorch, pickled module   GAT

  with in = 16 (given)
)");
  EXPECT_EQ(result.err,
            "weigh: runs/epoch=2.pt: no unknown size is called 'in': none that is unknown has a name\n"
            "weigh: runs/old: no unknown size is called 'in': none that is unknown has a name\n"
            "weigh: runs: 1 of 1 models has notes; 'weigh runs/epoch=10.pt' tells those of the first\n");
  EXPECT_EQ(run({"runs", "--set", "in=16", "--format", "csv"}).out,
            "name,format,kind,architecture,parameters,exact,active,buffers,bytes,bytes_exact,tensors,uninitialized,"
            "notes,given\r\n"
            "epoch=10.pt,PyTorch,pickled module,GAT,306,true,,0,200,false,8,2,2,in = 16\r\n");
  const std::string markdown = run({"runs", "--set", "in=16", "--format", "markdown"}).out;
  EXPECT_TRUE(markdown.ends_with("|\n\nwith in = 16 (given)\n")) << markdown;
}

TEST_F(Lists, ArePagesAndBillsOfAllModels) {
  const Result page = run({"runs", "--format", "html"});
  EXPECT_EQ(page.code, kDone);
  EXPECT_NE(page.out.find("<title>3 models</title>"), std::string::npos);
  EXPECT_LT(page.out.find("epoch=2.pt</h2>"), page.out.find("epoch=10.pt</h2>"));
  const nlohmann::json bill = nlohmann::json::parse(run({"runs", "--format", "spdx"}).out);
  EXPECT_EQ(bill["@graph"].size(), 6U);
}

}  // namespace
}  // namespace weigh::cli
