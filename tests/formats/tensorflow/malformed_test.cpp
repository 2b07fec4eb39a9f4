// TensorFlow's checkpoints made by hand: each rule broken once, and what names alone tell.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"
#include "support/protobuf.h"
#include "support/sstable.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using namespace std::string_literals;

// A checkpoint of tensors of float32, with what may be wrong about them.
struct Made {
  std::string name = "layer/w";
  std::uint64_t type = 1;
  std::vector<std::uint64_t> shape = {2, 3};
  std::uint64_t shard = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 24;
};

std::string entry_of(const Made& made) {
  std::string shape;
  for (std::uint64_t extent : made.shape) shape += proto::text(2, proto::number(1, static_cast<std::int64_t>(extent)));
  return proto::number(1, static_cast<std::int64_t>(made.type)) + proto::text(2, shape) +
         proto::number(3, static_cast<std::int64_t>(made.shard)) +
         proto::number(4, static_cast<std::int64_t>(made.offset)) +
         proto::number(5, static_cast<std::int64_t>(made.size));
}

std::map<std::string, std::string> checkpoint(const std::vector<Made>& tensors, std::uint64_t shards = 1) {
  std::vector<std::pair<std::string, std::string>> entries = {
      {"", proto::number(1, static_cast<std::int64_t>(shards))}};
  for (const Made& made : tensors) entries.emplace_back(made.name, entry_of(made));
  return {{"m.index", table_of_keys(entries)}, {"m.data-00000-of-00001", std::string(48, 'w')}};
}
std::string refusal(const std::vector<Made>& tensors, std::uint64_t shards = 1) {
  return error_of([&] { read_files(checkpoint(tensors, shards), "m.index"); });
}

TEST(TensorFlow, OfOneTensorIsRead) { EXPECT_EQ(shape_of(read_files(checkpoint({{}}), ""), "layer.w"), "[2, 3]"); }

TEST(TensorFlow, ATensorOfAnotherSizeThanItsShapeIsRefused) {
  EXPECT_EQ(refusal({{.size = 20}}),
            "m.index: tensor 'layer/w' takes 24 bytes by its shape and type, but 20 are told; is the file damaged?");
  EXPECT_EQ(refusal({{.shape = {std::uint64_t{1} << 40, std::uint64_t{1} << 40}}}),
            "m.index: tensor 'layer/w' has more than 2^64 bytes");
  EXPECT_EQ(refusal({{.shape = {~std::uint64_t{0}}}}), "m.index: tensor 'layer/w' has a negative extent");
}

TEST(TensorFlow, ATensorOutsideOfItsShardIsRefused) {
  EXPECT_EQ(refusal({{.offset = 25}}),
            "m.index: tensor 'layer/w' takes 24 bytes from byte 25 of m.data-00000-of-00001, which has 48; is the "
            "download incomplete?");
  EXPECT_EQ(refusal({{.offset = ~std::uint64_t{0}}}),
            "m.index: tensor 'layer/w' takes 24 bytes from byte 18446744073709551615 of m.data-00000-of-00001, which "
            "has 48; is the download incomplete?");
  EXPECT_EQ(refusal({{.shard = 1}}), "m.index: tensor 'layer/w' is in shard 1, but there are 1");
}

TEST(TensorFlow, TensorsThatShareBytesAreRefused) {
  EXPECT_EQ(refusal({{.name = "v"}, {.name = "w", .offset = 20}}),
            "m.index: tensor 'w' begins at byte 20 of m.data-00000-of-00001, but 'v' before it ends at 24");
}

TEST(TensorFlow, ATypeThatIsNotKnownIsNoted) {
  EXPECT_EQ(notes_of(read_files(checkpoint({{.type = 99}}), "m.index")),
            "unknown-dtype layer/w: is of TensorFlow's type 99, which is not known; its bytes are those in the file\n");
}

TEST(TensorFlow, ATableOfOtherThingsIsRefused) {
  EXPECT_EQ(error_of([] {
              read_files({{"m.index", table_of_keys({{"a", ""}})}}, "m.index");
            }),
            "m.index: is a table of keys, but not of a TensorFlow checkpoint: it has no header");
}

TEST(TensorFlow, MoreShardsThanTheLimitAreRefused) {
  EXPECT_EQ(refusal({}, 1'000'000), "m.index: is said to have 1000000 shards, more than 100000 (limit shards)");
}

TEST(TensorFlow, ASliceOfWhatIsNotInSlicesIsRefused) {
  EXPECT_EQ(refusal({{.name = "\0layer/w\0\1\1"s}}),
            "m.index: holds a slice of 'layer/w', which is not said to be in slices");
  EXPECT_EQ(refusal({{.name = "\0layer/w"s}}),
            "m.index: a slice of a tensor is not named as one; is the file damaged?");
}

TEST(TensorFlow, MovingAveragesAreACopy) {
  const Model model =
      read_files(checkpoint({{.name = "a/w"}, {.name = "a/w/ExponentialMovingAverage", .offset = 24}}), "m.index");
  EXPECT_EQ(summarize(model).totals.parameters, Count(6));
  EXPECT_EQ(shape_of(model, "ExponentialMovingAverage.a.w"), "[2, 3]");
}

TEST(TensorFlow, TotalsOfMetricsAreBuffers) {
  const Model model = read_files(checkpoint({{.name = "a/keras_api/metrics/0/total", .shape = {}, .size = 4},
                                             {.name = "b", .shape = {}, .offset = 4, .size = 4}}),
                                 "m.index");
  EXPECT_EQ(summarize(model).totals.parameters, Count(1));
  EXPECT_EQ(summarize(model).totals.buffers, Count(1));
}

TEST(TensorFlow, NamesThatFallTogetherAreKeptApart) {
  const Model model = read_files(checkpoint({{.name = "a.w"}, {.name = "a/w", .offset = 24}}), "m.index");
  EXPECT_EQ(summarize(model).totals.parameters, Count(12));
}

// A graph of objects, as a checkpoint keeps it.
std::map<std::string, std::string> with_graph(const std::string& graph) {
  const std::string text = varint(graph.size()) + "crc4" + graph;
  Made held{.name = "_CHECKPOINTABLE_OBJECT_GRAPH", .type = 7, .shape = {}, .offset = 24, .size = text.size()};
  std::map<std::string, std::string> files = checkpoint({held, {.name = "a/.ATTRIBUTES/VARIABLE_VALUE"}});
  files["m.data-00000-of-00001"] = std::string(24, 'w') + text;
  return files;
}
std::string child(std::uint64_t node, const std::string& name) {
  return proto::text(1, proto::number(1, static_cast<std::int64_t>(node)) + proto::text(2, name));
}

TEST(TensorFlow, AnObjectThatIsNotThereIsRefused) {
  EXPECT_EQ(error_of([] { read_files(with_graph(proto::text(1, child(7, "a"))), "m.index"); }),
            "m.data-00000-of-00001: the graph of objects names object 7, but there are 1");
}

TEST(TensorFlow, ObjectsThatHoldEachOtherAreVisitedOnce) {
  const std::string variable =
      proto::text(2, proto::text(1, "VARIABLE_VALUE") + proto::text(3, "a/.ATTRIBUTES/VARIABLE_VALUE"));
  const Model model = read_files(with_graph(proto::text(1, child(1, "b") + child(0, "self")) +
                                            proto::text(1, child(0, "up") + child(2, "a")) + proto::text(1, variable)),
                                 "m.index");
  EXPECT_EQ(shape_of(model, "b.a"), "[2, 3]");
}

TEST(TensorFlow, ObjectsAreNotReadBeyondTheLimits) {
  ReadOptions options;
  options.limits.tracked_objects = 2;
  const auto files = with_graph(proto::text(1, child(0, "a") + child(0, "b")));
  EXPECT_EQ(error_of([&] { read(*memory_folder("", files), "m.index", options); }),
            "m.data-00000-of-00001: has a graph of more than 2 objects and names (limit tracked_objects)");
  std::string deep;
  for (std::uint64_t i = 1; i <= 300; ++i) deep += proto::text(1, child(i, "a"));
  deep +=
      proto::text(1, proto::text(2, proto::text(1, "VARIABLE_VALUE") + proto::text(3, "a/.ATTRIBUTES/VARIABLE_VALUE")));
  EXPECT_EQ(error_of([&] { read_files(with_graph(deep), "m.index"); }),
            "m.index: has objects that lie more than 256 deep (limit module_depth)");
}

TEST(TensorFlow, AGraphThatIsNoTextIsRefused) {
  auto files = with_graph(proto::text(1, ""));
  files["m.data-00000-of-00001"][24] = '\x7F';
  EXPECT_EQ(error_of([&] { read_files(files, "m.index"); }),
            "m.data-00000-of-00001: '_CHECKPOINTABLE_OBJECT_GRAPH' is a text of 127 bytes in 7; is the file damaged? "
            "(at byte 24)");
}

TEST(TensorFlow, AnIndexIsRefusedWhereverItIsCutShort) {
  for (const char* name : {"training/ckpt-1", "version1/model.ckpt-3"}) {
    const std::string path = std::string("tensorflow/") + name;
    const std::string index = file(path + ".index");
    const std::string data = file(path + ".data-00000-of-00001");
    const auto read_prefix = [&](std::string_view prefix) {
      read_files({{"m.index", std::string(prefix)}, {"m.data-00000-of-00001", data}}, "m.index");
    };
    EXPECT_EQ(every_prefix(index, read_prefix), index.size());
  }
}

TEST(TensorFlow, AnIndexIsReadOrRefusedWhereAByteIsWrong) {
  std::map<std::string, std::string> files = files_of("tensorflow/training");
  for (const char* name : {"ckpt-1.index", "ckpt-1.data-00000-of-00001"}) {
    const std::string whole = files[name];
    for (std::size_t at = 0; at < whole.size(); at += 3) {
      files[name][at] = static_cast<char>(whole[at] ^ 0x41);
      try {
        summarize(read_files(files, "ckpt-1.index"));
      } catch (const Error& error) {
        EXPECT_FALSE(error.message().empty());
      }
      files[name] = whole;
    }
  }
}

TEST(TensorFlow, AGraphIsReadOrRefusedWhereverItIsCutShort) {
  std::map<std::string, std::string> files = files_of("tensorflow/module");
  const std::string whole = files["saved_model.pb"];
  every_prefix(whole, [&](std::string_view prefix) {
    if (prefix.size() % 7 != 0) return;
    files["saved_model.pb"] = prefix;
    read_files(files, "");
  });
}

}  // namespace
}  // namespace weigh::testing
