#include "wire/sstable.h"

#include <string>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/sstable.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using namespace std::string_literals;
using testing::table_entry;
using testing::table_of;

// "key=value" of all entries.
std::string walk(const std::string& bytes, const Limits& limits = {}) {
  const auto source = memory_source("t", bytes);
  std::string text;
  SsTable(*source, limits).each([&](std::string_view key, std::string_view value) {
    text += std::string(key) + "=" + std::string(value) + " ";
  });
  return text;
}
std::string refusal(const std::string& bytes, const Limits& limits = {}) {
  return testing::error_of([&] { walk(bytes, limits); });
}

TEST(SsTable, ReadsKeysThatShareTheirBeginning) {
  EXPECT_EQ(walk(table_of({table_entry(0, "layer/a", "1") + table_entry(6, "b", "2") + table_entry(0, "x", ""),
                           table_entry(0, "y", "3")})),
            "layer/a=1 layer/b=2 x= y=3 ");
}

TEST(SsTable, KnowsTheChecksumOfItsDefinition) { EXPECT_EQ(crc32c("123456789"), 0xE3069283U); }

TEST(SsTable, ReadsWhatTensorFlowWrote) {
  const std::string text = walk(testing::file("tensorflow/version1/model.ckpt-3.index"));
  EXPECT_NE(text.find("bert/encoder/layer_0/attention/bias="), std::string::npos);
  EXPECT_NE(text.find("global_step="), std::string::npos);
}

TEST(SsTable, IsRefusedWhereverItIsCutShort) {
  const std::string bytes = table_of({table_entry(0, "a", "1"), table_entry(0, "b", "2")});
  EXPECT_EQ(testing::every_prefix(bytes, [](std::string_view prefix) { walk(std::string(prefix)); }), bytes.size());
  EXPECT_EQ(refusal(bytes.substr(0, 60)),
            "t: does not end as a table of keys, in 60 bytes; is the download incomplete?");
}

TEST(SsTable, AChecksumThatIsWrongIsRefused) {
  std::string bytes = table_of({table_entry(0, "a", "1")});
  bytes[4] = '2';
  EXPECT_EQ(refusal(bytes),
            "t: a block has the checksum 10c30b82, recorded is 3cff7b5f; is the file damaged? (at byte 0)");
}

TEST(SsTable, ACompressedBlockIsRefused) {
  EXPECT_EQ(refusal(table_of({table_entry(0, "a", "1")}, 1)),
            "t: a block is compressed by method 1, which TensorFlow does not do; 0 can be read (at byte 0)");
}

TEST(SsTable, KeysThatDoNotAscendAreRefused) {
  EXPECT_EQ(refusal(table_of({table_entry(0, "b", "1") + table_entry(0, "a", "2")})),
            "t: the key 'a' does not stand behind 'b'; is the file damaged? (at byte 0)");
  EXPECT_EQ(refusal(table_of({table_entry(0, "a", "1") + table_entry(1, "", "2")})),
            "t: the key 'a' does not stand behind 'a'; is the file damaged? (at byte 0)");
  EXPECT_EQ(refusal(table_of({table_entry(0, "b", "1"), table_entry(0, "a", "2")})),
            "t: the key 'a' does not stand behind 'b'; is the file damaged? (at byte 18)");
}

TEST(SsTable, EntriesThatAreLongerThanTheirBlockAreRefused) {
  const std::string wanted = "t: an entry of the table is longer than its block; is the file damaged? (at byte 0)";
  EXPECT_EQ(refusal(table_of({table_entry(0, "a", "1") + "\0\2\0b"s})), wanted);
  EXPECT_EQ(refusal(table_of({table_entry(0, "a", "1") + "\0\1\1b"s})), wanted);
  EXPECT_EQ(refusal(table_of({table_entry(0, "a", "1") + table_entry(2, "b", "1")})), wanted);
  EXPECT_EQ(refusal(table_of({table_entry(1, "a", "1")})), wanted);
  EXPECT_EQ(refusal(table_of({"\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1\0"s})), wanted);
  EXPECT_EQ(refusal(table_of({"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s})),
            "t: an entry of the table breaks off; is the file damaged? (at byte 0)");
}

TEST(SsTable, RestartsThatTheBlockCannotHoldAreRefused) {
  const std::string contents = testing::u32_of(0xFFFFFFFF);
  std::string bytes = testing::with_checksum(contents);
  std::string footer = testing::varint(0) + testing::varint(4) + testing::varint(0) + testing::varint(4);
  footer.resize(40);
  bytes += footer + "\x57\xFB\x80\x8B\x24\x75\x47\xDB";
  EXPECT_EQ(refusal(bytes),
            "t: a block cannot hold the restarts that it is said to have; is the file damaged? (at byte 0)");
}

TEST(SsTable, ABlockOutsideOfTheTableIsRefused) {
  std::string bytes = table_of({table_entry(0, "a", "1")});
  bytes.replace(bytes.size() - 48, 2, "\x7F\x7F");
  EXPECT_EQ(refusal(bytes),
            "t: a block of 127 bytes is said to lie at byte 127, but the table ends at byte 50; is the file damaged? "
            "(at byte 50)");
}

TEST(SsTable, OneBlockOverAndOverIsRefused) {
  const std::string contents = table_entry(0, "a", "1") + testing::u32_of(0) + testing::u32_of(1);
  std::string bytes = testing::with_checksum(contents);
  const std::string handle = testing::varint(0) + testing::varint(contents.size());
  const std::string index =
      table_entry(0, "a", handle) + table_entry(0, "b", handle) + testing::u32_of(0) + testing::u32_of(1);
  std::string footer = handle + testing::varint(bytes.size()) + testing::varint(index.size());
  bytes += testing::with_checksum(index);
  footer.resize(40);
  EXPECT_EQ(refusal(bytes + footer + "\x57\xFB\x80\x8B\x24\x75\x47\xDB"),
            "t: a block begins at byte 0, but the one before it ends at 18; is the file damaged? (at byte 0)");
}

TEST(SsTable, LimitsAreHeld) {
  const std::string bytes = table_of({table_entry(0, "key", "1") + table_entry(3, "s", "2")});
  Limits limits;
  limits.sstable_bytes = 50;
  EXPECT_EQ(refusal(bytes, limits),
            "t: is a table of " + std::to_string(bytes.size()) + " bytes, more than 50 (limit sstable_bytes)");
  limits = {};
  limits.sstable_block_bytes = 15;
  EXPECT_EQ(refusal(bytes, limits), "t: a block has 20 bytes, more than 15 (limit sstable_block_bytes) (at byte 0)");
  limits = {};
  limits.name_bytes = 3;
  EXPECT_EQ(refusal(bytes, limits), "t: a key has 4 bytes, more than 3 (limit name_bytes) (at byte 0)");
}

}  // namespace
}  // namespace weigh
