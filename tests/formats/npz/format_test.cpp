// NumPy archives against what numpy.load says of them, and headers that lie.
#include "formats/npz/format.h"

#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

const Json& expectations() {
  static const Json all = testing::expected("npz");
  return all;
}

class NpzFile : public ::testing::TestWithParam<const char*> {};

TEST_P(NpzFile, HoldsWhatNumpyLoads) {
  const Json& expected = expectations().at(GetParam());
  const Model model = read(data_path(std::string("npz/") + GetParam()));
  EXPECT_EQ(model.format, "NumPy");
  EXPECT_EQ(model.tensors.size(), expected.size());
  for (const auto& [path, told] : expected.items()) {
    expect_tensor(model, path, told);
  }
}

INSTANTIATE_TEST_SUITE_P(All, NpzFile,
                         ::testing::Values("state.npz", "positional.npz", "flax.npz", "types.npz", "large.npz",
                                           "versions.npz"),
                         [](const auto& info) {
                           const std::string name = info.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(Npz, MakesModulesOfSlashes) {
  const Model model = read(data_path("npz/flax.npz"));
  EXPECT_EQ(model.kind, "compressed");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(find(model, "params.conv.kernel")->role, Role::parameter);
  EXPECT_EQ(find(model, "batch_stats.norm.mean")->role, Role::buffer);
}

TEST(Npz, NotesWhatHasNoNumbers) {
  EXPECT_EQ(notes_of(read(data_path("npz/types.npz"))),
            "not-numbers text: is of the type '<U3', text or times; it is not counted\n"
            "not-numbers bytes: is of the type '|S3', text or times; it is not counted\n"
            "not-numbers times: is of the type '<M8[D]', text or times; it is not counted\n"
            "object-array object: holds Python objects as a pickle, which was not read; it is not counted\n"
            "unknown-dtype bfloat16: is of the type '<V2' (and 2 more arrays), which tells a size but no kind of "
            "number; bfloat16 and float8 are written so\n");
}

TEST(Npz, TellsWherePlainNumbersLie) {
  ReadOptions options;
  options.locations = true;
  const std::string bytes = file("npz/types.npz");
  const Model model = read(*memory_folder("", {{"m", bytes}}), "m", options);
  ASSERT_EQ(model.locations.size(), model.tensors.size());
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const Location& location = model.locations[i];
    const std::string path = model.path_of(model.tensors[i]);
    if (path == "big" || path == "bfloat16" || path == "float8" || path == "longdouble" || path.starts_with("record")) {
      EXPECT_EQ(location.file, kNone) << path;
    } else {
      EXPECT_EQ(location.file, 0U) << path;
    }
    if (path == "fortran") {
      EXPECT_EQ(location.strides, (std::vector<std::int64_t>{1, 2}));
      EXPECT_EQ(bytes.substr(location.offset, 8), little<std::uint32_t>(0) + little<std::uint32_t>(0x40400000));
    }
  }
}

std::string array(const std::string& header, std::size_t data, char version = 1) {
  const std::string length = version == 1 ? little(static_cast<std::uint16_t>(header.size()))
                                          : little(static_cast<std::uint32_t>(header.size()));
  return std::string("\x93NUMPY") + version + '\0' + length + header + std::string(data, '\1');
}
std::string header(const std::string& descr, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }";
}
std::string archive(const std::string& array) { return Zip().add("w.npy", array).bytes(); }
std::string refusal(const std::string& array) {
  return error_of([&] { read_bytes(archive(array)); });
}

TEST(Npz, OfOneArrayIsRead) {
  const Model model = read_bytes(archive(array(header("'<f4'", "(2, 3)"), 24)));
  EXPECT_EQ(shape_of(model, "w"), "[2, 3]");
  EXPECT_EQ(shape_of(read_bytes(archive(array(header("'<f4'", "(2L, 3L)"), 24))), "w"), "[2, 3]") << "by Python 2";
}

TEST(Npz, ReadsOfACompressedArrayItsHeaderAlone) {
  const std::string bytes = file("npz/large.npz");
  const auto source = memory_source("m", bytes);
  Model model;
  read_npz(*source, {}, model);
  EXPECT_EQ(summarize(model).totals.parameters, Count(1'000'000));
  EXPECT_LT(source->bytes_read(), 2700U) << "of " << bytes.size();
}

TEST(Npz, ReadsNoWeights) {
  const std::string bytes = archive(array(header("'<f4'", "(1000, 1000)"), 4'000'000));
  const auto source = memory_source("m", bytes);
  Model model;
  read_npz(*source, {}, model);
  EXPECT_EQ(summarize(model).totals.parameters, Count(1'000'000));
  EXPECT_LT(source->bytes_read(), 1500U);
}

TEST(Npz, AFieldInLatin1IsUtf8) {
  EXPECT_EQ(shape_of(read_bytes(archive(array(header("[('\xE9', '<f4')]", "()"), 4))), "w.\xC3\xA9"), "[]");
}

TEST(Npz, AnArrayOfAnotherSizeThanItsShapeIsRefused) {
  EXPECT_EQ(refusal(array(header("'<f4'", "(2, 3)"), 20)),
            "m/w.npy: takes 24 bytes by its shape and type, but 20 are there; is the file damaged?");
  EXPECT_EQ(refusal(array(header("'<f4'", "(2, 3)"), 28)),
            "m/w.npy: takes 24 bytes by its shape and type, but 28 are there; is the file damaged?");
}

TEST(Npz, AShapeBeyondSixtyThreeBitsIsRefused) {
  EXPECT_EQ(refusal(array(header("'<f4'", "(4294967296, 4294967296)"), 0)),
            "m/w.npy: has a shape of more than 2^63 bytes");
  EXPECT_EQ(refusal(array(header("'<f4'", "(9223372036854775808,)"), 0)),
            "m/w.npy: the header of the array should have an extent below 2^63 here (at byte 61)");
  EXPECT_EQ(shape_of(read_bytes(archive(array(header("'<f4'", "(4294967296, 4294967296, 0)"), 0))), "w"),
            "[4294967296, 4294967296, 0]");
}

TEST(Npz, ANegativeExtentIsRefused) {
  EXPECT_EQ(refusal(array(header("'<f4'", "(-1,)"), 0)),
            "m/w.npy: the header of the array should have an extent below 2^63 here (at byte 61)");
}

TEST(Npz, MoreExtentsThanTheLimitAreRefused) {
  std::string shape = "(";
  for (int i = 0; i < 65; ++i) shape += "1,";
  EXPECT_EQ(refusal(array(header("'<f4'", shape + ")"), 4)),
            "m/w.npy: the header of the array has more than 64 extents (limit dimensions) (at byte 189)");
}

TEST(Npz, ATypeThatNumpyDoesNotWriteIsRefused) {
  for (const char* type : {"", "<", "<q4", "<f", "<f4x", "<f99999999999999999999"}) {
    const std::string wanted = "m/w.npy: the header of the array has the type '" + std::string(type) + "'";
    EXPECT_TRUE(refusal(array(header("'" + std::string(type) + "'", "(1,)"), 4)).starts_with(wanted)) << type;
  }
}

TEST(Npz, AHeaderOfAnotherFormIsRefused) {
  const auto refused = [](const std::string& text) { return refusal(array(text, 0)); };
  EXPECT_EQ(refused(""), "m/w.npy: the header of the array should have '{' here (at byte 10)");
  EXPECT_EQ(refused("{"), "m/w.npy: the header of the array should have a key in quotes here (at byte 11)");
  EXPECT_EQ(refused("{'descr"), "m/w.npy: the header of the array ends within a key (at byte 17)");
  EXPECT_EQ(refused("{'descr': '<f4'"), "m/w.npy: the header of the array lacks a comma or a brace (at byte 25)");
  EXPECT_EQ(refused("{}"), "m/w.npy: the header of the array lacks one of descr, fortran_order and shape (at byte 12)");
  EXPECT_EQ(refused("{'descr': '<f4', 'descr': '<f4'}"),
            "m/w.npy: the header of the array has the key 'descr', which is none or stands twice (at byte 35)");
  EXPECT_EQ(refused("{'shape': __import__('os')}"),
            "m/w.npy: the header of the array should have '(' here (at byte 20)");
  EXPECT_EQ(refused("{'fortran_order': 0}"),
            "m/w.npy: the header of the array should have True or False here (at byte 28)");
  EXPECT_EQ(refused(header("'<f4'", "()") + "x"),
            "m/w.npy: the header of the array goes on behind its brace (at byte 65)");
}

TEST(Npz, RecordsAreNotNestedDeeply) {
  std::string type = "[('a','<f4')]";
  for (int i = 0; i < 31; ++i) type = "[('a'," + type + ")]";
  const Model model = read_bytes(archive(array(header(type, "()"), 4)));
  EXPECT_EQ(model.tensors.size(), 1U);
  const std::string refused = refusal(array(header("[('a'," + type + ")]", "()"), 4));
  EXPECT_EQ(refused,
            "m/w.npy: the header of the array nests records more than 32 deep (limit npy_record_depth) (at byte 213)");
}

TEST(Npz, NamesOfFieldsDoNotMultiply) {
  std::string type = "[('" + std::string(50'000, 'n') + "',[";
  for (int i = 0; i < 500; ++i) type += "('" + std::to_string(i) + "','<f4'),";
  const std::string refused = refusal(array(header(type + "])]", "()"), 2000, 2));
  EXPECT_EQ(refused.substr(0, 90),
            "m/w.npy: the header of the array names fields in more than 65536 bytes (limit name_bytes) ")
      << refused;
}

TEST(Npz, AHeaderLongerThanItsEntryIsRefused) {
  EXPECT_EQ(refusal("\x93NUMPY\1" + std::string(1, '\0') + "\xFF\x01"),
            "m/w.npy: its header takes 521 bytes, but it has 10");
  EXPECT_EQ(refusal("\x93NUMPY\2" + std::string(1, '\0') + "\xFF\xFF\xFF\xFF"),
            "m/w.npy: has a header of 4294967295 bytes, more than 1048576 (limit npy_header_bytes)");
  EXPECT_EQ(refusal("\x93NUMPY\4" + std::string(3, '\0')),
            "m/w.npy: is an array of version 4.0; 1.0, 2.0 and 3.0 can be read");
  EXPECT_EQ(refusal("NUMPY, or not"), "m/w.npy: is called an array but does not begin as one");
}

TEST(Npz, NamesThatFallTogetherAreKeptApart) {
  const std::string one = array(header("'<f4'", "(1,)"), 4);
  const Model model = read_bytes(Zip().add("a.b.npy", one).add("a/b.npy", one).bytes());
  EXPECT_NE(find(model, "a.b"), nullptr);
  EXPECT_NE(find(model, "a/b"), nullptr);
  EXPECT_EQ(summarize(model).totals.parameters, Count(2));
}

TEST(Npz, AnEntryThatIsNoArrayIsNoted) {
  EXPECT_EQ(
      notes_of(read_bytes(Zip().add("w.npy", array(header("'<f4'", "()"), 4)).add("readme.txt", "read me").bytes())),
      "not-an-array readme.txt: is no array; it was not read\n");
}

// MLPClassifier((8,)) on 5 features and 3 classes: its coefs_ and intercepts_.
TEST(Npz, OfAnEstimatorCountsItsWeights) {
  const Model model = read(data_path("reports/files/mlp.skops"));
  EXPECT_EQ(model.kind, "skops");
  EXPECT_EQ(model.architecture, "MLPClassifier");
  EXPECT_EQ(shape_of(model, "coefs_.0"), "[5, 8]");
  EXPECT_EQ(shape_of(model, "intercepts_.1"), "[3]");
  EXPECT_EQ(find(model, "classes_")->role, Role::buffer);
  EXPECT_EQ(model.tensors.size(), 5U);
  EXPECT_EQ(summarize(model).totals.parameters, Count(5 * 8 + 8 + 8 * 3 + 3));
  ASSERT_EQ(model.notes.size(), 1U);
  EXPECT_EQ(model.notes[0].code, "not-weights");
  EXPECT_EQ(model.notes[0].message,
            "and 15 more arrays are what the estimator keeps beside its weights: moments, losses, random numbers; not "
            "counted");
}

TEST(Npz, AnotherSchemaTellsNoNames) {
  const std::string one = array(header("'<f4'", "(1,)"), 4);
  for (const char* schema : {"[1]", "{", R"({"content": {"file": "a.npy"}})", R"({"__class__": "A", "content": 3})"}) {
    const Model model = read_bytes(Zip().add("schema.json", schema).add("a.npy", one).bytes());
    EXPECT_EQ(shape_of(model, "a"), "[1]") << schema;
  }
  std::string deep = R"({"__class__": "A", "__loader__": "ListNode", "content": )";
  for (int i = 0; i < 900; ++i) deep += "[{\"content\": ";
  EXPECT_EQ(shape_of(read_bytes(Zip().add("schema.json", deep).add("a.npy", one).bytes()), "a"), "[1]");
}

}  // namespace
}  // namespace weigh::testing
