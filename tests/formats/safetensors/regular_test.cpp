// The fast reader of regular headers beside the one of any JSON: whatever the header, both tell the same.
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/both_ways.h"
#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

std::string told_by_json(std::string_view header, std::uint64_t data, const ReadOptions& options = {}) {
  return header_told(header, data, options, HeaderWay::json);
}
std::string told_by_either(std::string_view header, std::uint64_t data, const ReadOptions& options = {}) {
  return header_told(header, data, options, HeaderWay::fastest);
}

std::string header_of(std::string_view file) {
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;) length = length << 8 | static_cast<unsigned char>(file[i]);
  return std::string(file.substr(8, length));
}

std::vector<std::string> fixtures() {
  std::vector<std::string> names = files_below("");
  std::erase_if(
      names, [](const std::string& name) { return !name.ends_with(".safetensors") || name.starts_with("hostile/"); });
  return names;
}

const std::string kEntry = R"("a.w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]})";
const std::string kTwo = "{" + kEntry + R"(,"a.b":{"dtype":"F16","shape":[],"data_offsets":[24,26]}})";

// All but those of MLX, whose writer has another order; of torchao, which puts JSON into JSON; and of our own hands.
TEST(RegularHeader, IsWhatTheLibraryWrites) {
  std::vector<std::string> others;
  std::size_t regular = 0;
  for (const std::string& name : fixtures()) {
    const bool is_of_another = name.starts_with("quantized/mlx_") || name.starts_with("quantized/torchao_") ||
                               name.starts_with("safetensors/") || name.starts_with("reports/files/");
    if (is_regular_header(header_of(file(name)))) {
      ++regular;
    } else if (!is_of_another) {
      others.push_back(name);
    }
  }
  EXPECT_EQ(others, std::vector<std::string>());
  EXPECT_GT(regular, 40U);
}

TEST(RegularHeader, TellsOfEveryFixtureWhatJsonTells) {
  ReadOptions with_locations;
  with_locations.locations = true;
  for (const std::string& name : fixtures()) {
    const std::string header = header_of(file(name));
    const std::uint64_t data = file(name).size() - 8 - header.size();
    EXPECT_EQ(told_by_either(header, data, with_locations), told_by_json(header, data, with_locations)) << name;
  }
}

TEST(RegularHeader, TellsOfEveryPrefixWhatJsonTells) {
  for (std::size_t length = 0; length <= kTwo.size(); ++length) {
    const std::string_view header = std::string_view(kTwo).substr(0, length);
    EXPECT_EQ(told_by_either(header, 26), told_by_json(header, 26)) << header;
    EXPECT_EQ(is_regular_header(header), length == kTwo.size()) << header;
  }
  const std::string real = header_of(file("quantized/gptq_int4/model.safetensors"));
  for (std::size_t length = 0; length < real.size(); ++length) {
    const std::string_view header = std::string_view(real).substr(0, length);
    ASSERT_EQ(told_by_either(header, largest_number(header)), told_by_json(header, largest_number(header))) << header;
  }
}

TEST(RegularHeader, TellsWithAnyByteChangedWhatJsonTells) {
  const std::string whole = R"({"__metadata__":{"f":"pt"},)" + kTwo.substr(1) + "  ";
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char c :
         {'"', '\\', '{', '}', '[', ']', ',', ':', ' ', '0', '9', '-', 'a', '\n', '\x01', '\x7f', '\xc3'}) {
      std::string header = whole;
      header[at] = c;
      const std::uint64_t data = largest_number(header);
      ASSERT_EQ(told_by_either(header, data), told_by_json(header, data)) << header;
    }
    std::string header = whole;
    header.erase(at, 1);
    ASSERT_EQ(told_by_either(header, 26), told_by_json(header, 26)) << header;
  }
}

struct Case {
  const char* what;
  std::string header;
  std::uint64_t data;
  std::string told;
  friend std::ostream& operator<<(std::ostream& out, const Case& each) { return out << each.what; }
};

// What each leaves to JSON, which reads it or says what is wrong.
class IrregularHeader : public ::testing::TestWithParam<Case> {};

TEST_P(IrregularHeader, IsLeftToJson) {
  const Case& each = GetParam();
  EXPECT_FALSE(is_regular_header(each.header));
  EXPECT_EQ(told_by_either(each.header, each.data), each.told);
  EXPECT_EQ(told_by_json(each.header, each.data), each.told);
}

std::string wrong(std::size_t bytes, std::string_view why) {
  return fmt::format("error: m: the JSON text of {} bytes is malformed: {} (at byte 8)", bytes, why);
}
std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return "{" + entry("a", dtype, shape, offsets) + "}";
}

INSTANTIATE_TEST_SUITE_P(
    Each, IrregularHeader,
    ::testing::Values(
        Case{"blanks", R"({"a": {"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1, "a uint8 1 buffer derived 1\n"},
        Case{"order", R"({"a":{"data_offsets":[0,1],"dtype":"U8","shape":[1]}})", 1, "a uint8 1 buffer derived 1\n"},
        Case{"further_member", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}})", 1,
             "a uint8 1 buffer derived 1\n"},
        Case{"escape", R"({"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
             "a uint8 1 buffer derived 1\n"},
        Case{"letter", R"({"é":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1, "é uint8 1 buffer derived 1\n"},
        Case{"escape_in_metadata", R"({"__metadata__":{"f":"\"pt\""}})", 0, "f: \"pt\"\n"},
        Case{"metadata_behind", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"__metadata__":{"f":"pt"}})", 1,
             "a uint8 1 buffer derived 1\nf: pt\n"},
        Case{"dtype", one("F3", "[1]", "[0,1]"), 1,
             "a unknown 1 parameter assumed 1\nunknown-dtype a: has the dtype 'F3', which this program does not know; "
             "its "
             "bytes are counted as they lie\n"},
        Case{"tensor_called_metadata", R"({"__metadata__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
             wrong(64, "a value is of another type than it must be")},
        Case{"second_metadata", R"({"__metadata__":{"f":"pt"},"__metadata__":{"g":1}})", 0,
             "error: m: the header has '__metadata__' twice"},
        Case{"zero_in_front", one("U8", "[01]", "[0,1]"), 1,
             wrong(54, "a number is malformed, or of another kind than it must be")},
        Case{"sign", one("U8", "[-1]", "[0,1]"), 1, wrong(54, "a value is of another type than it must be")},
        Case{"fraction", one("U8", "[1.0]", "[0,1]"), 1, wrong(55, "a value is of another type than it must be")},
        Case{"exponent", one("U8", "[1]", "[0,1e0]"), 1, wrong(55, "a value is of another type than it must be")},
        Case{"extent", one("U8", "[9223372036854775808]", "[0,1]"), 1,
             "error: m: tensor 'a' has the extent 9223372036854775808, which no tensor has"},
        Case{"elements", one("F64", "[4294967296,4294967296]", "[0,0]"), 0,
             "error: m: tensor 'a' has more elements than 64 bits count"},
        Case{"bytes", one("F32", "[3]", "[0,8]"), 8,
             "error: m: tensor 'a' needs 12 bytes by its shape and dtype F32, its data_offsets give it 8"},
        Case{"backwards", one("U8", "[1]", "[1,0]"), 1, "error: m: tensor 'a' begins at 1 and ends at 0, before that"},
        Case{"one_offset", one("U8", "[1]", "[0]"), 1, "error: m: tensor 'a' has 1 data_offsets, needs two"},
        Case{"no_entry", "{}", 0, ""},
        Case{"comma_at_the_end", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},})", 1,
             wrong(54, "its punctuation is wrong")},
        Case{"no_comma", "{" + kEntry + kEntry + "}", 24, wrong(116, "its punctuation is wrong")},
        Case{"more_behind", kTwo + "{}", 26, "error: m: something follows the JSON object (at byte 8)"},
        Case{"no_quote", R"({"a)", 0, wrong(3, "a string has no end")},
        Case{"no_utf_8", "{\"\xff\":1}", 0, wrong(7, "it is not UTF-8")}),
    [](const auto& info) { return info.param.what; });

// Of which versions of simdjson say different things.
TEST(RegularHeader, TellsWhateverJsonTells) {
  const std::vector<std::string> headers = {one("U8", "[18446744073709551616]", "[0,1]"),
                                            one("U8", "[99999999999999999999]", "[0,1]"),
                                            one("U8", "[0]", "[18446744073709551615,18446744073709551615]"),
                                            kTwo + std::string(1, '\0'),
                                            kTwo + " \n",
                                            kTwo + "\t",
                                            "{" + kEntry};
  for (const std::string& header : headers) EXPECT_EQ(told_by_either(header, 26), told_by_json(header, 26)) << header;
}

TEST(RegularHeader, MayHaveOffsetsInAnyOrder) {
  const std::string header = "{" + entry("b", "U8", "[2]", "[1,3]") + "," + entry("a", "U8", "[1]", "[0,1]") + "," +
                             entry("c", "U8", "[9]", "[3,12]") + "," + entry("d", "U8", "[8]", "[12,20]") + "}";
  EXPECT_TRUE(is_regular_header(header));
  EXPECT_EQ(told_by_either(header, 20),
            "b uint8 2 buffer derived 2\na uint8 1 buffer derived 1\nc uint8 9 buffer derived 9\nd uint8 8 buffer "
            "derived 8\n");
  const std::string hole = "{" + entry("a", "U8", "[1]", "[0,1]") + "," + entry("b", "U8", "[1]", "[12,13]") + "}";
  EXPECT_TRUE(is_regular_header(hole));
  EXPECT_EQ(told_by_either(hole, 13), told_by_json(hole, 13));
}

// More shapes, dtypes and last parts of names than are remembered, and back to the first.
TEST(RegularHeader, MayHaveManyKindsOfEntries) {
  std::string header;
  std::uint64_t end = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::uint64_t extent = i % 40 + 1;
    const bool is_float = i % 3 == 0;
    const std::uint64_t begin = std::exchange(end, end + extent * (is_float ? 4 : 1));
    header += (header.empty() ? "{" : ",") + entry(fmt::format("m.{}.{}", i, i % 7 == 0 ? "running_mean" : "weight"),
                                                   is_float ? "F32" : "U8", fmt::format("[{}]", extent),
                                                   fmt::format("[{},{}]", begin, end));
  }
  header += "}";
  EXPECT_TRUE(is_regular_header(header));
  EXPECT_EQ(told_by_either(header, end), told_by_json(header, end));
}

TEST(RegularHeader, HasTheLimitsOfAny) {
  ReadOptions options;
  options.limits.name_bytes = 2;
  options.limits.dimensions = 1;
  EXPECT_EQ(told_by_either(kTwo, 26, options), "error: m: a name has 3 bytes, more than 2 (limit name_bytes)");
  options.limits.name_bytes = 3;
  EXPECT_EQ(told_by_either(kTwo, 26, options), "error: m: tensor 'a.w' has more than 1 dimensions (limit dimensions)");
  options.limits.dimensions = 2;
  EXPECT_EQ(told_by_either(kTwo, 26, options),
            "a.w float32 24 parameter assumed 2 3\na.b float16 2 parameter assumed\n");
}

}  // namespace
}  // namespace weigh::testing
