// What is ONNX at all, and each of its rules broken once.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "formats/onnx/made_onnx.h"
#include "support/files.h"
#include "support/made_files.h"
#include "support/protobuf.h"

namespace weigh::testing {
namespace {

using namespace proto;
using namespace std::string_literals;

std::string refusal(const std::string& bytes) {
  return error_of([&] { read_bytes(bytes); });
}

TEST(OnnxDetection, AsksForTheFieldsOfAModel) {
  const std::string graph = text(7, tensor_of("w", {4}, 1, raw(16)));
  EXPECT_EQ(read_bytes(graph + number(1, 8)).format, "ONNX");  // fields in another order
  EXPECT_EQ(read_bytes(text(8, number(2, 17)) + number(1, 8) + graph).kind, "IR 8, opset 17");
  const std::string no_format = "m: is of no format that is known; 'weigh --formats' lists those that are";
  EXPECT_EQ(refusal(graph), no_format);                                          // no version
  EXPECT_EQ(refusal(number(1, 8)), no_format);                                   // no graph
  EXPECT_EQ(refusal(number(1, 1000) + graph), no_format);                        // no version that there could be
  EXPECT_EQ(refusal(number(1, 8) + graph + number(500, 1)), no_format);          // a field that it has not
  EXPECT_EQ(refusal(number(1, 1) + text(2, text(1, "a"))), no_format);           // TensorFlow's SavedModel
  EXPECT_EQ(refusal(number(1, 8) + text(7, number(3, 1) + "..."s)), no_format);  // a graph that is none
  EXPECT_EQ(
      refusal(number(1, 8) + hole(7, 1000) + tensor_of("w", {4}, 1, raw(16))),
      "m: ModelProto: field 7 needs 1000 bytes, 27 are left of the file; is the download incomplete? (at byte 2)");
}

TEST(OnnxMalformed, TensorIsNotWhatItsShapeNeeds) {
  EXPECT_EQ(refusal(model_of(tensor_of("w", {3, 4}, 1, raw(40)))),
            "m: tensor 'w' of float32 [3, 4] takes 48 bytes, but 40 are stored; the file is damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {3}, 1, text(4, "12345678")))),
            "m: tensor 'w' of float32 [3] takes 12 bytes, but 8 are stored; the file is damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {3}, 7, packed(7, {1, 2})))),
            "m: tensor 'w' of int64 [3] has 3 numbers, of 1 to 10 bytes each, but 2 bytes are stored; the file is "
            "damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {3}, 22, raw(1)))),
            "m: tensor 'w' of int4 [3] takes 2 bytes, but 1 are stored; the file is damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {2}, 8, text(6, "one")))),
            "m: tensor 'w' of text [2] has 2 elements, but 1 are stored; the file is damaged (at byte 6)");
}

TEST(OnnxMalformed, ElementsStandInAFieldOfAnotherType) {
  EXPECT_EQ(refusal(model_of(tensor_of("w", {2}, 1, packed(7, {1, 2})))),
            "m: tensor 'w' of float32 holds its elements in field 7, where 4 belongs; the file is damaged (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {2}, 1, raw(8) + text(4, "12345678")))),
            "m: tensor 'w' holds its elements in two fields, 9 and 4, which is not allowed (at byte 6)");
}

TEST(OnnxMalformed, ShapesAreNoShapes) {
  EXPECT_EQ(refusal(model_of(tensor_of("w", {-1}, 1, ""))),
            "m: tensor 'w' has an extent of -1; extents of weights are numbers from 0 on (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {INT64_MAX, 2}, 1, ""))),
            "m: tensor 'w' has more than 2^63 elements; its 2 extents cannot be true (at byte 6)");
  EXPECT_EQ(refusal(model_of(tensor_of("w", {INT64_MAX}, 1, ""))),
            "m: tensor 'w' of 9223372036854775807 elements takes more than 2^64 bits (at byte 6)");
  std::string dims;
  for (int i = 0; i < 65; ++i) dims += number(1, 1);
  EXPECT_EQ(refusal(model_of(text(5, dims))),
            "m: TensorProto: field 1 holds more than 64 numbers (limit dimensions) (at byte 136)");
}

TEST(OnnxMalformed, NamesStandOnce) {
  const std::string twice = tensor_of("w", {1}, 1, raw(4)) + tensor_of("w", {2}, 1, raw(8));
  EXPECT_EQ(refusal(model_of(twice)), "m: tensor 'w' stands twice in one graph; which one counts is anyone's guess");
  EXPECT_EQ(refusal(number(1, 8) + text(7, "") + text(7, "")),
            "m: holds two graphs; which one counts is anyone's guess (at byte 4)");
}

TEST(OnnxMalformed, ExternalDataLies) {
  const auto external = [](std::string_view key, std::string_view value) {
    return tensor_of(
        "w", {4}, 1,
        text(13, text(1, "location") + text(2, "d")) + text(13, text(1, key) + text(2, value)) + number(14, 1));
  };
  EXPECT_EQ(refusal(model_of(external("length", "17"))),
            "m: tensor 'w' of float32 [4] takes 16 bytes, but 17 are stored in 'd'; the file is damaged (at byte 6)");
  for (const char* number : {"-1", "1e3", "", "99999999999999999999"}) {
    EXPECT_EQ(refusal(model_of(external("offset", number))),
              "m: tensor 'w' has data in another file with the offset '" + std::string(number) +
                  "', which is no number of bytes (at byte 6)");
  }
  EXPECT_EQ(refusal(model_of(tensor_of("w", {4}, 1, number(14, 1)))),
            "m: tensor 'w' is said to lie in another file, which is not named (at byte 6)");
  EXPECT_EQ(
      refusal(model_of(tensor_of("w", {4}, 1, raw(16) + text(13, text(1, "location") + text(2, "d")) + number(14, 1)))),
      "m: tensor 'w' is said to lie in 'd' but holds 16 bytes here, too (at byte 6)");
}

TEST(OnnxMalformed, SparsePartsDoNotFit) {
  const std::string values = text(1, number(1, 3) + number(2, 1) + text(8, "w") + raw(12));
  const std::string indices = text(2, number(1, 2) + number(2, 7) + raw(16));
  EXPECT_EQ(
      refusal(model_of(text(15, values + indices + number(3, 100)))),
      "m: sparse tensor 'w' of 100 elements has 3 values and 2 indices, which do not fit; the file is damaged (at "
      "byte 6)");
}

TEST(OnnxMalformed, GraphsLieInEachOther) {
  std::string graph;
  for (int i = 0; i < 60; ++i) graph = node("If", {}, "y", "n", text(5, text(1, "b") + text(6, graph)));
  const std::string error = refusal(model_of(graph));
  EXPECT_TRUE(error.starts_with("m: graphs lie more than 50 deep in each other (limit onnx_depth) (at byte ")) << error;
}

TEST(OnnxMalformed, IsBeyondItsLimits) {
  ReadOptions options;
  const auto refused = [&](const std::string& bytes) {
    return error_of([&] { read(*memory_folder("", {{"m", bytes}}), "m", options); });
  };
  options.limits.onnx_nodes = 1;
  EXPECT_EQ(refused(model_of(node("Neg", {"x"}, "y", "") + node("Neg", {"y"}, "z", ""))),
            "m: the graph has more than 1 nodes (limit onnx_nodes) (at byte 21)");
  options.limits.onnx_graph_bytes = 100;
  EXPECT_EQ(refused(model_of(node("Neg", {"a", "b", "c", "d", "e", "f"}, "y", ""))),
            "m: the graph without its weights has more than 100 bytes (limit onnx_graph_bytes) (at byte 9)");
  options = {};
  options.limits.name_bytes = 2;
  EXPECT_EQ(refused(model_of(tensor_of("long", {1}, 1, raw(4)))),
            "m: TensorProto: field 8 has 4 bytes, more than 2 (limit name_bytes) (at byte 10)");
}

TEST(Onnx, NotesWhatItDoesNotKnowOrHold) {
  EXPECT_EQ(notes_of(read_bytes(model_of(tensor_of("w", {4}, 99, raw(7))))),
            "unknown-dtype w: is of ONNX's type 99, which is not known; its bytes are those in the file\n");
  EXPECT_EQ(notes_of(read_bytes(model_of(tensor_of("w", {4}, 1, "")))),
            "missing-data w: has no elements in the file; its shape is what counts\n");
  EXPECT_EQ(notes_of(read_bytes(model_of(tensor_of("w", {4}, 1, "")) + text(20, ""))),
            "training-info : holds 1 graphs for training, which are not weighed\n"
            "missing-data w: has no elements in the file; its shape is what counts\n");
}

}  // namespace
}  // namespace weigh::testing
