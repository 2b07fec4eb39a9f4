// The fast reader of an index beside the one of any JSON: whatever the index, both tell the same.
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/both_ways.h"
#include "support/files.h"

namespace weigh::testing {
namespace {

const Limits kLimits;

// As transformers writes it.
const std::string kIndex = R"({
  "metadata": {
    "total_parameters": 7,
    "total_size": 28
  },
  "weight_map": {
    "a.w": "m-00001-of-00002.safetensors",
    "b.w": "m-00001-of-00002.safetensors",
    "c.w": "m-00002-of-00002.safetensors",
    "d.w": "m-00001-of-00002.safetensors"
  }
}
)";

TEST(RegularIndex, IsWhatLibrariesWrite) {
  std::vector<std::string> others;
  std::size_t count = 0;
  for (const std::string& name : files_below("")) {
    if (!name.ends_with(".safetensors.index.json") || name.starts_with("hostile/")) continue;
    ++count;
    if (!is_regular_index(file(name), kLimits)) others.push_back(name);
    EXPECT_EQ(index_told(file(name), kLimits), index_told_by_json(file(name), kLimits)) << name;
  }
  EXPECT_EQ(others, std::vector<std::string>());
  EXPECT_GT(count, 0U);
  EXPECT_TRUE(is_regular_index(kIndex, kLimits));
  EXPECT_TRUE(is_regular_index(R"({"weight_map":{"a":"b"}})", kLimits));
  EXPECT_TRUE(is_regular_index(R"({"metadata":{},"weight_map":{"a":"b","c":"b","d":"b"}})", kLimits));
}

TEST(RegularIndex, TellsFilesAndSize) {
  const IndexDigest digest = digest_index(*memory_source("m", kIndex), kLimits);
  ASSERT_EQ(digest.files.size(), 2U);
  EXPECT_EQ(digest.files.at("m-00001-of-00002.safetensors").count, 3U);
  EXPECT_EQ(digest.files.at("m-00002-of-00002.safetensors").sum, hash_of("c.w"));
  EXPECT_EQ(digest.totals.size, 28U);
}

TEST(RegularIndex, TellsOfEveryPrefixWhatJsonTells) {
  for (std::size_t length = 0; length <= kIndex.size(); ++length) {
    const std::string_view index = std::string_view(kIndex).substr(0, length);
    EXPECT_EQ(index_told(index, kLimits), index_told_by_json(index, kLimits)) << index;
  }
}

TEST(RegularIndex, TellsWithAnyByteChangedWhatJsonTells) {
  for (std::size_t at = 0; at < kIndex.size(); ++at) {
    for (const char c : {'"', '\\', '{', '}', '[', ',', ':', ' ', '0', '-', 'a', '\n', '\x01', '\x7f', '\xc3'}) {
      std::string index = kIndex;
      index[at] = c;
      ASSERT_EQ(index_told(index, kLimits), index_told_by_json(index, kLimits)) << index;
    }
    std::string index = kIndex;
    index.erase(at, 1);
    ASSERT_EQ(index_told(index, kLimits), index_told_by_json(index, kLimits)) << index;
  }
}

TEST(RegularIndex, LeavesTheRestToJson) {
  const std::vector<std::string> others = {
      R"({"weight_map":{}})",
      R"({"metadata":{"total_size":1.5},"weight_map":{"a":"b"}})",
      R"({"metadata":{"total_size":-1},"weight_map":{"a":"b"}})",
      R"({"metadata":{"total_size":01},"weight_map":{"a":"b"}})",
      R"({"metadata":{"total_size":null},"weight_map":{"a":"b"}})",
      R"({"metadata":null,"weight_map":{"a":"b"}})",
      R"({"weight_map":{"a":"b"},"metadata":{"total_size":1}})",
      R"({"weight_map":{"a":"b"},"weight_map":{"c":"b"}})",
      R"({"weight_map":{"a":"b",}})",
      R"({"weight_map":{"a":"b""c":"d"}})",
      R"({"weight_map":{"a""b":"d"}})",
      R"({"weight_map":{"a":1}})",
      R"({"weight_map":{"\u0061":"b"}})",
      R"({"weight_map":{"a":"b\n"}})",
      R"({"weight_map":{"é":"b"}})",
      R"({"weight_map":{"a":"b"}}{})",
      R"(["weight_map"])",
      "",
  };
  for (const std::string& index : others) {
    EXPECT_FALSE(is_regular_index(index, kLimits)) << index;
    EXPECT_EQ(index_told(index, kLimits), index_told_by_json(index, kLimits)) << index;
  }
}

TEST(RegularIndex, HasTheLimitOfAny) {
  Limits limits;
  limits.shards = 1;
  EXPECT_EQ(index_told(kIndex, limits), "error: m: names more than 1 shards (limit shards)");
  EXPECT_EQ(index_told(R"({"weight_map":{"a":"b","c":"d","e":"f}})", limits),
            index_told_by_json(R"({"weight_map":{"a":"b","c":"d","e":"f}})", limits));
}

}  // namespace
}  // namespace weigh::testing
