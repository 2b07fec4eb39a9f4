// Each rule of the format broken once, and what is allowed although it looks odd.
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

std::string refusal(const std::string& bytes) {
  return error_of([&] { read_bytes(bytes); });
}
// Of a header with these members, and so many bytes of data.
std::string refusal_of(const std::string& members, std::size_t data = 0) {
  return refusal(safetensors("{" + members + "}", data));
}
std::string malformed(std::size_t bytes, std::string_view why) {
  return fmt::format("m: the JSON text of {} bytes is malformed: {} (at byte 8)", bytes, why);
}
constexpr std::string_view kWrongType = "a value is of another type than it must be";
Model model_of(const std::string& members, std::size_t data = 0) {
  return read_bytes(safetensors("{" + members + "}", data));
}

TEST(SafetensorsHeader, IsRefusedAboveTheCapOfTheFormat) {
  EXPECT_EQ(refusal(little(std::uint64_t{1} << 63) + "{}"),
            "m: the header is said to have 9223372036854775808 bytes, more than 100000000");
  EXPECT_EQ(refusal(little(std::uint64_t{100'000'001}) + "{}"),
            "m: the header is said to have 100000001 bytes, more than 100000000");
}

TEST(SafetensorsHeader, IsRefusedBeyondTheFile) {
  EXPECT_EQ(refusal(little(std::uint64_t{3}) + "{}"),
            "m: the header needs 3 bytes, 2 are left; is the download incomplete?");
}

TEST(SafetensorsHeader, BeginsWithABrace) {
  EXPECT_EQ(refusal(safetensors("x{}")), "m: is of no format that is known; 'weigh --formats' lists those that are");
  EXPECT_EQ(error_of([] {
              const std::string shard = safetensors("x{}");
              read_files({{"m-1-of-1.safetensors", shard}}, "");
            }),
            "m-1-of-1.safetensors: is named as a shard but is no safetensors file");
}

TEST(SafetensorsHeader, IsOneJsonObject) {
  EXPECT_EQ(refusal(safetensors("{\"a\"")), malformed(4, "an array or object has no end"));
  EXPECT_EQ(refusal(safetensors("{}{}")), "m: something follows the JSON object (at byte 8)");
  EXPECT_EQ(refusal(safetensors("{\"\xff\":1}")), malformed(7, "it is not UTF-8"));
}

TEST(SafetensorsHeader, MayBePaddedWithBlanks) { EXPECT_EQ(read_bytes(safetensors("{}      ")).tensors.size(), 0U); }

TEST(SafetensorsHeader, NamesEachTensorOnce) {
  EXPECT_EQ(refusal_of(entry("a.w", "U8", "[1]", "[0,1]") + "," + entry("a.w", "U8", "[1]", "[1,2]"), 2),
            "m: tensor 'a.w' stands twice in the header; which one counts depends on the reader");
  EXPECT_EQ(refusal_of(entry("a.w", "U8", "[1]", "[0,1]") + "," + entry("a.\\u0077", "U8", "[1]", "[1,2]"), 2),
            "m: tensor 'a.w' stands twice in the header; which one counts depends on the reader");
}

// As safetensors 0.8 reads them: its map of names keeps the last.
TEST(SafetensorsHeader, OfOverlappingTensorsOfOneNameTheLastCounts) {
  const Model model =
      read_bytes(safetensors("{" + entry("a.w", "F32", "[2,3]", "[0,24]") + "," + entry("b", "U8", "[4]", "[8,12]") +
                                 "," + entry("a.\\u0077", "F32", "[2]", "[0,8]") + "}",
                             12));
  EXPECT_EQ(shape_of(model, "a.w"), "[2]");
  EXPECT_EQ(model.tensors.size(), 2U);
  EXPECT_EQ(notes_of(model),
            "repeated-name a.w: stands 2 times in the header; the last counts, as it does for the library safetensors. "
            "Other readers may take another\n");
}

TEST(SafetensorsHeader, MayHaveNullForMetadata) {
  EXPECT_EQ(
      read_bytes(safetensors(R"({"__metadata__":null,)" + entry("a", "U8", "[4]", "[0,4]") + "}", 4)).metadata.size(),
      0U);
}

TEST(SafetensorsHeader, HasMetadataOnce) {
  EXPECT_EQ(refusal(safetensors(R"({"__metadata__":{},"__metadata__":{}})")), "m: the header has '__metadata__' twice");
}

TEST(SafetensorsHeader, MayBeginWithBlanks) {
  EXPECT_EQ(read_bytes(safetensors(" \n{" + entry("a", "U8", "[4]", "[0,4]") + "}", 4)).tensors.size(), 1U);
}

TEST(SafetensorsHeader, HasTensorsOfWholeBytes) {
  EXPECT_EQ(refusal_of(entry("a", "F4", "[3]", "[0,2]"), 2),
            "m: tensor 'a' needs 12 bits by its shape and dtype F4, which do not fill bytes");
  EXPECT_EQ(refusal_of(entry("a", "F6_E2M3", "[1]", "[0,1]"), 1),
            "m: tensor 'a' needs 6 bits by its shape and dtype F6_E2M3, which do not fill bytes");
}

TEST(SafetensorsHeader, HasEachMemberOfATensorOnce) {
  const std::string common = R"("dtype":"U8","shape":[1],"data_offsets":[0,1])";
  EXPECT_EQ(refusal_of(R"("a":{)" + common + R"(,"dtype":"I8"})", 1), "m: tensor 'a' has 'dtype' twice");
  EXPECT_EQ(refusal_of(R"("a":{)" + common + R"(,"shape":[1]})", 1), "m: tensor 'a' has 'shape' twice");
  EXPECT_EQ(refusal_of(R"("a":{)" + common + R"(,"data_offsets":[0,1]})", 1), "m: tensor 'a' has 'data_offsets' twice");
}

TEST(SafetensorsHeader, HasAllMembersOfATensor) {
  EXPECT_EQ(refusal_of(R"("a":{"shape":[1],"data_offsets":[0,1]})", 1), "m: tensor 'a' has no 'dtype'");
  EXPECT_EQ(refusal_of(R"("a":{"dtype":"U8","data_offsets":[0,1]})", 1), "m: tensor 'a' has no 'shape'");
  EXPECT_EQ(refusal_of(R"("a":{"dtype":"U8","shape":[1]})", 1), "m: tensor 'a' has no 'data_offsets'");
  EXPECT_EQ(refusal_of(R"("a":{})"), "m: tensor 'a' has no 'dtype'");
}

TEST(SafetensorsHeader, MayHoldMembersThatAreNotKnown) {
  EXPECT_EQ(model_of(R"("a":{"later":[{}],"dtype":"U8","shape":[1],"data_offsets":[0,1]})", 1).tensors.size(), 1U);
}

TEST(SafetensorsOffsets, AreTwoInOrder) {
  EXPECT_EQ(refusal_of(entry("a", "U8", "[1]", "[1,0]"), 1), "m: tensor 'a' begins at 1 and ends at 0, before that");
  EXPECT_EQ(refusal_of(entry("a", "U8", "[1]", "[0,1,2]"), 1), "m: tensor 'a' has more than two data_offsets");
  EXPECT_EQ(refusal_of(entry("a", "U8", "[1]", "[0]"), 1), "m: tensor 'a' has 1 data_offsets, needs two");
}

TEST(SafetensorsOffsets, LeaveNoHoleAndDoNotOverlap) {
  EXPECT_EQ(refusal_of(entry("a", "U8", "[4]", "[0,4]") + "," + entry("b", "U8", "[4]", "[3,7]"), 7),
            "m: tensor 'b' begins at 3, the one before it ends at 4; tensors may not overlap or leave holes");
  EXPECT_EQ(refusal_of(entry("a", "U8", "[4]", "[0,4]") + "," + entry("b", "U8", "[4]", "[5,9]"), 9),
            "m: tensor 'b' begins at 5, the one before it ends at 4; tensors may not overlap or leave holes");
  EXPECT_EQ(refusal_of(entry("a", "U8", "[4]", "[1,5]"), 5),
            "m: tensor 'a' begins at 1, the one before it ends at 0; tensors may not overlap or leave holes");
  EXPECT_EQ(refusal_of(entry("a", "U8", "[4]", "[0,4]") + "," + entry("b", "U8", "[4]", "[0,4]"), 4),
            "m: tensor 'b' begins at 0, the one before it ends at 4; tensors may not overlap or leave holes");
}

TEST(SafetensorsOffsets, EndWithTheFile) {
  EXPECT_EQ(refusal_of(entry("a", "U8", "[4]", "[0,4]"), 7), "m: 3 bytes follow the last tensor, which ends at 4");
  EXPECT_EQ(refusal_of(entry("a", "U8", "[4]", "[0,4]"), 3),
            "m: its tensors need 4 bytes, 3 are there; is the download incomplete?");
}

TEST(SafetensorsOffsets, NeedNotBeInTheOrderOfTheHeader) {
  const Model model = model_of(entry("c", "U8", "[2]", "[3,5]") + "," + entry("a", "U8", "[1]", "[0,1]") + "," +
                                   entry("b", "U8", "[2]", "[1,3]"),
                               5);
  EXPECT_EQ(model.tensors.size(), 3U);
  EXPECT_EQ(summarize(model).totals.bytes.known(), 5U);
}

TEST(SafetensorsOffsets, MayStandAnywhereWhereNothingLies) {
  for (const char* order : {"abc", "bca", "cab", "cba"}) {
    std::string members;
    for (char c : std::string(order)) {
      if (!members.empty()) members += ",";
      if (c == 'a') members += entry("a", "U8", "[2]", "[0,2]");
      if (c == 'b') members += entry("b", "F32", "[0,7]", "[2,2]");
      if (c == 'c') members += entry("c", "U8", "[1]", "[2,3]");
    }
    EXPECT_EQ(model_of(members, 3).tensors.size(), 3U) << order;
  }
  EXPECT_EQ(refusal_of(entry("a", "U8", "[2]", "[0,2]") + "," + entry("b", "U8", "[0]", "[1,1]"), 2),
            "m: tensor 'b' begins at 1, the one before it ends at 2; tensors may not overlap or leave holes");
}

TEST(SafetensorsShape, TimesDtypeIsTheSize) {
  EXPECT_EQ(refusal_of(entry("a", "F32", "[3]", "[0,8]"), 8),
            "m: tensor 'a' needs 12 bytes by its shape and dtype F32, its data_offsets give it 8");
  EXPECT_EQ(refusal_of(entry("a", "F4", "[4]", "[0,3]"), 3),
            "m: tensor 'a' needs 2 bytes by its shape and dtype F4, its data_offsets give it 3");
  EXPECT_EQ(refusal_of(entry("a", "F6_E2M3", "[4]", "[0,2]"), 2),
            "m: tensor 'a' needs 3 bytes by its shape and dtype F6_E2M3, its data_offsets give it 2");
}

TEST(SafetensorsShape, OfTypesBelowAByteFillsBytes) {
  const Model model = model_of(entry("a", "F4", "[4]", "[0,2]") + "," + entry("b", "F6_E3M2", "[4]", "[2,5]") + "," +
                                   entry("c", "F4", "[2]", "[5,6]"),
                               6);
  EXPECT_EQ(find(model, "a")->dtype, DType::float4_e2m1fn);
  EXPECT_EQ(find(model, "b")->dtype, DType::float6_e3m2fn);
  EXPECT_EQ(find(model, "b")->stored_bytes, 3U);
  EXPECT_EQ(summarize(model).totals.parameters.known(), 10U);
}

TEST(SafetensorsShape, FitsInto64Bits) {
  EXPECT_EQ(refusal_of(entry("a", "F64", "[4294967296,4294967296]", "[0,0]")),
            "m: tensor 'a' has more elements than 64 bits count");
  EXPECT_EQ(refusal_of(entry("a", "U8", "[9223372036854775807]", "[0,0]")),
            "m: tensor 'a' has more elements than 64 bits count");
  EXPECT_EQ(refusal_of(entry("a", "U8", "[9223372036854775808]", "[0,0]")),
            "m: tensor 'a' has the extent 9223372036854775808, which no tensor has");
}

TEST(SafetensorsShape, IsMadeOfWholeNumbers) {
  EXPECT_EQ(refusal_of(entry("a", "U8", "[-1]", "[0,1]"), 1), malformed(54, kWrongType));
  EXPECT_EQ(refusal_of(entry("a", "U8", "[1.5]", "[0,1]"), 1), malformed(55, kWrongType));
  EXPECT_EQ(refusal_of(entry("a", "U8", "[\"1\"]", "[0,1]"), 1), malformed(55, kWrongType));
  EXPECT_EQ(refusal_of(entry("a", "U8", "7", "[0,1]"), 1), malformed(51, kWrongType));
}

TEST(SafetensorsShape, HasFewDimensions) {
  std::string ones = "1";
  for (int i = 1; i < 64; ++i) ones += ",1";
  EXPECT_EQ(find(model_of(entry("a", "U8", "[" + ones + "]", "[0,1]"), 1), "a")->rank, 64);
  EXPECT_EQ(refusal_of(entry("a", "U8", "[" + ones + ",1]", "[0,1]"), 1),
            "m: tensor 'a' has more than 64 dimensions (limit dimensions)");
}

TEST(SafetensorsName, IsNotLong) {
  const std::string name(65'536, 'n');
  EXPECT_EQ(model_of(entry(name, "U8", "[1]", "[0,1]"), 1).tensors[0].name, name);
  EXPECT_EQ(refusal_of(entry(name + "n", "U8", "[1]", "[0,1]"), 1),
            "m: a name has 65537 bytes, more than 65536 (limit name_bytes)");
}

// The header's memory and the parser's serve others when the model is used.
TEST(SafetensorsName, OutlivesTheHeader) {
  std::string entries;
  for (int i = 0; i < 50; ++i)
    entries += (i > 0 ? "," : "") + entry(i % 2 == 0 ? fmt::format("m.{}.w", i) : fmt::format("m.{}.\\u0077", i), "U8",
                                          "[1]", fmt::format("[{},{}]", i, i + 1));
  const Model model = model_of(entries, 50);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(model.path_of(model.tensors[static_cast<std::size_t>(i)]), fmt::format("m.{}.w", i));
}

TEST(SafetensorsEntry, HasADtypeThatIsNotThatOfTheOneBefore) {
  const std::string first = entry("a", "F32", "[1]", "[0,4]");
  for (const auto& [written, dtype] : {std::pair("F16", DType::float16), std::pair("F\\u00316", DType::float16)}) {
    const Model model =
        model_of(first + "," + entry("b", written, "[1]", "[4,6]") + "," + entry("c", "F32", "[1]", "[6,10]"), 10);
    EXPECT_EQ(model.tensors[1].dtype, dtype);
    EXPECT_EQ(model.tensors[2].dtype, DType::float32);
  }
  EXPECT_EQ(refusal_of(first + R"(,"b":{"dtype":1,"shape":[1],"data_offsets":[4,8]})", 8),
            "m: the JSON text of 103 bytes is malformed: a value is of another type than it must be (at byte 8)");
}

TEST(SafetensorsName, HasItsEscapesResolved) {
  const Model model = model_of(entry(R"(a\u00e9\"\n.\uD83D\uDE00)", "U8", "[1]", "[0,1]"), 1);
  EXPECT_EQ(model.path_of(model.tensors[0]), "aé\"\n.😀");
  EXPECT_EQ(model.path_of(1), "aé\"\n");
}

TEST(SafetensorsName, MayHaveOddDots) {
  const Model model = model_of(entry("", "U8", "[1]", "[0,1]") + "," + entry(".", "U8", "[1]", "[1,2]") + "," +
                                   entry("a..b", "U8", "[1]", "[2,3]"),
                               3);
  EXPECT_EQ(summarize(model).totals.buffers.known(), 3U);
}

TEST(SafetensorsName, DoesNotNestWithoutEnd) {
  std::string deep = "a";
  for (int i = 0; i < 300; ++i) deep += ".a";
  EXPECT_EQ(
      refusal_of(entry(deep, "U8", "[1]", "[0,1]"), 1),
      "m: the name 'a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.…' nests modules deeper than 256");
}

TEST(SafetensorsDtype, ThatIsNotKnownIsANote) {
  const Model model = model_of(entry("a", "F3", "[5]", "[0,2]"), 2);
  EXPECT_EQ(notes_of(model),
            "unknown-dtype a: has the dtype 'F3', which this program does not know; its bytes are counted as they "
            "lie\n");
  EXPECT_EQ(summarize(model).totals.bytes.known(), 2U);
}

TEST(SafetensorsDtype, ThatIsNotKnownIsNotedAHundredTimes) {
  std::string members;
  for (int i = 0; i < 150; ++i) members += (i == 0 ? "" : ",") + entry("t" + std::to_string(i), "F3", "[1]", "[0,0]");
  EXPECT_EQ(model_of(members).notes.size(), 100U);
}

TEST(SafetensorsMetadata, IsKept) {
  const Model model = model_of(R"("__metadata__":{"format":"pt","a":"é"})");
  EXPECT_EQ(model.metadata, (std::vector<std::pair<std::string, std::string>>{{"a", "é"}, {"format", "pt"}}));
}

TEST(SafetensorsMetadata, IsText) {
  EXPECT_EQ(refusal_of(R"("__metadata__":{"format":1})"), malformed(29, kWrongType));
}

TEST(SafetensorsMetadata, NamesTiedTensors) {
  const Model model = model_of(R"("__metadata__":{"head.weight":"embed.weight","format":"pt"},)" +
                                   entry("embed.weight", "F16", "[3,2]", "[0,12]"),
                               12);
  const Tensor* head = find(model, "head.weight");
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->tied_to, 0U);
  EXPECT_EQ(shape_of(model, "head.weight"), "[3, 2]");
  EXPECT_EQ(head->dtype, DType::float16);
  EXPECT_EQ(summarize(model).totals.parameters.known(), 6U);
  EXPECT_EQ(model.metadata.size(), 1U);
}

TEST(SafetensorsFile, IsNotTakenForAnIndexThatItMentions) {
  // The length 123 is a '{'.
  std::string header = R"({"__metadata__":{"weight_map":"x"})";
  header += std::string(122 - header.size(), ' ') + "}";
  EXPECT_EQ(read_bytes(safetensors(header)).format, "safetensors");
}

}  // namespace
}  // namespace weigh::testing
