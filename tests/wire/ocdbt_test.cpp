// OCDBT: what TensorStore wrote, and each rule broken once.
#include "wire/ocdbt.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "support/ocdbt.h"

#include "weigh/error.h"

namespace weigh::testing {
namespace {

using Files = std::map<std::string, std::string>;
using Values = std::map<std::string, std::string>;

Values find(const Files& files, const std::vector<std::string>& keys, const Limits& limits = {}) {
  const auto folder = memory_folder("db", files);
  return Ocdbt(*folder, limits).find(keys);
}

class OcdbtFixture : public ::testing::TestWithParam<const char*> {
 protected:
  const std::string folder_ = std::string("ocdbt/") + GetParam();
  const Values expected_ = nlohmann::json::parse(file("ocdbt/expected.json")).at(GetParam()).get<Values>();
};

TEST_P(OcdbtFixture, HoldsWhatTensorStoreSays) {
  std::vector<std::string> keys = {"", "0", "layers", "layers.0.bias/", "zzz"};  // of no value
  for (const auto& [key, value] : expected_) keys.push_back(key);
  EXPECT_EQ(find(files_of(folder_), keys), expected_);
}

TEST_P(OcdbtFixture, FindsOneKeyAtATime) {
  const Files files = files_of(folder_);
  for (const auto& [key, value] : expected_) EXPECT_EQ(find(files, {key}), (Values{{key, value}}));
  EXPECT_EQ(find(files, {"layers.0.bias/.zarra"}), Values());
  EXPECT_EQ(find(files, {}), Values());
}

TEST_P(OcdbtFixture, IsRefusedWhereverAFileIsCutShort) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : expected_) keys.push_back(key);
  for (const auto& [path, bytes] : files_of(folder_)) {
    Files files = files_of(folder_);
    const std::size_t refused = every_prefix(bytes, [&, path = path](std::string_view prefix) {
      files[path] = prefix;
      find(files, keys);
    });
    const bool is_manifest = path == Ocdbt::kManifest;
    EXPECT_EQ(refused, is_manifest ? bytes.size() : refused);
  }
}

INSTANTIATE_TEST_SUITE_P(All, OcdbtFixture, ::testing::Values("deep", "plain", "versions", "empty"));

// A manifest whose root is all of the data file "d".
Files database(const std::string& node, std::uint64_t height = 0) {
  const std::string manifest = ocdbt_manifest({height, 0, 0, node.size()}, ocdbt_files("d"));
  return {{"manifest.ocdbt", ocdbt_envelope(kOcdbtManifest, manifest)}, {"d", node}};
}
Files leaf(const std::string& body) { return database(ocdbt_envelope(kOcdbtNode, body)); }
std::string refusal(const Files& files, const Limits& limits = {}) {
  return error_of([&] { find(files, {"a"}, limits); });
}
std::string manifest_refusal(const std::string& bytes) { return refusal({{"manifest.ocdbt", bytes}}); }

TEST(Ocdbt, ReadsKeysThatShareTheirBeginning) {
  EXPECT_EQ(find(leaf(ocdbt_leaf({{0, "a/x", "1"}, {2, "y", "2"}, {0, "b", ""}})), {"a/x", "a/y", "b", "a"}),
            (Values{{"a/x", "1"}, {"a/y", "2"}, {"b", ""}}));
}

TEST(MalformedOcdbt, IsNone) {
  EXPECT_EQ(manifest_refusal(ocdbt_envelope(kOcdbtNode, "")),
            "db/manifest.ocdbt: the manifest of the database: it begins with 0x0cdb20de, not 0x0cdb3a2a; is the file "
            "damaged?");
  EXPECT_EQ(manifest_refusal(""),
            "db/manifest.ocdbt: the manifest of the database: its magic number needs 4 bytes, 0 are left; is the file "
            "incomplete?");
}

TEST(MalformedOcdbt, HasAnotherLengthThanItSays) {
  EXPECT_EQ(manifest_refusal(ocdbt_envelope(kOcdbtManifest, "abc") + "x"),
            "db/manifest.ocdbt: the manifest of the database: it says that it has 21 bytes, but has 22; is the file "
            "incomplete?");
}

TEST(MalformedOcdbt, HasAnotherChecksumThanItSays) {
  std::string node = ocdbt_envelope(kOcdbtNode, ocdbt_leaf({{0, "a", "1"}}));
  node[node.size() - 5] = '2';
  EXPECT_EQ(refusal(database(node)),
            "db/d: a node of the database: its checksum is 0x9c16e478, but it says 0x8f46178c; is the file damaged? "
            "(at byte 0)");
}

TEST(MalformedOcdbt, IsOfAnotherVersionOrCompression) {
  EXPECT_EQ(refusal(database(ocdbt_envelope(kOcdbtNode, "", 0, 1))),
            "db/d: a node of the database: its version is 1; only 0 is known (at byte 0)");
  EXPECT_EQ(refusal(database(ocdbt_envelope(kOcdbtNode, "", 2))),
            "db/d: a node of the database: its compression is 2; 0 and 1 (Zstandard) are known (at byte 0)");
  const std::string numbered = ocdbt_manifest({}, ocdbt_files("d"), 1);
  EXPECT_EQ(manifest_refusal(ocdbt_envelope(kOcdbtManifest, numbered)),
            "db/manifest.ocdbt: the manifest of the database: its versions are in files of their own (kind 1)");
}

TEST(MalformedOcdbt, HasDamagedZstandardData) {
  EXPECT_EQ(refusal(database(ocdbt_envelope(kOcdbtNode, "none", 1))),
            "db/d: a node of the database: its Zstandard data are damaged: Unknown frame descriptor (at byte 0)");
  EXPECT_EQ(refusal(database(ocdbt_envelope(kOcdbtNode, std::string("\x28\xb5\x2f\xfd\x20\x10", 6), 1))),
            "db/d: a node of the database: its Zstandard data end too early (at byte 0)");
  // A frame of three bytes "abc", stored, and what is none of it.
  const std::string frame(
      "\x28\xb5\x2f\xfd\x20\x03\x19\x00\x00"
      "abc",
      12);
  EXPECT_EQ(refusal(database(ocdbt_envelope(kOcdbtNode, frame + "x", 1))),
            "db/d: a node of the database: something follows its Zstandard data (at byte 0)");
}

// A block of one byte that is repeated.
TEST(MalformedOcdbt, InflatesWithoutEnd) {
  const std::string frame(
      "\x28\xb5\x2f\xfd\x80\x58\x00\x00\x02\x00"
      "\x03\x00\x10"
      "a",
      14);
  Limits limits;
  limits.ocdbt_bytes = 10'000;
  EXPECT_EQ(refusal(database(ocdbt_envelope(kOcdbtNode, frame, 1)), limits),
            "db/d: a node of the database: it inflates to more than 9862 bytes (limit ocdbt_bytes) (at byte 0)");
}

TEST(MalformedOcdbt, WritesKeysOutWithoutEnd) {
  std::vector<OcdbtEntry> entries = {{0, std::string(1000, 'k'), ""}};
  for (int i = 0; i < 100; ++i) entries.push_back({1000, "", ""});
  Limits limits;
  limits.ocdbt_key_bytes = 50'000;
  EXPECT_EQ(refusal(leaf(ocdbt_leaf(entries)), limits),
            "db/d: a node of the database: keys have more than 50000 bytes (limit ocdbt_key_bytes) (at byte 0)");
}

TEST(MalformedOcdbt, HasTheWrongHeight) {
  EXPECT_EQ(refusal(database(ocdbt_envelope(kOcdbtNode, ocdbt_leaf({{0, "a", "1"}})), 3)),
            "db/d: a node of the database: it stands 3 levels above the leaves, but says 0 (at byte 0)");
}

TEST(MalformedOcdbt, LeadsOutOfItsFolder) {
  Files files = leaf(ocdbt_leaf({{0, "a", "1"}}));
  const std::string manifest = ocdbt_manifest({0, 0, 0, 5}, ocdbt_files("../d"));
  files["manifest.ocdbt"] = ocdbt_envelope(kOcdbtManifest, manifest);
  EXPECT_EQ(refusal(files), "db: names the file '../d', which is not inside its folder; it is not opened");
}

TEST(MalformedOcdbt, LeadsBeyondAFileOrToNone) {
  Files files = leaf(ocdbt_leaf({{0, "a", "1"}}));
  files["manifest.ocdbt"] = ocdbt_envelope(kOcdbtManifest, ocdbt_manifest({0, 0, 20, 1000}, ocdbt_files("d")));
  EXPECT_EQ(
      refusal(files),
      "db/d: a node of the database has 1000 bytes, the file ends at byte 29; is the copy complete? (at byte 20)");
  files["manifest.ocdbt"] = ocdbt_envelope(kOcdbtManifest, ocdbt_manifest({0, 0, 20, 1'000'000'000}, ocdbt_files("d")));
  EXPECT_EQ(refusal(files),
            "db/d: a node of the database has 1000000000 bytes, more than 536870798 (limit ocdbt_bytes) (at byte 20)");
  files["manifest.ocdbt"] = ocdbt_envelope(kOcdbtManifest, ocdbt_manifest({0, 7, 0, 5}, ocdbt_files("d")));
  EXPECT_EQ(refusal(files), "db/manifest.ocdbt: the manifest of the database: leads to data file 7 of 1");
  files["manifest.ocdbt"] = ocdbt_envelope(kOcdbtManifest, ocdbt_manifest({0, 0, 0, 5}, ocdbt_files("gone")));
  EXPECT_EQ(refusal(files), "db/gone: cannot be opened: No such file or directory");
}

TEST(MalformedOcdbt, HasTextsThatCannotBe) {
  EXPECT_EQ(refusal(leaf(ocdbt_leaf({{0, "a", "1"}, {2, "b", "2"}}))),
            "db/d: a node of the database: a text shares 2 bytes with the one before, which has 1 (at byte 0)");
  const std::string manifest = ocdbt_manifest({}, ocdbt_files("d", 2));
  EXPECT_EQ(manifest_refusal(ocdbt_envelope(kOcdbtManifest, manifest)),
            "db/manifest.ocdbt: the manifest of the database: 2 bytes of 'd' are said to hold for nodes below");
}

TEST(MalformedOcdbt, CountsMoreThanItHolds) {
  const std::string body = std::string(1, '\0') + varint(UINT64_MAX);
  EXPECT_EQ(refusal(leaf(body)),
            "db/d: a node of the database: names 18446744073709551615 data files, more than "
            "100000 (limit shards) (at byte 0)");
  const std::string many = std::string(1, '\0') + ocdbt_files("d") + varint(UINT64_MAX);
  EXPECT_EQ(refusal(leaf(many)),
            "db/d: a node of the database: a number of the database needs 1 bytes, 0 are left; is "
            "the file incomplete? (at byte 0)");
}

}  // namespace
}  // namespace weigh::testing
