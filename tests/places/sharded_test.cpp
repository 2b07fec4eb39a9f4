// Shards, their index and the config.json beside them: what agrees, what does not, what is not there.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"
#include "support/scratch_folder.h"

namespace weigh::testing {
namespace {

const char* const kIndex = "model.safetensors.index.json";
const char* const kFirst = "model-00001-of-00002.safetensors";
const char* const kSecond = "model-00002-of-00002.safetensors";

// An index of tensors and the files that hold them.
std::string index_of(const std::vector<std::pair<std::string, std::string>>& map, const std::string& metadata = "") {
  std::string text;
  for (const auto& [tensor, file] : map)
    text.append(text.empty() ? "" : ",").append("\"" + tensor + "\":\"" + file + "\"");
  return "{" + metadata + "\"weight_map\":{" + text + "}}";
}
// Two shards of a tensor each, as their index says.
Files two_shards() {
  return {{kIndex, index_of({{"a.w", kFirst}, {"b.w", kSecond}})},
          {kFirst, one_tensor("a.w")},
          {kSecond, one_tensor("b.w")}};
}
std::string refusal(const Files& files, std::string_view name = "") {
  return error_of([&] { read_files(files, name); });
}
Model model_in(const char* folder) { return read(data_path(std::string("safetensors/") + folder)); }
std::uint64_t elements(const Model& model) {
  const Totals totals = summarize(model).totals;
  return (totals.parameters + totals.buffers).known();
}

TEST(Sharded, AreOneModel) {
  for (const char* name : {"", kIndex}) {
    const Model model = read_files(two_shards(), name);
    EXPECT_EQ(notes_of(model), "");
    EXPECT_EQ(model.kind, "2 shards");
    EXPECT_EQ(elements(model), 8U);
    EXPECT_EQ(model.source_bytes, one_tensor("a.w").size() + one_tensor("b.w").size());
  }
}

TEST(Sharded, MayHaveFilesOfAnyName) {
  Files files = {
      {kIndex, index_of({{"a.w", "one"}, {"b.w", "two"}})}, {"one", one_tensor("a.w")}, {"two", one_tensor("b.w")}};
  const Model model = read_files(files, kIndex);
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(elements(model), 8U);
}

TEST(Sharded, KnowTensorsOfAMissingShardByName) {
  Files files = two_shards();
  files.erase(kSecond);
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "missing-shard model-00002-of-00002.safetensors: is not there; its 1 tensor is known by name only. "
            "Download it, or take the totals as lower bounds\n");
  ASSERT_NE(find(model, "b.w"), nullptr);
  EXPECT_EQ(find(model, "b.w")->state, State::missing);
  EXPECT_EQ(shape_of(model, "b.w"), "?");
  EXPECT_FALSE(summarize(model).totals.is_exact());
  EXPECT_EQ(elements(model), 4U);
}

TEST(Sharded, KnowAllTensorsByNameWhereOnlyTheIndexIsThere) {
  const Model model = model_in("index_only");
  EXPECT_EQ(elements(model), 0U);
  EXPECT_EQ(notes_of(model),
            "missing-shard model.safetensors.index.json: names 3 shards, none of which is there: of 30 tensors, 8800 "
            "bytes by its total_size, the names alone are known. Download the shards, or take the totals as lower "
            "bounds\n");
  EXPECT_GT(model.tensors.size(), 20U);
  for (const Tensor& tensor : model.tensors) EXPECT_EQ(tensor.state, State::missing);
}

TEST(Sharded, OfWhichNoneIsThereAreOneNoteAlsoWithoutASize) {
  Files files = two_shards();
  files.erase(kFirst);
  files.erase(kSecond);
  EXPECT_EQ(notes_of(read_files(files, kIndex)),
            "missing-shard model.safetensors.index.json: names 2 shards, none of which is there: of 2 tensors, the "
            "names alone are known. Download the shards, or take the totals as lower bounds\n");
}

TEST(Sharded, LeaveAFileAloneThatTheIndexDoesNotName) {
  Files files = two_shards();
  files["model-00003-of-00003.safetensors"] = one_tensor("c.w");
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "surplus-shard model-00003-of-00003.safetensors: is not named by the index; it is not counted\n");
  EXPECT_EQ(elements(model), 8U);
  EXPECT_EQ(notes_of(model_in("surplus_shard")),
            "surplus-shard model-00004-of-00004.safetensors: is not named by the index; it is not counted\n");
}

TEST(Sharded, NoteATensorInTheWrongShard) {
  Files files = two_shards();
  std::swap(files[kFirst], files[kSecond]);
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "wrong-shard a.w: is in model-00002-of-00002.safetensors, the index says "
            "model-00001-of-00002.safetensors\n"
            "wrong-shard b.w: is in model-00001-of-00002.safetensors, the index says "
            "model-00002-of-00002.safetensors\n");
  EXPECT_EQ(elements(model), 8U);
}

TEST(Sharded, NoteATensorThatIsNowhere) {
  Files files = two_shards();
  files[kIndex] = index_of({{"a.w", kFirst}, {"b.w", kSecond}, {"c.w", kSecond}});
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "missing-tensor c.w: is not in model-00002-of-00002.safetensors, where the index says it is; it is not "
            "counted\n");
  EXPECT_EQ(elements(model), 8U);
}

TEST(Sharded, NoteATensorThatTheIndexDoesNotList) {
  Files files = two_shards();
  files[kSecond] =
      safetensors("{" + entry("b.w", "U8", "[4]", "[0,4]") + "," + entry("c.w", "U8", "[2]", "[4,6]") + "}", 6);
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "unlisted-tensor c.w: is in model-00002-of-00002.safetensors but not in the index; it is counted\n");
  EXPECT_EQ(elements(model), 10U);
}

TEST(Sharded, CountATensorOfTwoShardsOnce) {
  Files files = two_shards();
  files[kSecond] = one_tensor("a.w");
  files[kIndex] = index_of({{"a.w", kFirst}});
  files.erase(kIndex);
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "duplicate-tensor a.w: is in model-00002-of-00002.safetensors and in a file before it; it is counted "
            "once\n");
  EXPECT_EQ(elements(model), 4U);
}

TEST(Sharded, NoteATotalSizeThatIsWrong) {
  Files files = two_shards();
  const std::vector<std::pair<std::string, std::string>> map = {{"a.w", kFirst}, {"b.w", kSecond}};
  files[kIndex] = index_of(map, R"("metadata":{"total_size":9},)");
  EXPECT_EQ(notes_of(read_files(files, "")),
            "total-size metadata.total_size: is 9 in the index, the shards hold 8 bytes of tensors\n");
  for (const char* fine : {R"("metadata":{"total_size":8},)", R"("metadata":{"total_size":"8 GB"},)",
                           R"("metadata":{"total_size":8.0},)", R"("metadata":{},)"}) {
    files[kIndex] = index_of(map, fine);
    EXPECT_EQ(notes_of(read_files(files, "")), "") << fine;
  }
}

TEST(Sharded, RefuseAShardThatIsNoSafetensorsFile) {
  Files files = two_shards();
  files[kSecond] = "<html>";
  EXPECT_EQ(refusal(files), "model-00002-of-00002.safetensors: is named as a shard but is no safetensors file");
  files[kIndex] = index_of({{"a.w", kIndex}});
  EXPECT_EQ(refusal({{kIndex, files[kIndex]}}),
            "model.safetensors.index.json: is named as a shard but is no safetensors file");
}

TEST(Sharded, RefuseAShardThatIsCutShort) {
  Files files = two_shards();
  files[kSecond].pop_back();
  EXPECT_EQ(refusal(files),
            "model-00002-of-00002.safetensors: its tensors need 4 bytes, 3 are there; is the download incomplete?");
}

TEST(Sharded, RefuseAnIndexThatNamesNothing) {
  const std::string wanted = "m.json: the index has no weight_map, or an empty one (at byte 0)";
  EXPECT_EQ(refusal({{"m.json", R"({"weight_map":{}})"}}, "m.json"), wanted);
  EXPECT_EQ(refusal({{"m.json", R"({"metadata":{"weight_map":1},"x":"\"weight_map\""})"}}, "m.json"), wanted);
}

TEST(Sharded, RefuseAnIndexOfTooManyShards) {
  ReadOptions options;
  options.limits.shards = 1;
  EXPECT_EQ(error_of([&] { read(*memory_folder("", two_shards()), kIndex, options); }),
            "model.safetensors.index.json: names more than 1 shards (limit shards)");
}

// A directory with an index in it, and beside it a file that the index must not reach.
class OutsideFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(root_.path_of("model"));
    write("outside.safetensors", one_tensor("secret.w"));
  }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(root_.path_of(name), std::ios::binary) << bytes;
  }
  std::string refusal_of_index_of(const std::string& file) const {
    write(std::string("model/") + kIndex, index_of({{"secret.w", file}}));
    return error_of([&] { read(root_.path_of("model")); });
  }

  const ScratchFolder root_;
};

TEST_F(OutsideFolder, IsNotOpenedForAnIndex) {
  const std::string folder = root_.path_of("model");
  const std::string absolute = root_.path_of("outside.safetensors");
  for (const std::string& file : {std::string("../outside.safetensors"), std::string("x/../../outside.safetensors"),
                                  absolute, std::string("/etc/passwd"), std::string("..")}) {
    EXPECT_EQ(refusal_of_index_of(file),
              folder + ": names the file '" + file + "', which is not inside its folder; it is not opened");
  }
}

TEST(Directory, OfShardsNeedsNoIndex) {
  const Model model = model_in("sharded_no_index");
  EXPECT_EQ(model.kind, "3 shards, no index");
  EXPECT_EQ(elements(model), elements(model_in("sharded")));
}

TEST(Directory, OfTwoModelsIsRefused) {
  EXPECT_EQ(refusal({{"a.safetensors", one_tensor("a")}, {"b.safetensors", one_tensor("b")}}),
            "holds 2 models side by side (a.safetensors, b.safetensors); name one of them");
  EXPECT_EQ(refusal({{"a.safetensors.index.json", "{}"}, {"b.safetensors.index.json", "{}"}}),
            "holds 2 models side by side (a.safetensors.index.json, b.safetensors.index.json); name one of them");
  Files many;
  for (char c = 'a'; c < 'h'; ++c) many[std::string(1, c) + ".pt"] = torch_file(py::dict({}));
  EXPECT_EQ(refusal(many), "holds 7 models side by side (a.pt, b.pt, c.pt, d.pt, e.pt and 2 more); name one of them");
}

TEST(Directory, WithoutAModelIsRefused) {
  EXPECT_EQ(refusal({}), "is a directory without files");
  EXPECT_EQ(refusal({{"README.md", "text"}}), "is a directory without a model: README.md");
}

TEST(Directory, OfOneModelIsThatModel) {
  EXPECT_EQ(read_files({{"README.md", "text"}, {"x.bin", torch_file(py::dict({}))}}, "").format, "PyTorch");
  EXPECT_EQ(elements(read_files({{"a.safetensors", one_tensor("a")}, {"x.bin", "x"}}, "")), 4U);
}

const char* const kBinIndex = "pytorch_model.bin.index.json";
const char* const kFirstBin = "pytorch_model-00001-of-00002.bin";
const char* const kSecondBin = "pytorch_model-00002-of-00002.bin";

// The files of the fixture, to be damaged.
Files bin_shards() {
  Files files;
  for (const char* name : {kBinIndex, kFirstBin, kSecondBin}) {
    std::ifstream file(data_path(std::string("pytorch_sharded/indexed/") + name), std::ios::binary);
    files[name] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

// Numbers: pytorch_sharded/expected.json.
TEST(ShardedPyTorch, AreOneModel) {
  for (const char* name : {"indexed", "no_index", "indexed/pytorch_model.bin.index.json"}) {
    const Model model = read(data_path(std::string("pytorch_sharded/") + name));
    EXPECT_EQ(notes_of(model), "") << name;
    EXPECT_EQ(model.format, "PyTorch");
    EXPECT_EQ(model.kind, std::string(name) == "no_index" ? "2 shards, no index" : "2 shards");
    EXPECT_EQ(model.tensors.size(), 9U);
    EXPECT_EQ(summarize(model).totals.parameters.known(), 29U);
    EXPECT_EQ(summarize(model).totals.buffers.known(), 7U);
    EXPECT_EQ(model.architecture, std::string(name) == "no_index" ? "" : "TinyModel");
  }
}

TEST(ShardedPyTorch, KnowTensorsOfAMissingShardByName) {
  Files files = bin_shards();
  files.erase(kSecondBin);
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "missing-shard pytorch_model-00002-of-00002.bin: is not there; its 5 tensors are known by name only. "
            "Download it, or take the totals as lower bounds\n");
  EXPECT_EQ(model.tensors.size(), 9U);
  EXPECT_FALSE(summarize(model).totals.is_exact());
}

TEST(ShardedPyTorch, LeaveAFileAloneThatTheIndexDoesNotName) {
  Files files = bin_shards();
  files["pytorch_model-00003-of-00003.bin"] = files[kFirstBin];
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "surplus-shard pytorch_model-00003-of-00003.bin: is not named by the index; it is not counted\n");
  EXPECT_EQ(model.tensors.size(), 9U);
}

TEST(ShardedPyTorch, CountATensorOfTwoShardsOnce) {
  Files files = bin_shards();
  files.erase(kBinIndex);
  const std::uint64_t once = elements(read_files({{kFirstBin, files[kFirstBin]}}, ""));
  files[kSecondBin] = files[kFirstBin];
  const Model model = read_files(files, "");
  EXPECT_EQ(elements(model), once);
  ASSERT_FALSE(model.notes.empty());
  for (const Note& note : model.notes) EXPECT_EQ(note.code, "duplicate-tensor");
}

TEST(ShardedPyTorch, NoteATotalSizeThatIsWrong) {
  Files files = bin_shards();
  std::string& index = files[kBinIndex];
  index.replace(index.find("148"), std::string("148").size(), "9");
  EXPECT_EQ(notes_of(read_files(files, "")),
            "total-size metadata.total_size: is 9 in the index, the shards hold 148 bytes of tensors\n");
}

TEST(ShardedPyTorch, RefuseAShardThatIsNoPyTorchFile) {
  Files files = bin_shards();
  files[kSecondBin] = "<html>";
  EXPECT_EQ(refusal(files), "pytorch_model-00002-of-00002.bin: is named as a shard but is no PyTorch file");
}

TEST(Config, GivesTheArchitecture) {
  for (const char* folder : {"sharded", "single_with_config", "single_with_config/model.safetensors"}) {
    const Model model = model_in(folder);
    EXPECT_EQ(model.architecture, "GPT2LMHeadModel") << folder;
    EXPECT_EQ(
        model.metadata,
        (std::vector<std::pair<std::string, std::string>>{
            {"format", "pt"}, {"model_type", "gpt2"}, {"torch_dtype", "float32"}, {"transformers_version", "4.57.0"}}))
        << folder;
  }
}

TEST(Config, ThatCannotBeReadIsANote) {
  Files files = two_shards();
  files["config.json"] = "[1]";
  EXPECT_EQ(notes_of(read_files(files, "")),
            "config config.json: the JSON text of 3 bytes is malformed: a value is of another type than it "
            "must be\n");
  files["config.json"] = R"({"architectures":[7]})";
  EXPECT_EQ(elements(read_files(files, "")), 8U);
  EXPECT_EQ(read_files(files, "").notes.size(), 1U);
}

TEST(Config, ThatIsTooLargeIsANote) {
  ReadOptions options;
  options.limits.json_file_bytes = 30;
  const Files files = {{"a.safetensors", one_tensor("a")}, {"config.json", std::string(31, ' ')}};
  EXPECT_EQ(notes_of(read(*memory_folder("", files), "", options)),
            "config config.json: has 31 bytes, more than 30 (limit json_file_bytes)\n");
}

// Which files were opened.
class WatchedFolder final : public Folder {
 public:
  explicit WatchedFolder(Files files) : Folder("spark"), files_(memory_folder("spark", std::move(files))) {}
  const std::vector<std::string>& names() const override { return files_->names(); }
  const std::vector<std::string>& folders() const override { return files_->folders(); }
  bool contains(std::string_view name) const override { return files_->contains(name); }
  std::optional<std::uint64_t> size_of(std::string_view name) const override { return files_->size_of(name); }
  std::unique_ptr<Source> open(std::string_view name) const override {
    opened_.emplace(name);
    return files_->open(name);
  }
  std::unique_ptr<Folder> enter(std::string_view name) const override { return files_->enter(name); }
  const std::set<std::string>& opened() const { return opened_; }

 private:
  std::unique_ptr<Folder> files_;
  mutable std::set<std::string> opened_;
};

// As Spark-Formalizer-X1-7B: float32, of a class whose code lies beside it.
TEST(Config, OfAModelWithCodeOfItsOwnIsReadWithoutTheCode) {
  const auto shard = [](const std::string& name) {
    return safetensors("{" + entry(name, "F32", "[8,4]", "[0,128]") + "}", 128);
  };
  WatchedFolder folder({
      {kIndex, index_of({{"model.embed_tokens.weight", kFirst}, {"model.layers.0.mlp.weight", kSecond}},
                        R"("metadata":{"total_size":256},)")},
      {kFirst, shard("model.embed_tokens.weight")},
      {kSecond, shard("model.layers.0.mlp.weight")},
      {"config.json", R"({"architectures": ["SparkModel"], "model_type": "spark", "torch_dtype": "float32",
                          "auto_map": {"AutoModel": "modeling_spark.SparkModel"}})"},
      {"configuration_spark.py", "raise SystemExit"},
      {"modeling_spark.py", "raise SystemExit"},
      {"tokenizer.model", "\x0a\x05spark"},
  });
  const Model model = read(folder, "");
  EXPECT_EQ(model.architecture, "SparkModel");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(elements(model), 64U);
  EXPECT_EQ(summarize(model).totals.bytes.known(), 256U);
  EXPECT_EQ(folder.opened(), (std::set<std::string>{kIndex, kFirst, kSecond, "config.json"}));
}

TEST(Config, IsNoPartOfAPyTorchFile) {
  const Files files = {{"x.pt", torch_file(py::dict({}))}, {"config.json", R"({"architectures":["A"]})"}};
  EXPECT_EQ(read_files(files, "x.pt").architecture, "");
}

}  // namespace
}  // namespace weigh::testing
