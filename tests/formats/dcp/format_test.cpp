// Checkpoints of torch.distributed.checkpoint: whole tensors from .metadata, and what contradicts it.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/folder.h"
#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

Model checkpoint(const std::string& name) { return read(data_path("dcp/" + name)); }

// The pickle of a Metadata, made by hand.
struct Chunk {
  std::vector<std::int64_t> offsets;
  std::vector<std::int64_t> sizes;
};
std::string of_class(const std::string& name) {
  return py::global("torch.distributed.checkpoint.metadata", name) + ")\x81";
}
std::string size_of(const std::vector<std::int64_t>& numbers) {
  return py::call(py::global("torch", "Size"), {py::sizes(numbers)});
}
std::string tensor_of(const std::vector<std::int64_t>& shape, const std::vector<Chunk>& chunks,
                      const std::string& dtype = "float32") {
  std::vector<std::string> parts;
  for (const Chunk& chunk : chunks)
    parts.push_back(of_class("ChunkStorageMetadata") +
                    py::dict({{"offsets", size_of(chunk.offsets)}, {"sizes", size_of(chunk.sizes)}}) + "b");
  const std::string properties =
      of_class("TensorProperties") +
      py::tuple({py::global("torch", dtype), py::none(), py::boolean(false), py::none(), py::boolean(false)}) + "b";
  return of_class("TensorStorageMetadata") +
         py::dict({{"properties", properties}, {"size", size_of(shape)}, {"chunks", py::list(parts)}}) + "b";
}
std::string object() { return of_class("BytesStorageMetadata"); }
struct Place {
  std::string name;
  std::string file;
  std::int64_t offset;
  std::int64_t length;
};
std::string metadata(const std::vector<std::pair<std::string, std::string>>& items, const std::vector<Place>& places,
                     const std::string& keys = py::none()) {
  std::string storage = "}(";
  for (const Place& place : places) {
    storage += of_class("MetadataIndex") + py::dict({{"fqn", py::text(place.name)}}) + "b";
    storage += py::global("torch.distributed.checkpoint.filesystem", "_StorageInfo") + ")\x81" +
               py::dict({{"relative_path", py::text(place.file)},
                         {"offset", py::integer(place.offset)},
                         {"length", py::integer(place.length)}}) +
               "b";
  }
  return py::pickle(
      of_class("Metadata") +
      py::dict({{"state_dict_metadata", py::dict(items)}, {"planner_data", keys}, {"storage_data", storage + "u"}}) +
      "b");
}
// One tensor "a.w" of [4] in two halves.
std::string two_halves(const std::vector<Place>& places) {
  return metadata({{"a.w", tensor_of({4}, {{{0}, {2}}, {{2}, {2}}})}}, places);
}
Files whole() {
  return {{".metadata", two_halves({{"a.w", "__0_0.distcp", 0, 8}, {"a.w", "__1_0.distcp", 0, 8}})},
          {"__0_0.distcp", std::string(8, '\0')},
          {"__1_0.distcp", std::string(8, '\0')}};
}
std::string notes_with(const std::string& bytes) {
  Files files = whole();
  files[".metadata"] = bytes;
  return notes_of(read_files(files, ""));
}
std::string refusal_with(const std::string& bytes) {
  Files files = whole();
  files[".metadata"] = bytes;
  return error_of([&] { read_files(files, ""); });
}

TEST(Dcp, HasTheCountsOfItsMaker) {
  const Json expected = testing::expected("dcp")["net"];
  for (const char* name : {"one", "flat", "average", "fsdp", "missing_rank"}) {
    SCOPED_TRACE(name);
    const Model model = checkpoint(name);
    const Totals totals = summarize(model).totals;
    expect_totals(totals, expected, {"parameters", "buffers", "bytes"});
    const bool has_optimizer = std::string(name) != "flat" && std::string(name) != "average";
    EXPECT_EQ(totals.optimizer_tensors, has_optimizer ? expected["optimizer_tensors"].get<std::uint64_t>() : 0U);
    EXPECT_EQ(totals.optimizer_bytes, has_optimizer ? expected["optimizer_bytes"].get<std::uint64_t>() : 0U);
    expect_shapes(model, expected["shapes"], std::string(name) == "average" ? "model." : "");
  }
}

TEST(Dcp, TellsItsRanksAndTheirBytes) {
  const Model model = checkpoint("fsdp");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(model.format, "PyTorch DCP");
  EXPECT_EQ(model.kind, "checkpoint, 2 ranks");
  using Facts = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(model.metadata, (Facts{{"__0_0.distcp", "28386 bytes"}, {"__1_0.distcp", "59036 bytes"}}));
  EXPECT_EQ(model.source_bytes, 12212U + 28386U + 59036U);
  EXPECT_EQ(model.sections.size(), 2U);
  EXPECT_EQ(model.sections[0].name, "model");
  EXPECT_EQ(model.sections[1].name, "optim");
}

TEST(Dcp, KeepsAnAverageApart) {
  const Model model = checkpoint("average");
  EXPECT_EQ(notes_of(model),
            "loose-tensor mean: is a tensor of 12 bytes outside of any state dict; it is not counted\n");
  ASSERT_EQ(model.sections.size(), 2U);
  EXPECT_EQ(model.sections[1].name, "ema");
  EXPECT_EQ(model.sections[1].kind, SectionKind::copy);
}

TEST(Dcp, NamesAMissingRank) {
  const Model model = checkpoint("missing_rank");
  EXPECT_EQ(
      notes_of(model),
      "missing-shard __1_0.distcp: is not there; 40 of the checkpoint's items lie in it, 59036 bytes or more. The "
      "totals are those of the whole, but it cannot be loaded\n");
  EXPECT_EQ(model.kind, "checkpoint, 2 ranks, incomplete");
}

TEST(Dcp, NotesChunksThatDoNotFit) {
  EXPECT_EQ(notes_of(checkpoint("lost_chunk")),
            "missing-chunk model.0.weight: has 12 elements, its chunks hold 8; the tensor is counted whole\n"
            "short-shard __0_0.distcp: has 1000 bytes, .metadata says that it has 28386 or more; is it complete?\n");
  EXPECT_EQ(notes_of(checkpoint("chunk_twice")),
            "overlapping-chunks model.0.weight: has 12 elements, its chunks hold 20: some hold the same; the tensor is "
            "counted once\n"
            "missing-chunk model.0.weight: has 3 chunks, storage_data tells where 2 of them lie\n");
  EXPECT_EQ(notes_with(metadata({{"a.w", tensor_of({4}, {{{0}, {2}}, {{0}, {2}}})}},
                                {{"a.w", "__0_0.distcp", 0, 8}, {"a.w", "__1_0.distcp", 0, 8}})),
            "overlapping-chunks a.w: has 4 elements, its chunks hold 4: some hold the same; the tensor is counted "
            "once\n");
}

TEST(Dcp, NotesAFileThatIsOfAnother) {
  Files files = whole();
  files["__2_0.distcp"] = "";
  EXPECT_EQ(notes_of(read_files(files, "")),
            "surplus-shard __2_0.distcp: is not named by .metadata; is it of another checkpoint?\n");
}

TEST(Dcp, KnowsAnOptimizerByItsKeys) {
  // As DCP flattens it, with an optimizer that flattened its own keys, and one below another key.
  for (const std::string prefix : {"", "optim.", "trainer.optimizers.0."}) {
    const Model model =
        read_files({{".metadata", metadata({{"net.a.w", tensor_of({4}, {{{0}, {4}}})},
                                            {prefix + "state.net.a.w.exp_avg", tensor_of({4}, {{{0}, {4}}})},
                                            {prefix + "param_groups.net.a.w.lr", object()}},
                                           {{"net.a.w", "f", 0, 16}, {prefix + "state.net.a.w.exp_avg", "f", 16, 16}})},
                    {"f", std::string(32, '\0')}},
                   "");
    EXPECT_EQ(notes_of(model), "");
    const Totals totals = summarize(model).totals;
    EXPECT_EQ(totals.parameters.known(), 4U) << prefix;
    EXPECT_EQ(totals.optimizer_bytes, 16U) << prefix;
  }
  // Nothing says that this "state" is an optimizer's.
  const Model model =
      read_files({{".metadata", metadata({{"state.a.w", tensor_of({4}, {{{0}, {4}}})}}, {{"state.a.w", "f", 0, 16}})},
                  {"f", std::string(16, '\0')}},
                 "");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 4U);
}

TEST(Dcp, TakesSectionsFromTheKeys) {
  const std::string keys = py::dict({{"net.a.w", py::tuple({py::text("net"), py::text("a.w")})},
                                     {"head.b.w", py::tuple({py::text("head"), py::text("b.w")})},
                                     {"c.w", py::tuple({py::text("c.w")})}});
  const Model model =
      read_files({{".metadata", metadata({{"net.a.w", tensor_of({4}, {{{0}, {4}}})},
                                          {"head.b.w", tensor_of({2}, {{{0}, {2}}})},
                                          {"c.w", tensor_of({1}, {{{0}, {1}}})}},
                                         {{"net.a.w", "f", 0, 1}, {"head.b.w", "f", 0, 1}, {"c.w", "f", 0, 1}}, keys)},
                  {"f", "x"}},
                 "");
  EXPECT_EQ(notes_of(model), "");
  ASSERT_EQ(model.sections.size(), 3U);
  EXPECT_EQ(shape_of(model, "net.a.w"), "[4]");
  EXPECT_EQ(shape_of(model, "head.b.w"), "[2]");
  EXPECT_EQ(shape_of(model, "?.c.w"), "[1]");
}

TEST(Dcp, RefusesWhatLiesInItself) {
  const std::vector<Place> places = {{"a.w", "f", 0, 8}};
  const auto of_tensor = [&](const std::string& tensor) { return refusal_with(metadata({{"a.w", tensor}}, places)); };
  EXPECT_EQ(of_tensor(tensor_of({4}, {{{3}, {2}}})),
            ".metadata: tensor 'a.w' has 4 in dimension 0, a chunk of 2 begins there at 3");
  EXPECT_EQ(of_tensor(tensor_of({4}, {{{0, 0}, {2, 2}}})),
            ".metadata: tensor 'a.w' has 1 dimensions, a chunk of it 2 and 2");
  EXPECT_EQ(of_tensor(tensor_of({-4}, {})), ".metadata: tensor 'a.w' has an extent that is no size");
  EXPECT_EQ(of_tensor(tensor_of({INT64_MAX, 4}, {})), ".metadata: tensor 'a.w' has more elements than 64 bits count");
  EXPECT_EQ(of_tensor(tensor_of(std::vector<std::int64_t>(65, 1), {})),
            ".metadata: tensor 'a.w' has 65 dimensions, more than 64 (limit dimensions)");
  const std::string twice = tensor_of({1}, {{{0}, {1}}});
  EXPECT_EQ(refusal_with(metadata({{"a.w", twice}, {"a.w", twice}}, places)),
            ".metadata: tensor 'a.w' stands twice; which one counts depends on the reader");
  EXPECT_EQ(refusal_with(metadata({}, {{"a.w", "f", -1, 8}})),
            ".metadata: has an entry of storage_data that tells no place");
  EXPECT_EQ(refusal_with(metadata({{std::string(70'000, 'a'), twice}}, places)),
            ".metadata: the name 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' is longer than 65536 "
            "bytes (limit name_bytes)");
  EXPECT_EQ(refusal_with(py::pickle(py::dict({}))),
            ".metadata: holds no Metadata, so it is no checkpoint of torch.distributed.checkpoint");
}

TEST(Dcp, WithoutItsMetadataNothingTellsTheModel) {
  EXPECT_EQ(error_of([] {
              (void)read_files({{"__0_0.distcp", "a"}, {"__1_0.distcp", "b"}, {"common.pt", "c"}}, "");
            }),
            "has no .metadata, which tells what __0_0.distcp and its like hold; it is written last: was the saving cut "
            "off, or a copy made without names that begin with a dot?");
}

TEST(Dcp, ExecutesNothingAndLeavesNoFolder) {
  EXPECT_EQ(refusal_with(py::pickle(py::call(py::global("os", "system"), {py::text("ls")}))),
            ".metadata: the pickle would use 'os.system' when Python loads it, which no model needs; do not load this "
            "file (nothing in it was executed)");
  EXPECT_EQ(refusal_with(two_halves({{"a.w", "../x", 0, 8}, {"a.w", "__1_0.distcp", 0, 8}})),
            "names the file '../x', which is not inside its folder; it is not opened");
}

TEST(Dcp, ReadsNoWeight) {
  // The other files are not even opened for reading: they may be anything.
  Files files = whole();
  files["__0_0.distcp"] = "not a zip";
  EXPECT_EQ(summarize(read_files(files, "")).totals.bytes.known(), 16U);
}

TEST(Dcp, NotesADtypeThatIsNotKnown) {
  EXPECT_EQ(notes_with(metadata({{"a.w", tensor_of({4}, {{{0}, {4}}}, "float3")}}, {{"a.w", "__0_0.distcp", 0, 8}})),
            "unknown-dtype a.w: has a dtype that is not known; its bytes are not counted\n"
            "surplus-shard __1_0.distcp: is not named by .metadata; is it of another checkpoint?\n");
}

TEST(Dcp, IsReadOrRefusedAtEveryPrefix) {
  Files files;
  for (const char* name : {".metadata", "__0_0.distcp", "__1_0.distcp"})
    files[name] = file(std::string("dcp/fsdp/") + name);
  const std::string bytes = files[".metadata"];
  const std::size_t refused = every_prefix(bytes, [&](std::string_view prefix) {
    files[".metadata"] = prefix;
    read_files(files, "");
  });
  EXPECT_EQ(refused, bytes.size());
}

}  // namespace
}  // namespace weigh::testing
