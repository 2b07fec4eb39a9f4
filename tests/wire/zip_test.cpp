#include "wire/zip.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/files.h"
#include "wire/zip_builder.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using namespace std::string_literals;
using testing::build;
using testing::deflated;
using ::testing::ElementsAre;
using testing::stored;
using testing::u16;
using testing::u32;
using testing::u64;
using testing::ZipArchive;
using testing::ZipPart;

constexpr std::uint32_t kIn32 = 0xFFFF'FFFF;

// An archive in memory and its directory.
struct Opened {
  explicit Opened(const ZipArchive& archive, const Limits& given = {}) : Opened(build(archive), given) {}
  explicit Opened(std::string given_bytes, const Limits& given = {})
      : bytes(std::move(given_bytes)), limits(given), source(memory_source("a.zip", bytes)), zip(*source, limits) {}

  std::string read(std::string_view name) const { return zip.read(*zip.find(name)); }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const ZipEntry& entry : zip.entries()) all.emplace_back(entry.name);
    return all;
  }

  std::string bytes;
  Limits limits;
  std::unique_ptr<Source> source;
  ZipDirectory zip;
};

TEST(Zip, ReadsStoredAndDeflatedEntries) {
  const std::string text(5000, 'x');
  const Opened opened({.parts = {stored("a", "first"), deflated("b/c", text), stored("b/d", "")}});
  EXPECT_THAT(opened.names(), ElementsAre("a", "b/c", "b/d"));
  EXPECT_EQ(opened.read("a"), "first");
  EXPECT_EQ(opened.read("b/c"), text);
  EXPECT_EQ(opened.read("b/d"), "");
}

TEST(Zip, TellsWhereEntriesLieAndHowLargeTheyAre) {
  const Opened opened({.parts = {stored("a", "first"), deflated("b", std::string(5000, 'x'))}});
  const ZipEntry& first = opened.zip.entries()[0];
  EXPECT_EQ(first.header_offset, 0U);
  EXPECT_EQ(first.size, 5U);
  EXPECT_EQ(first.stored_size, 5U);
  EXPECT_EQ(first.method, 0);
  EXPECT_EQ(first.crc32, testing::crc_of("first"));
  const ZipEntry& second = opened.zip.entries()[1];
  EXPECT_EQ(second.header_offset, 36U);
  EXPECT_EQ(second.size, 5000U);
  EXPECT_LT(second.stored_size, 100U);
  EXPECT_EQ(second.method, 8);
}

TEST(Zip, FindsEntriesByTheirWholeName) {
  const Opened opened({.parts = {stored("a", "1"), stored("ab", "2"), stored("", "3")}});
  EXPECT_EQ(opened.zip.find("ab"), &opened.zip.entries()[1]);
  EXPECT_EQ(opened.zip.find(""), &opened.zip.entries()[2]);
  EXPECT_EQ(opened.zip.find("b"), nullptr);
  EXPECT_EQ(opened.zip.find("abc"), nullptr);
}

TEST(Zip, ReadsAnEmptyArchive) {
  const Opened opened{ZipArchive{}};
  EXPECT_TRUE(opened.zip.entries().empty());
  EXPECT_EQ(opened.zip.find("a"), nullptr);
  EXPECT_TRUE(ZipDirectory::matches(opened.source->read(0, 22)));
}

TEST(Zip, InflatesAnEntryOfNothing) {
  const Opened opened({.parts = {deflated("empty", "")}});
  EXPECT_EQ(opened.zip.entries()[0].stored_size, 2U);
  EXPECT_EQ(opened.read("empty"), "");
}

TEST(Zip, ReadsSizesAndOffsetFromTheZip64Field) {
  ZipPart second = stored("b", "second");
  second.central.size = second.central.stored_size = kIn32;
  second.offset = kIn32;
  second.central.extra = u16(0x5455) + u16(1) + "t" + u16(1) + u16(24) + u64(6) + u64(6) + u64(36);
  second.local.size = second.local.stored_size = kIn32;
  second.local.extra = u16(1) + u16(16) + u64(6) + u64(6);
  const Opened opened({.parts = {stored("a", "first"), second}});
  EXPECT_EQ(opened.read("b"), "second");
  EXPECT_EQ(opened.zip.entries()[1].header_offset, 36U);
}

TEST(Zip, TakesFromTheZip64FieldOnlyWhatIsSaidToBeThere) {
  ZipPart part = stored("b", "second");
  part.offset = kIn32;
  part.central.extra = u16(1) + u16(8) + u64(0);
  EXPECT_EQ(Opened({.parts = {part}}).read("b"), "second");
  part.offset = 0;
  part.central.extra = u16(1) + u16(8) + u64(999);
  EXPECT_EQ(Opened({.parts = {part}}).read("b"), "second") << "the field was not asked";
}

TEST(Zip, ReadsTheZip64EndAsPyTorchWritesIt) {
  ZipArchive archive{.parts = {stored("a", "first"), stored("b", "second")}, .has_zip64_end = true};
  EXPECT_EQ(Opened(archive).read("b"), "second");
  archive.entries = 0xFFFF;
  archive.size = kIn32;
  archive.offset = kIn32;
  EXPECT_EQ(Opened(archive).read("b"), "second");
}

TEST(Zip, ReadsMoreEntriesThanSixteenBitsCount) {
  ZipArchive archive{.has_zip64_end = true};
  for (int i = 0; i < 70'000; ++i) archive.parts.push_back(stored(std::to_string(i), std::to_string(i)));
  archive.entries = 0xFFFF;
  const Opened opened(archive);
  EXPECT_EQ(opened.zip.entries().size(), 70'000U);
  EXPECT_EQ(opened.read("69999"), "69999");
}

TEST(Zip, LeavesSizesToADataDescriptor) {
  ZipPart part = stored("a", "first");
  part.local.flags = part.central.flags = 0x0808;
  part.local.crc = part.local.size = part.local.stored_size = 0;
  part.between = "PK\7\10" + u32(part.central.crc) + u32(5) + u32(5);
  for (const std::uint32_t in_header : {std::uint32_t{0}, kIn32}) {
    part.local.size = part.local.stored_size = in_header;
    const Opened opened({.parts = {part, stored("b", "second")}});
    EXPECT_EQ(opened.read("a"), "first");
    EXPECT_EQ(opened.read("b"), "second");
  }
}

TEST(Zip, SkipsThePaddingOfLocalHeaders) {
  ZipPart part = stored("a", "first");
  part.local.extra = "FB" + u16(29) + std::string(29, 'Z');
  EXPECT_EQ(Opened({.parts = {part}}).read("a"), "first");
}

TEST(Zip, SkipsComments) {
  ZipPart part = stored("a", "first");
  part.comment = "of the entry";
  for (const std::size_t length : {1U, 1001U, 1002U, 1003U, 65'535U}) {
    EXPECT_EQ(Opened({.parts = {part}, .comment = std::string(length, 'c')}).read("a"), "first") << length;
  }
}

TEST(Zip, IsNotFooledByAnEndRecordInTheComment) {
  const std::string inner = "PK\5\6" + std::string(18, '\0') + "more";
  const Opened opened({.parts = {stored("a", "first")}, .comment = inner});
  EXPECT_EQ(opened.read("a"), "first");
}

TEST(Zip, ReadsADirectoryInAnotherOrderThanTheEntries) {
  const ZipArchive straight{.parts = {stored("a", "first"), stored("b", "second")}};
  std::string bytes = build(straight);
  const std::size_t directory = bytes.find("PK\1\2");
  std::rotate(bytes.begin() + static_cast<std::ptrdiff_t>(directory),
              bytes.begin() + static_cast<std::ptrdiff_t>(directory) + 47,
              bytes.begin() + static_cast<std::ptrdiff_t>(directory) + 94);
  const Opened opened(bytes);
  EXPECT_THAT(opened.names(), ElementsAre("b", "a"));
  EXPECT_EQ(opened.read("a"), "first");
  EXPECT_EQ(opened.read("b"), "second");
}

TEST(Zip, DoesNotCheckARecordWithoutAChecksum) {
  ZipPart part = stored("a", "first");
  part.local.crc = part.central.crc = 0;
  EXPECT_EQ(Opened({.parts = {part}}).read("a"), "first");
}

TEST(Zip, ReadsNoRecordForItsDirectory) {
  const Opened opened({.parts = {stored("weights", std::string(1'000'000, 'w'))}});
  EXPECT_LT(opened.source->bytes_read(), 1500U);
}

TEST(Zip, ReadsTheBeginningOfAnEntry) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919 % 10'007) + " ";
  const Opened opened({.parts = {stored("a", text), deflated("b", text)}});
  for (const char* name : {"a", "b"}) {
    const ZipEntry& entry = *opened.zip.find(name);
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, text.size(), text.size() + 1})
      EXPECT_EQ(opened.zip.read_head(entry, length), text.substr(0, length)) << name << " " << length;
    const std::uint64_t before = opened.source->bytes_read();
    opened.zip.read_head(entry, 1000);
    EXPECT_LT(opened.source->bytes_read() - before, 2100U);
  }
}

TEST(Zip, InflatesNoMoreThanItsLimitInBeginnings) {
  Limits limits;
  limits.inflated_bytes = 1000;
  const Opened opened({.parts = {deflated("a", std::string(5000, 'x'))}}, limits);
  EXPECT_EQ(opened.zip.read_head(opened.zip.entries()[0], 600), std::string(600, 'x'));
  EXPECT_EQ(testing::error_of([&] { opened.zip.read_head(opened.zip.entries()[0], 600); }),
            "a.zip: 600 bytes of zip entry 'a' are asked for, more than 400 (limit inflated_bytes) (at byte 0)");
}

TEST(Zip, ReadsNoEndOfEmptyBlocks) {
  ZipPart part = deflated("a", "0123456789");
  std::string empty;
  for (int i = 0; i < 10'000; ++i) empty += std::string("\0\0\0\xFF\xFF", 5);
  part.bytes = empty + part.bytes;
  part.local.stored_size = part.central.stored_size = static_cast<std::uint32_t>(part.bytes.size());
  const Opened opened({.parts = {part}});
  EXPECT_EQ(testing::error_of([&] { opened.zip.read_head(opened.zip.entries()[0], 10); }),
            "a.zip: the first 10 bytes of zip entry 'a' do not inflate; is the file damaged? (at byte 0)");
}

TEST(Zip, IsKnownByItsFirstBytes) {
  EXPECT_TRUE(ZipDirectory::matches(build({.parts = {stored("a", "first")}})));
  EXPECT_FALSE(ZipDirectory::matches("PK\3\4"));
  EXPECT_FALSE(ZipDirectory::matches(""));
  EXPECT_FALSE(ZipDirectory::matches("PK\1\2" + std::string(100, '\0')));
  EXPECT_FALSE(ZipDirectory::matches("x" + build({.parts = {stored("a", "first")}})));
}

TEST(Zip, ReadsAnArchiveOfPyTorch) {
  auto source = open_file(testing::data_path("pytorch/gat_state_before.pt"));
  const Limits limits;
  const ZipDirectory zip(*source, limits);
  const auto is_pickle = [](const ZipEntry& entry) { return entry.name.ends_with("/data.pkl"); };
  const auto found = std::find_if(zip.entries().begin(), zip.entries().end(), is_pickle);
  ASSERT_NE(found, zip.entries().end());
  EXPECT_EQ(zip.read(*found).substr(0, 2), "\x80\x02");
}

}  // namespace
}  // namespace weigh
