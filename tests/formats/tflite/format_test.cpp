// TensorFlow Lite: fixtures against what TensorFlow says of them, and FlatBuffers that lie.
#include "formats/tflite/format.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/flatbuffer.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

const Json& expectations() {
  static const Json all = testing::expected("tflite");
  return all;
}
Model fixture(const std::string& name) { return read(data_path("tflite/" + name)); }

std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

class TfliteFile : public ::testing::TestWithParam<const char*> {
 protected:
  const Json& expected() const { return expectations().at(GetParam()); }
  const Model model_ = fixture(GetParam());
};

TEST_P(TfliteFile, HoldsTheConstantsThatTensorFlowSees) {
  EXPECT_EQ(model_.format, "TensorFlow Lite");
  EXPECT_EQ(notes_of(model_), "");
  std::size_t next = 0;
  for (const Json& subgraph : expected()["subgraphs"]) {
    for (const Json& told : subgraph["tensors"]) {
      if (told["bytes"] == 0) continue;
      const std::string whole = told["name"].get<std::string>();
      SCOPED_TRACE(whole);
      ASSERT_LT(next, model_.tensors.size());
      const Tensor& tensor = model_.tensors[next++];
      const std::string path = model_.path_of(tensor);
      EXPECT_EQ(shape_of(model_, path), told_shape(told["shape"])) << path;
      EXPECT_EQ(name(tensor.dtype), lower(told["type"].get<std::string>()));
      EXPECT_EQ(tensor.stored_bytes, told["bytes"].get<std::uint64_t>());
      const bool is_parameter =
          !told["shape"].empty() && (told["type"].get<std::string>().starts_with("FLOAT") || told["scales"] > 0);
      EXPECT_EQ(tensor.role == Role::parameter, is_parameter);
    }
  }
  EXPECT_EQ(next, model_.tensors.size());
}

TEST_P(TfliteFile, HasTheFlopsThatTorchCountsOfTheSameNetwork) {
  if (!expected().contains("flops")) return;
  EXPECT_TRUE(model_.runs[0].flops.is_exact());
  EXPECT_EQ(model_.runs[0].flops.known(), expected()["flops"].get<std::uint64_t>());
}

INSTANTIATE_TEST_SUITE_P(All, TfliteFile,
                         ::testing::Values("float.tflite", "float16.tflite", "dynamic_int8.tflite", "int8.tflite",
                                           "offsets.tflite", "text.tflite", "lstm.tflite", "two_signatures.tflite",
                                           "loop.tflite"),
                         [](const auto& info) {
                           const std::string name = info.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(Tflite, TellsShapesOfItsInputsAndOutputs) {
  const Model model = fixture("float.tflite");
  const weigh::Run& run = model.runs[0];
  ASSERT_EQ(run.in.kind, IOShape::Kind::tensor);
  EXPECT_FALSE(run.in.extents[0].is_known());
  EXPECT_EQ(run.in.extents[3], Extent(3));
  EXPECT_EQ(run.out.extents.back(), Extent(10));
}

TEST(Tflite, MakesModulesOfSlashesAndNamesThemByTheirOperator) {
  const Model model = fixture("float.tflite");
  const Tensor* kernel = find(model, "cnn_1.stem_1.convolution");
  ASSERT_NE(kernel, nullptr);
  EXPECT_EQ(model.modules[kernel->module].type, "CONV_2D");
  EXPECT_EQ(model.runs[kernel->module].flops, Count(2 * 14 * 14 * 3 * 3 * 3 * 4));
}

TEST(Tflite, CountsOnceWhatTheConverterLaidTogether) {
  const Model two = fixture("two_signatures.tflite");
  EXPECT_EQ(find(two, "matmul2")->tied_to, two.index_of(*find(two, "matmul")));
  EXPECT_EQ(summarize(two).totals.parameters, Count(36));
  EXPECT_EQ(two.kind, "2 subgraphs");
}

TEST(Tflite, DoesNotKnowHowOftenALoopRuns) {
  EXPECT_FALSE(fixture("loop.tflite").runs[0].flops.is_exact());
  EXPECT_FALSE(fixture("lstm.tflite").runs[0].flops.is_exact());
  EXPECT_EQ(fixture("lstm.tflite").runs[0].flops.known(), 2U * 4 * 2);
}

// A graph of one operator that takes a constant "net/w", with what may be wrong about it.
struct Made {
  std::uint32_t version = 3;
  std::uint32_t code = 9;  // FULLY_CONNECTED
  std::vector<std::int32_t> shape = {2, 3};
  std::vector<std::int32_t> signature = {};
  std::uint8_t type = 0;
  std::uint32_t buffer = 1;
  std::size_t data = 24;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::vector<std::int32_t> inputs = {1, 0};
  std::uint32_t code_index = 0;
  std::size_t subgraphs = 1;
};

std::string numbers(const std::vector<std::int32_t>& values) {
  std::string bytes;
  for (std::int32_t value : values) bytes += little(value);
  return bytes;
}

std::string tflite(const Made& made) {
  using Writer = FlatWriter;
  const auto distance = Writer::distance();
  Writer writer("TFL3");
  std::vector<std::size_t> root;
  std::vector<std::size_t> at;
  const auto table = [&](std::size_t from, const std::vector<Writer::Field>& fields, std::vector<std::size_t>& places) {
    writer.point(from, writer.table(fields, places));
  };
  table(0, {Writer::number(made.version, 4), distance, distance, {}, distance}, root);
  const auto many = [&](std::size_t place, std::size_t count) {
    const std::size_t vector = writer.distances(count);
    writer.point(place, vector);
    return vector + 4;
  };
  table(many(root[1], 1), {{}, {}, {}, Writer::number(made.code, 4)}, at);
  const std::size_t buffers = many(root[4], 2);
  writer.point(buffers, writer.table({}, at));
  writer.point(buffers + 4, writer.table({distance, Writer::number(made.offset, 8), Writer::number(made.size, 8)}, at));
  writer.point(at[0], writer.vector(made.data, std::string(made.data, 'w')));
  const std::size_t subgraphs = many(root[2], made.subgraphs);
  std::vector<std::size_t> graph;
  const std::size_t subgraph = writer.table({distance, distance, distance, distance}, graph);
  for (std::size_t i = 0; i < made.subgraphs; ++i) writer.point(subgraphs + 4 * i, subgraph);
  const std::size_t tensors = many(graph[0], 3);
  std::size_t next = 0;
  const auto tensor = [&](const std::string& name, const Made& given) {
    writer.point(
        tensors + 4 * next++,
        writer.table(
            {distance, Writer::number(given.type, 1), Writer::number(given.buffer, 4), distance, {}, {}, {}, distance},
            at));
    const std::vector<std::size_t> places = at;
    writer.point(places[0], writer.vector(given.shape.size(), numbers(given.shape)));
    writer.point(places[3], writer.text(name));
    writer.point(places[7], writer.vector(given.signature.size(), numbers(given.signature)));
  };
  tensor("net/w", made);
  Made in;
  in.buffer = 0;
  in.shape = {1, 3};
  in.signature = {-1, 3};
  tensor("x", in);
  in.shape = {1, 2};
  in.signature = {-1, 2};
  tensor("net/y", in);
  writer.point(graph[1], writer.vector(1, numbers({1})));
  writer.point(graph[2], writer.vector(1, numbers({2})));
  const std::size_t operators = many(graph[3], 1);
  writer.point(operators, writer.table({Writer::number(made.code_index, 4), distance, distance}, at));
  const std::vector<std::size_t> places = at;
  writer.point(places[1], writer.vector(made.inputs.size(), numbers(made.inputs)));
  writer.point(places[2], writer.vector(1, numbers({2})));
  return writer.bytes();
}

Model made(const Made& given) { return read_bytes(tflite(given)); }
std::string refusal(const Made& given) {
  return error_of([&] { made(given); });
}

TEST(Tflite, OfOneOperatorIsRead) {
  const Model model = made({});
  EXPECT_EQ(shape_of(model, "net.w"), "[2, 3]");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(model.runs[0].flops, Count(2 * 2 * 3)) << "for one example";
}

TEST(Tflite, ReadsNoWeights) {
  const std::size_t weights = 5'000'000;
  const std::string bytes = tflite({.shape = {1'250'000}, .data = weights});
  const auto source = memory_source("m", bytes);
  Model model;
  read_tflite(*source, {}, model);
  EXPECT_EQ(summarize(model).totals.parameters, Count(1'250'000));
  EXPECT_LT(source->bytes_read(), 2000U);
}

TEST(Tflite, OfAnotherVersionIsRefused) {
  EXPECT_EQ(refusal({.version = 4}), "m: is of version 4 of TensorFlow Lite's schema; 3 can be read");
}

TEST(Tflite, ABufferOfAnotherSizeThanItsTensorIsRefused) {
  EXPECT_EQ(refusal({.data = 20}),
            "m: tensor 'net/w' takes 24 bytes by its shape and type, but its buffer has 20; is the file damaged?");
  EXPECT_EQ(refusal({.data = 25}),
            "m: tensor 'net/w' takes 24 bytes by its shape and type, but its buffer has 25; is the file damaged?");
  EXPECT_EQ(refusal({.shape = {0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF}}),
            "m: tensor 'net/w' takes 2^56 or more bytes by its shape and type, but its buffer has 24; is the file "
            "damaged?");
}

TEST(Tflite, ABufferBehindTheEndIsRefused) {
  const std::string whole = tflite({.offset = 100, .size = 24});
  EXPECT_EQ(refusal({.offset = 100, .size = 1'000'000}),
            "m: buffer 1 takes 1000000 bytes from byte 100, but the file has " + std::to_string(whole.size()) +
                "; is the download incomplete?");
  EXPECT_EQ(refusal({.offset = 0xFFFF'FFFF'FFFF'FFF0, .size = 24}),
            "m: buffer 1 takes 24 bytes from byte 18446744073709551600, but the file has " +
                std::to_string(whole.size()) + "; is the download incomplete?");
}

TEST(Tflite, ANumberThatNamesNothingIsRefused) {
  EXPECT_EQ(refusal({.buffer = 2}), "m: tensor 'net/w' is in buffer 2, but there are 2");
  EXPECT_EQ(refusal({.inputs = {1, 3}}), "m: the inputs of an operator name tensor 3 of subgraph 0, which has 3");
  EXPECT_EQ(refusal({.inputs = {-2}}), "m: the inputs of an operator name tensor -2 of subgraph 0, which has 3");
  EXPECT_EQ(refusal({.code_index = 1}), "m: an operator of subgraph 0 has the code 1 of 1");
}

TEST(Tflite, ANegativeExtentIsRefused) {
  EXPECT_EQ(refusal({.shape = {-1, 3}}), "m: tensor 'net/w' has an extent of -1");
  EXPECT_EQ(refusal({.signature = {-2, 3}}), "m: tensor 'net/w' has an extent of -2");
}

TEST(Tflite, MoreDimensionsThanTheLimitAreRefused) {
  EXPECT_EQ(refusal({.shape = std::vector<std::int32_t>(65, 1)}),
            "m: tensor 'net/w' has 65 dimensions, more than 64 (limit dimensions)");
}

TEST(Tflite, FourBitsShareAByte) {
  const Model model = made({.type = 17, .data = 3});
  EXPECT_EQ(summarize(model).totals.bytes, Count(3));
  EXPECT_EQ(find(model, "net.w")->dtype, DType::int4);
}

TEST(Tflite, AnUnknownTypeIsNoted) {
  EXPECT_EQ(notes_of(made({.type = 99})), "unknown-dtype net/w: is of type 99 of the schema, which is not known\n");
  EXPECT_EQ(notes_of(made({.type = 5})), "not-numbers net/w: holds text; it is not counted\n");
}

TEST(Tflite, AnOperatorThatIsNewerCountsNothing) { EXPECT_EQ(made({.code = 5000}).runs[0].flops, Count(0)); }

TEST(Tflite, WithoutWeightsToMultiplyByIsNotGuessed) {
  EXPECT_FALSE(made({.inputs = {}}).runs[0].flops.is_exact());
  EXPECT_FALSE(made({.inputs = {-1, -1}}).runs[0].flops.is_exact());
}

TEST(Tflite, OneSubgraphOverAndOverCountsItsWeightsOnce) {
  EXPECT_EQ(summarize(made({.subgraphs = 50})).totals.parameters, Count(6));
  ReadOptions options;
  options.limits.tensors = 60;
  EXPECT_EQ(error_of([&] {
              read(*memory_folder("", {{"m", tflite({.subgraphs = 50})}}), "m", options);
            }),
            "m: holds 1 operators more, and with all else more than 60 (limit tensors)");
}

}  // namespace
}  // namespace weigh::testing
