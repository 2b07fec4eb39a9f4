// ONNX whose elements lie in files beside it.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "formats/onnx/made_onnx.h"
#include "support/files.h"
#include "support/made_files.h"
#include "support/protobuf.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using namespace proto;

Model fixture(const std::string& name) { return read_bytes(file("onnx/" + name)); }

TEST(Onnx, FilesBesideItAreNamedAndNotOpened) {
  const Model model = read_files({{"m", file("onnx/external.onnx")}, {"model.onnx.data", "short"}}, "m");
  EXPECT_EQ(summarize(model).totals.bytes, Count(3 * 64));
  EXPECT_EQ(
      notes_of(model),
      "external-data c.weight: is said to lie in '../../.ssh/id_rsa', outside the model's folder; it was not "
      "looked at, but a program that loads the model may read that file: do not load it\n"
      "short-shard model.onnx.data: has 5 bytes, but tensor 'b.weight' ends at byte 4160 of it; is it complete?\n");
  std::string facts;
  for (const auto& [key, text] : model.metadata) facts += key + "=" + text + "; ";
  EXPECT_EQ(facts,
            "producer_name=make_onnx.py; external data=../../.ssh/id_rsa: 1 tensors, 64 bytes; external "
            "data=model.onnx.data: 2 tensors, 128 bytes; ");
}

TEST(Onnx, FilesBesideItHoldWhatIsSaidToLieInThem) {
  const std::string data = file("onnx/beside.onnx.data");
  const auto notes = [&](const char* name, std::size_t bytes) {
    const std::string model = file(std::string("onnx/") + name);
    return notes_of(read_files({{"m", model}, {"beside.onnx.data", data.substr(0, bytes)}}, "m"));
  };
  EXPECT_EQ(notes("beside.onnx", 960), "");
  EXPECT_EQ(notes("beside.onnx", 959),
            "short-shard beside.onnx.data: has 959 bytes, but tensor 'other.weight' ends at byte 960 of it; is it "
            "complete?\n");
  EXPECT_EQ(notes("beside.onnx", 0),
            "short-shard beside.onnx.data: has 0 bytes, but tensor 'other.weight' ends at byte 960 of it; is it "
            "complete?\n");
  EXPECT_EQ(notes("beside_tied.onnx", 320), "");
  EXPECT_EQ(notes("beside_tied.onnx", 319),
            "short-shard beside.onnx.data: has 319 bytes, but tensor 'emb.weight' ends at byte 320 of it; is it "
            "complete?\n");
}

TEST(Onnx, WithoutALengthTypeAndShapeTellHowLongAFileMustBe) {
  const auto notes = [](const std::string& more, std::size_t bytes) {
    const std::string entry = text(13, text(1, "location") + text(2, "d")) + more + number(14, 1);
    const std::string model = model_of(tensor_of("w", {4}, 1, entry));
    return notes_of(read_files({{"m", model}, {"d", std::string(bytes, '.')}}, "m"));
  };
  const std::string offset = text(13, text(1, "offset") + text(2, "4096"));
  EXPECT_EQ(notes("", 16), "");
  EXPECT_EQ(notes("", 15), "short-shard d: has 15 bytes, but tensor 'w' ends at byte 16 of it; is it complete?\n");
  EXPECT_EQ(notes(offset, 4112), "");
  EXPECT_EQ(notes(offset, 16),
            "short-shard d: has 16 bytes, but tensor 'w' ends at byte 4112 of it; is it complete?\n");
  const std::string far = text(13, text(1, "offset") + text(2, "9223372036854775807"));
  EXPECT_EQ(notes(far, 16),
            "short-shard d: has 16 bytes, but tensor 'w' ends at byte 9223372036854775823 of it; is it complete?\n");
}

TEST(Onnx, TensorsOnTheSameBytesOfAFileAreTied) {
  const Model apart = fixture("beside.onnx");
  EXPECT_EQ(summarize(apart).totals.parameters, Count(160));
  EXPECT_EQ(summarize(apart).totals.bytes, Count(960));
  const Model model = fixture("beside_tied.onnx");
  EXPECT_EQ(find(model, "emb.weight")->tied_to, kNone);
  EXPECT_EQ(find(model, "head.weight")->tied_to, model.index_of(*find(model, "emb.weight")));
  EXPECT_EQ(find(model, "other.weight")->tied_to, kNone);  // of another type
  EXPECT_EQ(summarize(model).totals.parameters, Count(80));
  EXPECT_EQ(model.metadata.back().second, "beside.onnx.data: 3 tensors, 640 bytes");
}

TEST(Onnx, OnlyAllOfTheSameBytesAreTies) {
  const auto at = [](std::string_view location, std::string_view offset) {
    return text(13, text(1, "location") + text(2, location)) + text(13, text(1, "offset") + text(2, offset)) +
           number(14, 1);
  };
  const Model model =
      read_bytes(model_of(tensor_of("a", {4}, 1, at("d", "0")) + tensor_of("b", {2, 2}, 1, at("d", "0")) +
                          tensor_of("c", {2}, 1, at("d", "0")) + tensor_of("e", {4}, 1, at("d", "4")) +
                          tensor_of("f", {4}, 1, at("other", "0")) + tensor_of("g", {0}, 1, at("d", "99")) +
                          tensor_of("h", {0}, 1, at("d", "99"))));
  for (const Tensor& tensor : model.tensors) EXPECT_EQ(tensor.tied_to, kNone) << tensor.name;
}

TEST(Onnx, BothPartsOfASparseTensorMayLieInAFile) {
  const auto at = [](std::string_view location) {
    return text(13, text(1, "location") + text(2, location)) + number(14, 1);
  };
  const std::string values = text(1, number(1, 3) + number(2, 1) + text(8, "w") + at("v"));
  const std::string indices = text(2, number(1, 3) + number(2, 7) + at("i"));
  const std::string model = model_of(text(15, values + indices + number(3, 100)));
  EXPECT_EQ(notes_of(read_files({{"m", model}, {"v", std::string(12, '.')}, {"i", std::string(24, '.')}}, "m")), "");
  EXPECT_EQ(
      notes_of(read_files({{"m", model}, {"v", std::string(11, '.')}}, "m")),
      "missing-shard i: is not beside the model, but 1 tensors, 24 bytes are in it; download it, too, to load the "
      "model\n"
      "short-shard v: has 11 bytes, but tensor 'w' ends at byte 12 of it; is it complete?\n");
}

TEST(Onnx, FilesThatAreMissingAreNoted) {
  const std::string entry = text(13, text(1, "location") + text(2, "m.data")) + number(14, 1);
  const std::string bytes = model_of(tensor_of("w", {4}, 1, entry) + tensor_of("v", {2}, 1, entry));
  EXPECT_EQ(notes_of(read_files({{"m", bytes}, {"m.data", std::string(16, '.')}}, "m")), "");
  EXPECT_EQ(
      notes_of(read_bytes(bytes)),
      "missing-shard m.data: is not beside the model, but 2 tensors, 24 bytes are in it; download it, too, to load "
      "the model\n");
}

TEST(Onnx, PathsThatLeaveTheFolderAreNoted) {
  const auto is_noted = [](std::string_view location) {
    const std::string entry = text(13, text(1, "location") + text(2, location));
    const std::string bytes = model_of(tensor_of("w", {4}, 1, entry + number(14, 1)));
    const std::string notes = notes_of(read_bytes(bytes));
    return notes.starts_with("external-data");
  };
  for (const char* location : {"/etc/passwd", "a/../../b", "..", "C:\\x", "a\\..\\..\\b"})
    EXPECT_TRUE(is_noted(location));
  for (const char* location : {"model.data", "weights/model.data", "..data", "a..b"}) EXPECT_FALSE(is_noted(location));
}

}  // namespace
}  // namespace weigh::testing
