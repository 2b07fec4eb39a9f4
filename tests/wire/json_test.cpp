#include "wire/json.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/files.h"
#include "support/scratch_folder.h"

#include "weigh/error.h"

namespace weigh::json {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::Pair;
using Members = std::vector<std::pair<std::string, std::int64_t>>;

struct Workspace {
  Text text;
  Parser parser;
};

// Keys and their numbers.
Members members(Workspace& workspace, std::string_view text) {
  auto source = memory_source("c.json", text);
  workspace.text.read(*source, 0, text.size());
  Document document(workspace.parser, workspace.text, "c.json");
  Members found;
  document.for_each_member([&](std::string_view key, Value value) { found.emplace_back(key, value.get_int64()); });
  return found;
}
Members members(std::string_view text) {
  Workspace workspace;
  return members(workspace, text);
}
std::string refusal(std::string_view text) {
  return error_of([&] { members(text); });
}

TEST(Json, VisitsMembersInTheirOrder) {
  EXPECT_THAT(members(R"({"b": 1, "a": 2, "b": 3})"), ElementsAre(Pair("b", 1), Pair("a", 2), Pair("b", 3)));
  EXPECT_THAT(members(" {} \n"), ElementsAre());
  EXPECT_THAT(members(R"({"": 0})"), ElementsAre(Pair("", 0)));
}

TEST(Json, UndoesTheEscapesOfKeys) {
  EXPECT_THAT(members(R"({"a\"b": 1, "\\": 2, "\u20ac\n": 3, "plain": 4})"),
              ElementsAre(Pair("a\"b", 1), Pair("\\", 2), Pair("€\n", 3), Pair("plain", 4)));
}

TEST(Json, ComparesKeysAsTheyStand) {
  Workspace workspace;
  const std::string text =
      R"({"shape": 1, "shap": 2, "shapes": 3, "sh\u0061pe": 4, "shape\"": 5, "": 6, "\\shape": 7})";
  auto source = memory_source("c.json", text);
  workspace.text.read(*source, 0, text.size());
  Document document(workspace.parser, workspace.text, "c.json");
  std::vector<std::int64_t> found;
  document.for_each_member([&](Key& key, Value value) {
    const bool is_shape = key.is("shape");
    EXPECT_EQ(is_shape, key.text() == "shape");
    EXPECT_EQ(is_shape, key.is("shape"));  // asked again
    if (is_shape) found.push_back(value.get_int64());
  });
  EXPECT_THAT(found, ElementsAre(1, 4));
}

TEST(Json, KeepsKeysWithoutEscapesInTheText) {
  Workspace workspace;
  const std::string text = R"({"plain": 1, "escap\u0065d": 2})";
  auto source = memory_source("c.json", text);
  workspace.text.read(*source, 0, text.size());
  Document document(workspace.parser, workspace.text, "c.json");
  std::vector<bool> in_text;
  document.for_each_member([&](std::string_view key, Value) { in_text.push_back(document.is_in_text(key)); });
  EXPECT_THAT(in_text, ElementsAre(true, false));
}

TEST(Json, VisitsObjectsInsideObjects) {
  Workspace workspace;
  const std::string text = R"({"outer": {"a": 1, "b": 2}, "next": {}})";
  auto source = memory_source("c.json", text);
  workspace.text.read(*source, 0, text.size());
  Document document(workspace.parser, workspace.text, "c.json");
  std::vector<std::string> seen;
  document.for_each_member([&](std::string_view key, Value value) {
    seen.emplace_back(key);
    document.each(value.get_object(), [&](std::string_view inner, Value) { seen.push_back("." + std::string(inner)); });
  });
  EXPECT_THAT(seen, ElementsAre("outer", ".a", ".b", "next"));
}

TEST(Json, RefusesWhatFollowsTheObject) {
  for (const char* text : {"{} {}", "{}{\"a\": 1}", "{} x}", "{}, {}"})
    EXPECT_EQ(refusal(text), "c.json: something follows the JSON object (at byte 0)") << text;
  for (const char* text : {"{}x", "{}]", "{}0", "{},"})
    EXPECT_EQ(refusal(text), "c.json: the JSON text of 3 bytes is malformed: an array or object has no end (at byte 0)")
        << text;
}

TEST(Json, RefusesWhatIsNoObject) {
  const std::string type = "malformed: a value is of another type than it must be (at byte 0)";
  EXPECT_EQ(refusal("[1]"), "c.json: the JSON text of 3 bytes is " + type);
  EXPECT_EQ(refusal("\"a\""), "c.json: the JSON text of 3 bytes is " + type);
  EXPECT_EQ(refusal("17"), "c.json: the JSON text of 2 bytes is " + type);
}

TEST(Json, RefusesNothing) {
  EXPECT_EQ(refusal(""), "c.json: the JSON text of 0 bytes is malformed: it is empty (at byte 0)");
  EXPECT_EQ(refusal("  \n"), "c.json: the JSON text of 3 bytes is malformed: it is empty (at byte 0)");
}

TEST(Json, RefusesTextThatIsNotUtf8) {
  const std::string utf8 = "malformed: it is not UTF-8 (at byte 0)";
  EXPECT_EQ(refusal("{\"\xff\": 1}"), "c.json: the JSON text of 8 bytes is " + utf8);
  EXPECT_EQ(refusal("{\"\xed\xa0\x80\": 1}"), "c.json: the JSON text of 10 bytes is " + utf8);
  EXPECT_EQ(refusal("{\"\xc0\x80\": 1}"), "c.json: the JSON text of 9 bytes is " + utf8);
}

TEST(Json, RefusesTextThatIsCutAnywhere) {
  const std::string text = R"({"a": 1, "b\n": -22, "long name of a key": 3})";
  EXPECT_EQ(testing::every_prefix(text, [](std::string_view prefix) { members(prefix); }), text.size());
}

TEST(Json, RefusesMembersThatAreMalformed) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"a" 1})", "its punctuation is wrong"},
      {R"({"a": })", "a value is of another type than it must be"},
      {R"({a: 1})", "its punctuation is wrong"},
      {R"({"a": 1,})", "its punctuation is wrong"},
      {R"({"a": 1 "b": 2})", "its punctuation is wrong"},
      {R"({'a': 1})", "its punctuation is wrong"},
      {R"({"a": 1x})", "a number is malformed, or of another kind than it must be"},
      {R"({"\q": 1})", "a string holds a wrong escape"},
      {R"({"\ud800": 1})", "a string holds a wrong escape"},
      {R"({"a": 99999999999999999999})", "a value is of another type than it must be"},
      {R"({"a: 1})", "a string has no end"},
  };
  for (const auto& [text, why] : cases)
    EXPECT_EQ(refusal(text), "c.json: the JSON text of " + std::to_string(std::string_view(text).size()) +
                                 " bytes is malformed: " + why + " (at byte 0)")
        << text;
}

TEST(Json, NamesThePlaceOfItsTextInTheSource) {
  Workspace workspace;
  auto source = memory_source("m.safetensors", "12345678{}{}");
  workspace.text.read(*source, 8, 4);
  EXPECT_EQ(workspace.text.view(), "{}{}");
  Document document(workspace.parser, workspace.text, "m.safetensors", 8);
  EXPECT_EQ(error_of([&] { document.for_each_member([](std::string_view, Value) {}); }),
            "m.safetensors: something follows the JSON object (at byte 8)");
  EXPECT_EQ(error_of([&] { document.fail("the key 'a' is bad"); }), "m.safetensors: the key 'a' is bad (at byte 8)");
}

TEST(Json, DoesNotAllocateALengthThatLies) {
  Text text;
  auto source = memory_source("c.json", "{}");
  EXPECT_EQ(error_of([&] { text.read(*source, 0, ~std::uint64_t{0}); }),
            "c.json: 18446744073709551615 bytes are needed, 2 are left of 2; is the file incomplete? (at byte 0)");
  EXPECT_EQ(error_of([&] { text.read(*source, 1, 2); }),
            "c.json: 2 bytes are needed, 1 are left of 2; is the file incomplete? (at byte 1)");
  EXPECT_EQ(text.view(), "");
}

TEST(JsonWorkspace, ServesOneTextAfterTheOther) {
  Workspace workspace;
  const std::string longest = "{\"" + std::string(10'000, 'k') + "\": 1}";
  EXPECT_THAT(members(workspace, R"({"a": 1})"), ElementsAre(Pair("a", 1)));
  EXPECT_THAT(members(workspace, longest), ElementsAre(Pair(std::string(10'000, 'k'), 1)));
  EXPECT_THAT(members(workspace, R"({"b": 2})"), ElementsAre(Pair("b", 2)));
}

TEST(JsonWorkspace, ServesAfterAMalformedText) {
  Workspace workspace;
  EXPECT_THROW(members(workspace, "{\"a\": "), Error);
  EXPECT_THAT(members(workspace, R"({"b": 2})"), ElementsAre(Pair("b", 2)));
}

class JsonFile : public ::testing::Test {
 protected:
  std::unique_ptr<Source> with(std::string_view text) const {
    std::ofstream(folder_.path_of("c.json"), std::ios::binary) << text;
    return open_file(folder_.path_of("c.json"));
  }

 private:
  const testing::ScratchFolder folder_;
};

TEST_F(JsonFile, IsReadWholeWhateverItsSize) {
  constexpr std::size_t kMapped = std::size_t{1} << 20;  // where mapping begins, if blanks for simdjson lie behind
  for (const std::size_t size : {std::size_t{10}, std::size_t{4'096}, std::size_t{10'000}, kMapped - 64, kMapped,
                                 kMapped + 4'096 - 64, kMapped + 4'096 - 63, kMapped + 4'097}) {
    const std::string text = R"({"a": 1)" + std::string(size - 8, ' ') + "}";
    auto source = with(text);
    File file(*source, Limits());
    EXPECT_EQ(file.document().text(), text);
    Members found;
    file.document().for_each_member(
        [&](std::string_view key, Value value) { found.emplace_back(key, value.get_int64()); });
    EXPECT_THAT(found, ElementsAre(Pair("a", 1)));
    EXPECT_EQ(source->bytes_read(), size);
  }
}

TEST_F(JsonFile, IsRefusedWhereItIsTooLarge) {
  auto source = with(R"({"a": 1})");
  Limits limits;
  limits.json_file_bytes = 7;
  EXPECT_EQ(testing::error_of([&] { File(*source, limits); }),
            source->label() + ": has 8 bytes, more than 7 (limit json_file_bytes)");
}

TEST_F(JsonFile, IsNoLongerSeenWhenAnotherTextIsRead) {
  const std::string mapped = R"({"mapped": 1})" + std::string(1 << 20, ' ');
  auto source = with(mapped);
  Workspace workspace;
  workspace.text.read_whole(*source);
  EXPECT_THAT(members(workspace, R"({"read": 2})"), ElementsAre(Pair("read", 2)));
  workspace.text.read_whole(*source);
  EXPECT_EQ(workspace.text.view(), mapped);
}

}  // namespace
}  // namespace weigh::json
