#include "cli/run.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/folder.h"
#include "cli/captured.h"
#include "support/files.h"

namespace weigh::cli {
namespace {

// The whole program on files in memory: a file of tests/data under a name without its folders.
class Run : public ::testing::Test {
 protected:
  Run() {
    add("gat.pt", "pytorch/gat_module_before.pt");
    add("after.pt", "pytorch/gat_module_after.pt");
    add("gpt.pt", "pytorch/modules/gpt_tied_module.pt");
    files_["text.txt"] = "hello\n";
  }

  void add(const std::string& name, const std::string& fixture) { files_[name] = testing::file(fixture); }

  Result run(std::vector<std::string> arguments) {
    Result result;
    const auto folder = memory_folder("", files_);
    Console console = capturing(result);
    console.read = [&](const std::string& path) { return read(*folder, path); };
    console.color = color_;
    console.unicode = unicode_;
    console.width = width_;
    console.time = time_;
    result.code = cli::run(arguments, console);
    return result;
  }

  std::map<std::string, std::string> files_;
  bool color_ = false;
  bool unicode_ = true;
  unsigned width_ = 0;
  std::optional<std::uint64_t> time_;
};

constexpr const char* kUninitialised =
    "weigh: gat.pt: 2 tensors are not initialised yet, so totals are lower bounds: conv1.lin_l.weight, "
    "conv1.lin_r.weight; run one forward before saving, or give an example input, to know them\n";

TEST_F(Run, PrintsTheTableAndNamesWhatIsNotInitialised) {
  const Result result = run({"gat.pt"});
  EXPECT_EQ(result.code, kDone);
  EXPECT_EQ(result.out, R"(gat.pt · PyTorch, pickled module · GAT · 8 tensors · not all initialised

  Name    Type            Params      Size   Mode
  conv1   GATv2Conv   16·in + 32   ≥ 128 B   train   lazy
  fc      Linear              18      72 B   train

  ≥ 50 parameters · all trainable · ≥ 200 B

  2 tensors are not initialised yet; what is known of them:
    conv1.lin_l.weight   [8, in]
    conv1.lin_r.weight   [8, in]
  Run one forward before saving, or give an example input, to know them.
)");
  EXPECT_EQ(result.err, kUninitialised);
}

TEST_F(Run, StrictFailsWhereSomethingIsNotInitialised) {
  const Result before = run({"--strict", "gat.pt"});
  EXPECT_EQ(before.code, kCheckFailed);
  EXPECT_EQ(before.out, run({"gat.pt"}).out);
  EXPECT_EQ(before.err, kUninitialised);
  EXPECT_EQ(run({"--strict", "after.pt"}).code, kDone);
}

TEST_F(Run, WeighsSeveralFilesAndGoesOnBehindOneThatFails) {
  const Result result = run({"after.pt", "missing.pt", "gpt.pt"});
  EXPECT_EQ(result.code, kUnusable);
  EXPECT_EQ(result.out, run({"after.pt"}).out + "\n" + run({"gpt.pt"}).out);
  EXPECT_EQ(result.err, "weigh: missing.pt: cannot be opened: No such file or directory\n");
}

TEST_F(Run, AnUnreadableFileOutweighsAFailedCheck) {
  EXPECT_EQ(run({"--strict", "gat.pt", "text.txt"}).code, kUnusable);
}

TEST_F(Run, SaysWhyAFileIsNoModel) {
  const Result result = run({"text.txt"});
  EXPECT_EQ(result.code, kUnusable);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "weigh: text.txt: is text, not a model\n");
}

TEST_F(Run, JsonOfOneFileIsAnObjectOfSeveralAnArray) {
  const auto one = nlohmann::json::parse(run({"--format", "json", "after.pt"}).out);
  EXPECT_EQ(one["totals"]["parameters"], 306);
  EXPECT_EQ(one["modules"].size(), 5U);
  const auto both = nlohmann::json::parse(run({"--format=json", "after.pt", "gpt.pt"}).out);
  ASSERT_TRUE(both.is_array());
  EXPECT_EQ(both[0], one);
  EXPECT_EQ(both[1]["source"], "gpt.pt");
  const auto with_failure = nlohmann::json::parse(run({"--format=json", "missing.pt", "after.pt"}).out);
  EXPECT_EQ(with_failure, nlohmann::json::array({one}));
}

TEST_F(Run, MachinesGetEveryModuleUnlessADepthIsGiven) {
  EXPECT_EQ(nlohmann::json::parse(run({"--format", "json", "--depth", "1", "after.pt"}).out)["modules"].size(), 2U);
  const std::string csv = run({"--format", "csv", "gpt.pt"}).out;
  EXPECT_NE(csv.find("transformer.h.1.attn"), std::string::npos);
  EXPECT_EQ(csv.find("…"), std::string::npos);
}

TEST_F(Run, DepthZeroIsTheTotals) {
  EXPECT_EQ(run({"--depth", "0", "after.pt"}).out, R"(after.pt · PyTorch, pickled module · GAT · 8 tensors

  306 parameters · all trainable · 1.224 kB
)");
}

TEST_F(Run, ColumnsAreChosenByKey) {
  const Result result = run({"--columns", "name,tensors", "after.pt"});
  EXPECT_EQ(result.code, kDone);
  EXPECT_NE(result.out.find("\n  Name    Tensors\n  conv1         6\n  fc            2\n"), std::string::npos)
      << result.out;
  const Result wrong = run({"--columns", "name,colour", "after.pt"});
  EXPECT_EQ(wrong.code, kUnusable);
  EXPECT_EQ(wrong.err,
            "weigh: there is no column 'colour'; there are name, type, params, active, share, trainable, buffers, "
            "size, bits, tensors, dtypes, evidence, mode, in, out, flops, backward, activations, calls, marks\n");
}

TEST_F(Run, RowsAreSortedCutAndFiltered) {
  const std::string out = run({"--depth=-1", "--sort", "params", "--top", "3", "--columns=name,params", "gpt.pt"}).out;
  EXPECT_EQ(out, R"(gpt.pt · PyTorch, pickled module · GPT · 31 tensors

  Name                                Params
  transformer.h.0…1.mlp.c_fc  ×2         576
  transformer.h.0…1.mlp.c_proj  ×2       528
  transformer.h.0…1.attn.c_attn  ×2      432
  9 more rows

  2,128 parameters · all trainable · 72 in buffers · 8.800 kB
)");
  const std::string filtered = run({"--depth=-1", "--filter", "*.attn", "--columns=name,params", "gpt.pt"}).out;
  EXPECT_EQ(filtered.find("wte"), std::string::npos) << filtered;
}

TEST_F(Run, WrongUsageIsExplained) {
  const Result nothing = run({});
  EXPECT_EQ(nothing.code, kUnusable);
  EXPECT_EQ(nothing.err,
            "weigh: no file is named; 'weigh FILE' weighs a model file or a directory, 'weigh --help' tells more\n");
  const Result depth = run({"--depth", "-2", "gat.pt"});
  EXPECT_EQ(depth.code, kUnusable);
  EXPECT_EQ(depth.err, "weigh: the depth can be -1 (all), 0 (totals only) or more, got -2\n");
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {"--colour", "gat.pt"}, {"--format", "yaml", "gat.pt"}, {"--depth", "deep", "gat.pt"}, {"--top"}}) {
    const Result result = run(wrong);
    EXPECT_EQ(result.code, kUnusable) << wrong[0];
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.err.starts_with("weigh: ")) << result.err;
    EXPECT_TRUE(result.err.ends_with("; 'weigh --help' lists the options\n")) << result.err;
  }
}

TEST_F(Run, HelpVersionAndFormatsGoToStandardOutput) {
  for (const char* option : {"--help", "--version", "--formats"}) {
    const Result result = run({option});
    EXPECT_EQ(result.code, kDone);
    EXPECT_NE(result.out, "");
    EXPECT_EQ(result.err, "");
  }
  EXPECT_EQ(
      run({"--formats"}).out,
      "safetensors            one file, a directory of shards, or an index with its shards\n"
      "PyTorch                torch.save and Lightning: state dicts, checkpoints, whole modules; zip, legacy stream "
      "and tar\n"
      "GGUF                   versions 1 to 3, either byte order, one file or split into several\n"
      "TorchScript            torch.jit.save: scripted, traced and frozen modules\n"
      "torch.export           torch.export.save: exported programs, .pt2\n"
      "ONNX                   models of any opset, weights inside or in files beside them\n"
      "NumPy                  numpy.savez: .npz, stored or compressed\n"
      "TensorFlow Lite        converted graphs, .tflite (LiteRT): float, float16 and quantised\n"
      "Keras                  archives (.keras), models and weights of Keras 2 and 3 (.h5); any other HDF5 file as "
      "data "
      "sets\n"
      "Flax                   flax.serialization: parameters and training states, .msgpack\n"
      "TensorFlow             SavedModels, and checkpoints of versions 1 and 2 with all their shards\n"
      "Orbax                  checkpoints of JAX: a directory with _METADATA, Zarr or OCDBT\n"
      "diffusers              a pipeline's directory: model_index.json and a folder for each component\n"
      "sentence-transformers  a directory of modules (modules.json) of which several have weights\n"
      "Hugging Face cache     models--ORG--NAME of huggingface_hub: the revision of refs/main\n"
      "ranks                  one model in files of ranks: Meta's consolidated.00.pth, verl's, DCP's in safetensors\n"
      "PyTorch DCP            torch.distributed.checkpoint: .metadata and *.distcp, FSDP among others\n"
      "DeepSpeed              checkpoints of ZeRO 0 to 3, and universal ones\n"
      "Megatron               checkpoints of ranks (mp_rank_00_000): tensor and pipeline parallel\n");
}

TEST_F(Run, ColorFollowsTheTerminalUnlessToldOtherwise) {
  EXPECT_EQ(run({"gat.pt"}).out.find('\x1b'), std::string::npos);
  EXPECT_NE(run({"--color", "always", "gat.pt"}).out.find('\x1b'), std::string::npos);
  color_ = true;
  EXPECT_NE(run({"gat.pt"}).out.find("\x1b[33m"), std::string::npos);
  EXPECT_EQ(run({"--color=never", "gat.pt"}).out.find('\x1b'), std::string::npos);
}

TEST_F(Run, FallsBackToAscii) {
  const std::string expected = run({"--ascii", "gat.pt"}).out;
  for (unsigned char c : expected) EXPECT_LT(c, 0x80);
  EXPECT_NE(expected.find(">= 50 parameters - all trainable"), std::string::npos) << expected;
  unicode_ = false;
  EXPECT_EQ(run({"gat.pt"}).out, expected);
}

TEST_F(Run, FitsTheTerminal) {
  width_ = 40;
  const std::string out = run({"gat.pt"}).out;
  std::size_t line = out.find('\n') + 1;  // the headline wraps as the terminal likes
  for (std::size_t end = out.find('\n', line); end != std::string::npos; line = end + 1, end = out.find('\n', line)) {
    std::size_t columns = 0;
    for (std::size_t i = line; i < end; ++i) columns += (static_cast<unsigned char>(out[i]) & 0xC0U) != 0x80U;
    EXPECT_LE(columns, 40U) << out.substr(line, end - line);
  }
}

TEST_F(Run, TakesTheWidthThatWasAskedFor) {
  const std::string whole = run({"gpt.pt", "--depth", "2"}).out;
  width_ = 30;
  EXPECT_EQ(run({"gpt.pt", "--depth", "2", "--width", "0"}).out, whole);
  const std::string narrow = run({"gpt.pt", "--depth", "2"}).out;
  EXPECT_NE(narrow, whole);
  width_ = 0;
  EXPECT_EQ(run({"gpt.pt", "--depth", "2", "--width=30"}).out, narrow);
}

TEST_F(Run, PrintsTheManualPageAndCompletions) {
  const Result manual = run({"man"});
  EXPECT_EQ(manual.code, kDone);
  EXPECT_TRUE(manual.out.starts_with(".TH WEIGH 1 ")) << manual.out;
  EXPECT_EQ(run({"man", "page"}).err, "weigh: 'weigh man' takes nothing more; a file of this name is ./man\n");
  EXPECT_TRUE(run({"completions", "bash"}).out.starts_with("# bash completion for weigh\n"));
  EXPECT_TRUE(run({"completions", "zsh"}).out.starts_with("#compdef weigh\n"));
  EXPECT_TRUE(run({"completions", "fish"}).out.starts_with("# fish completion for weigh\n"));
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"completions"}, {"completions", "tcsh"}, {"completions", "bash", "zsh"}}) {
    const Result result = run(wrong);
    EXPECT_EQ(result.code, kUnusable);
    EXPECT_EQ(result.err,
              "weigh: 'weigh completions SHELL' is for bash, zsh or fish; a file of this name is ./completions\n");
  }
}

TEST_F(Run, ANameFullOfEscapeCodesCannotSteerTheTerminal) {
  const std::string evil = "\x1b]0;owned\x07\x1b[2J\n.pt";
  files_[evil] = "text";
  const Result unreadable = run({evil});
  EXPECT_EQ(unreadable.code, kUnusable);
  EXPECT_EQ(unreadable.err, "weigh: \\x1b]0;owned\\x07\\x1b[2J\\n.pt: is text, not a model\n");
  add(evil, "pytorch/gat_module_after.pt");
  EXPECT_TRUE(run({evil}).out.starts_with("\\x1b]0;owned\\x07\\x1b[2J\\n.pt · PyTorch"));
  EXPECT_EQ(run({"--format", evil}).err.find('\x1b'), std::string::npos);
}

// 2 · 8 · 16 + 32: what the layer has after its first forward.
TEST_F(Run, SizesAreGivenForWhatIsNotKnown) {
  const Result result = run({"--set", "in=16", "gat.pt"});
  EXPECT_EQ(result.code, kDone);
  EXPECT_EQ(result.out, R"(gat.pt · PyTorch, pickled module · GAT · 8 tensors · not all initialised

  Name    Type        Params      Size   Mode
  conv1   GATv2Conv      288   ≥ 128 B   train   lazy
  fc      Linear          18      72 B   train

  306 parameters · all trainable · ≥ 200 B
  with in = 16 (given) · still unknown: the dtype of conv1.lin_l.weight, the dtype of conv1.lin_r.weight

  2 tensors are not initialised yet; the sizes given tell the shape of them:
    conv1.lin_l.weight   [8, 16]
    conv1.lin_r.weight   [8, 16]
  Run one forward before saving, and the file tells them itself.
)");
  EXPECT_EQ(result.err,
            "weigh: gat.pt: 2 tensors are not initialised yet: conv1.lin_l.weight, conv1.lin_r.weight; what is said of "
            "them holds for the sizes of --set\n");
  EXPECT_EQ(run({"--set", "in=16", "--set=conv1.in=16", "--strict", "gat.pt"}).code, kCheckFailed);
  EXPECT_EQ(run({"--set", "in=16,conv1.in=16", "--depth=0", "gat.pt"}).out.find("in = 16, conv1.in = 16 (given)") !=
                std::string::npos,
            true);
}

TEST_F(Run, SizesThatAreNoneAreRefused) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"in", "--set: 'in' is not NAME=SIZE, such as in=16"},
      {"=16", "--set: '=16' is not NAME=SIZE, such as in=16"},
      {"in=x", "--set: 'x' is no size for 'in': a whole number from 0 to 9223372036854775807"},
      {"in=", "--set: '' is no size for 'in': a whole number from 0 to 9223372036854775807"},
      {"in=-1", "--set: '-1' is no size for 'in': a whole number from 0 to 9223372036854775807"},
      {"in=1.5", "--set: '1.5' is no size for 'in': a whole number from 0 to 9223372036854775807"},
      {"in=9223372036854775808",
       "--set: '9223372036854775808' is no size for 'in': a whole number from 0 to 9223372036854775807"}};
  for (const auto& [argument, message] : wrong) {
    const Result result = run({"--set", argument, "gat.pt"});
    EXPECT_EQ(result.code, kUnusable) << argument;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "weigh: " + message + "; 'weigh --help' lists the options\n");
  }
}

TEST_F(Run, SizesThatDoNotFitTheFileAreRefused) {
  const Result unknown = run({"--set", "inn=16", "gat.pt"});
  EXPECT_EQ(unknown.code, kUnusable);
  EXPECT_EQ(unknown.out, "");
  EXPECT_EQ(unknown.err, "weigh: gat.pt: no unknown size is called 'inn'; there is conv1.in\n");
  EXPECT_EQ(run({"--set", "in=16", "after.pt"}).err,
            "weigh: after.pt: no unknown size is called 'in': none that is unknown has a name\n");
  const Result twice = run({"--set", "in=16", "--set", "in=8", "gat.pt"});
  EXPECT_EQ(twice.code, kUnusable);
  EXPECT_EQ(twice.err, "weigh: 'in' is given twice: 16 and 8\n");
}

// One document, however many files; what cannot be read is said and leaves no hole.
TEST_F(Run, WritesOnePageOfSeveralFiles) {
  const Result result = run({"gat.pt", "text.txt", "after.pt", "--format", "html"});
  EXPECT_EQ(result.code, kUnusable);
  EXPECT_TRUE(result.out.starts_with("<!DOCTYPE html>\n")) << result.out.substr(0, 80);
  EXPECT_TRUE(result.out.ends_with("</html>\n"));
  EXPECT_NE(result.out.find("<title>2 models</title>"), std::string::npos);
  EXPECT_NE(result.err.find("weigh: text.txt: "), std::string::npos);
}

TEST_F(Run, WritesNoPageOfNothing) {
  const Result result = run({"text.txt", "--format", "html"});
  EXPECT_EQ(result.code, kUnusable);
  EXPECT_EQ(result.out, "");
}

TEST_F(Run, WritesOneBillOfSeveralFilesAtTheTimeThatIsGiven) {
  time_ = 0;
  const Result result = run({"gat.pt", "after.pt", "--format", "cyclonedx"});
  EXPECT_EQ(result.code, kDone);
  const nlohmann::json bill = nlohmann::json::parse(result.out);
  EXPECT_EQ(bill["components"].size(), 2U);
  EXPECT_EQ(bill["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
}

TEST_F(Run, APictureIsOfOneModel) {
  const Result result = run({"gat.pt", "after.pt", "--format", "svg"});
  EXPECT_EQ(result.code, kUnusable);
  EXPECT_TRUE(result.out.ends_with("</svg>\n"));
  EXPECT_EQ(result.err,
            std::string(kUninitialised) + "weigh: svg is the picture of one model; --format html shows several\n");
}

TEST_F(Run, ShowsAllLevelsWhereTheyAreOpenedLater) {
  const std::string page = run({"gpt.pt", "--format", "html"}).out;
  EXPECT_NE(page.find("data-path=\"transformer.h.0.attn.c_attn\""), std::string::npos);
  EXPECT_EQ(run({"gpt.pt", "--format", "html", "--depth", "1"}).out.find("c_attn"), std::string::npos);
}

TEST_F(Run, ExplainsInWordsWhateverTheFormat) {
  EXPECT_EQ(run({"after.pt", "--explain", "fc", "--format", "html"}).out, run({"after.pt", "--explain", "fc"}).out);
}

}  // namespace
}  // namespace weigh::cli
