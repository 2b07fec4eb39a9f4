// Archives whose parts disagree: each is refused, and the message names the disagreement.
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "support/files.h"
#include "wire/zip.h"
#include "wire/zip_builder.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using namespace std::string_literals;
using testing::build;
using testing::deflated;
using testing::error_of;
using testing::stored;
using testing::u16;
using testing::u64;
using testing::ZipArchive;
using testing::ZipHeader;
using testing::ZipPart;

constexpr std::uint32_t kIn32 = 0xFFFF'FFFF;

// Two entries of 35 bytes ("a" at 0, "b" at 35), the directory of 94 bytes at 70, the end record at 164.
ZipArchive plain() { return {.parts = {stored("a", "1234"), stored("b", "5678")}}; }

void open(const std::string& bytes, const Limits& limits = {}) {
  auto source = memory_source("a.zip", bytes);
  const ZipDirectory zip(*source, limits);
}

void read_all(const std::string& bytes, const Limits& limits = {}) {
  auto source = memory_source("a.zip", bytes);
  const ZipDirectory zip(*source, limits);
  for (const ZipEntry& entry : zip.entries()) zip.read(entry);
}

std::string refusal(const ZipArchive& archive, const Limits& limits = {}) {
  return error_of([&] { open(build(archive), limits); });
}

// Of an archive that opens, but has a record that cannot be read.
std::string refusal_of_record(const ZipPart& part, const Limits& limits = {}) {
  const std::string bytes = build({.parts = {part}});
  open(bytes, limits);
  return error_of([&] { read_all(bytes, limits); });
}

ErrorKind kind_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no Error was thrown";
  return ErrorKind::usage;
}

TEST(MalformedZip, HasNoEndRecord) {
  const std::string bytes = build(plain());
  EXPECT_EQ(error_of([&] { open(bytes.substr(0, 164)); }),
            "a.zip: is a zip archive of 164 bytes without its directory, which stands last; is the file incomplete?");
  EXPECT_EQ(error_of([] { open(""); }),
            "a.zip: is a zip archive of 0 bytes without its directory, which stands last; is the file incomplete?");
  EXPECT_EQ(kind_of([&] { open(bytes.substr(0, 164)); }), ErrorKind::truncated);
}

TEST(MalformedZip, HasBytesBehindItsEndRecord) {
  EXPECT_EQ(error_of([] { open(build(plain()) + "x"); }),
            "a.zip: is a zip archive of 187 bytes without its directory, which stands last; is the file incomplete?");
}

TEST(MalformedZip, HasAnotherEndRecordInItsComment) {
  ZipArchive archive = plain();
  archive.comment = "PK\5\6" + std::string(18, '\0');
  EXPECT_EQ(refusal(archive),
            "a.zip: the zip directory is said to take 0 bytes from byte 0, but it ends at byte 186; is the file "
            "damaged, or is something put before the archive? (at byte 186)");
}

TEST(MalformedZip, IsCutAnywhere) {
  ZipArchive archive{.parts = {stored("a", "first"), deflated("b", std::string(500, 'x'))}, .has_zip64_end = true};
  archive.parts[1].local.flags = archive.parts[1].central.flags = 8;
  archive.comment = "a comment";
  const std::string bytes = build(archive);
  EXPECT_EQ(testing::every_prefix(bytes, [](std::string_view prefix) { open(std::string(prefix)); }), bytes.size());
}

TEST(MalformedZip, HasEntriesThatOverlap) {
  ZipArchive archive = plain();
  archive.parts[0].local.size = archive.parts[0].central.size = 5;
  archive.parts[0].local.stored_size = archive.parts[0].central.stored_size = 5;
  EXPECT_EQ(refusal(archive), "a.zip: zip entry 'a' of 5 bytes overlaps 'b', which begins at byte 35 (at byte 0)");
}

TEST(MalformedZip, HasEntriesThatShareTheirBytes) {
  ZipArchive archive = plain();
  archive.parts[1].offset = 0;
  EXPECT_EQ(refusal(archive), "a.zip: zip entry 'a' overlaps 'b' (at byte 0)");
}

TEST(MalformedZip, HasAnEntryThatOverlapsTheDirectory) {
  ZipArchive archive = plain();
  archive.parts[1].local.size = archive.parts[1].central.size = 5;
  archive.parts[1].local.stored_size = archive.parts[1].central.stored_size = 5;
  EXPECT_EQ(refusal(archive),
            "a.zip: zip entry 'b' of 5 bytes overlaps the directory, which begins at byte 70 (at byte 35)");
  archive = plain();
  archive.parts[1].offset = 41;
  EXPECT_EQ(refusal(archive), "a.zip: zip entry 'b' overlaps the directory (at byte 41)");
  archive.parts[1].offset = 5'000'000;
  EXPECT_EQ(refusal(archive), "a.zip: zip entry 'b' overlaps the directory (at byte 5000000)");
}

TEST(MalformedZip, HasAnEntryThatTheNameOfItsHeaderPushesOut) {
  ZipArchive archive = plain();
  archive.parts[1].local.extra = std::string(60'000, '\0');
  std::string bytes = build(archive);
  bytes.erase(66, 60'000);
  const std::size_t end = bytes.size() - 22;
  bytes.replace(end + 16, 4, testing::u32(70));
  EXPECT_EQ(error_of([&] { open(bytes); }),
            "a.zip: zip entry 'b' of 4 bytes overlaps the directory, which begins at byte 70 (at byte 35)");
}

TEST(MalformedZip, HasALocalHeaderThatContradictsTheDirectory) {
  const std::function<void(ZipHeader&)> lies[] = {
      [](ZipHeader& h) { h.name = "c"; },      [](ZipHeader& h) { h.name = ""; },
      [](ZipHeader& h) { h.flags = 8; },       [](ZipHeader& h) { h.method = 8; },
      [](ZipHeader& h) { h.size = 3; },        [](ZipHeader& h) { h.size = 0; },
      [](ZipHeader& h) { h.crc ^= 1; },        [](ZipHeader& h) { h.crc = 0; },
      [](ZipHeader& h) { h.flags = 1; },       [](ZipHeader& h) { h.stored_size = 0; },
      [](ZipHeader& h) { h.stored_size = 3; },
  };
  for (const auto& lie : lies) {
    ZipArchive archive = plain();
    lie(archive.parts[0].local);
    EXPECT_EQ(refusal(archive), "a.zip: the local header of zip entry 'a' contradicts the directory (at byte 0)");
  }
}

TEST(MalformedZip, HasAnEntryWithoutALocalHeader) {
  std::string bytes = build(plain());
  bytes[38] = 5;
  EXPECT_EQ(error_of([&] { open(bytes); }),
            "a.zip: the local header of zip entry 'b' contradicts the directory (at byte 35)");
}

TEST(MalformedZip, HasOneNameTwice) {
  EXPECT_EQ(refusal({.parts = {stored("a", "1"), stored("b", "2"), stored("a", "3")}}),
            "a.zip: the zip archive holds 'a' twice (at byte 64)");
}

TEST(MalformedZip, IsEncrypted) {
  for (const auto& [flag, shown] : {std::pair(0x1, "0x0001"), {0x20, "0x0020"}, {0x40, "0x0040"}, {0x2000, "0x2000"}}) {
    ZipArchive archive = plain();
    archive.parts[1].local.flags = archive.parts[1].central.flags = static_cast<std::uint16_t>(flag);
    EXPECT_EQ(refusal(archive), "a.zip: zip entry 'b' is encrypted or patched (flags "s + shown + ") (at byte 117)");
  }
}

TEST(MalformedZip, HasANameWithAZeroByte) {
  EXPECT_EQ(refusal({.parts = {stored("a\0.pkl"s, "1")}}),
            "a.zip: the name of a zip entry holds a zero byte (at byte 37)");
}

TEST(MalformedZip, HasStoredSizesThatDiffer) {
  ZipArchive archive = plain();
  archive.parts[0].local.size = archive.parts[0].central.size = 5;
  EXPECT_EQ(refusal(archive), "a.zip: zip entry 'a' is stored in 4 bytes but said to have 5 (at byte 70)");
}

TEST(MalformedZip, CountsItsEntriesWrongly) {
  ZipArchive archive = plain();
  archive.entries = 1;
  EXPECT_EQ(refusal(archive), "a.zip: 47 bytes follow the 1 entries of the zip directory (at byte 117)");
  archive.entries = 3;
  EXPECT_EQ(refusal(archive), "a.zip: a zip directory of 94 bytes cannot hold 3 entries (at byte 70)");
  archive.parts[0].comment = std::string(50, 'c');
  EXPECT_EQ(refusal(archive),
            "a.zip: a zip directory entry needs 4 bytes, 0 are left; is the file incomplete? (at byte 214)");
}

TEST(MalformedZip, HasSomethingElseInItsDirectory) {
  std::string bytes = build(plain());
  bytes[119] = 9;
  EXPECT_EQ(error_of([&] { open(bytes); }),
            "a.zip: entry 1 of 2 of the zip directory does not begin as one (at byte 117)");
}

TEST(MalformedZip, HasADirectoryWhoseLastNameIsTooLong) {
  std::string bytes = build(plain());
  bytes[117 + 28] = 2;
  EXPECT_EQ(error_of([&] { open(bytes); }),
            "a.zip: the name of a zip entry needs 2 bytes, 1 are left; is the file incomplete? (at byte 163)");
}

TEST(MalformedZip, TellsItsDirectoryWrongly) {
  const std::string behind =
      ", but it ends at byte 164; is the file damaged, or is something put before the archive? "
      "(at byte 164)";
  ZipArchive archive = plain();
  archive.size = 93;
  EXPECT_EQ(refusal(archive), "a.zip: the zip directory is said to take 93 bytes from byte 70" + behind);
  archive.size = 95;
  EXPECT_EQ(refusal(archive), "a.zip: the zip directory is said to take 95 bytes from byte 70" + behind);
  archive = plain();
  archive.offset = 69;
  EXPECT_EQ(refusal(archive), "a.zip: the zip directory is said to take 94 bytes from byte 69" + behind);
  archive.offset = 4'000'000'000;
  EXPECT_EQ(refusal(archive), "a.zip: the zip directory is said to take 94 bytes from byte 4000000000" + behind);
}

TEST(MalformedZip, HasSomethingPutBeforeIt) {
  EXPECT_EQ(error_of([] { open("PK\3\4#!/bin/sh\n" + build(plain())); }),
            "a.zip: the zip directory is said to take 94 bytes from byte 70, but it ends at byte 178; is the file "
            "damaged, or is something put before the archive? (at byte 178)");
}

TEST(MalformedZip, HasSentinelsWithoutAZip64End) {
  ZipArchive archive = plain();
  archive.size = kIn32;
  EXPECT_EQ(refusal(archive),
            "a.zip: the zip directory is said to take 4294967295 bytes from byte 70, but it ends at byte 164; is the "
            "file damaged, or is something put before the archive? (at byte 164)");
}

TEST(MalformedZip, HasAZip64EndThatContradictsItsEnd) {
  ZipArchive archive = plain();
  archive.has_zip64_end = true;
  archive.wide_entries = 1;
  EXPECT_EQ(refusal(archive),
            "a.zip: the zip archive tells the count of its directory twice, as 2 and as 1 (at byte 240)");
  archive.wide_entries.reset();
  archive.wide_size = 95;
  EXPECT_EQ(refusal(archive),
            "a.zip: the zip archive tells the size of its directory twice, as 94 and as 95 (at byte 240)");
  archive.wide_size.reset();
  archive.wide_offset = std::uint64_t{1} << 63;
  EXPECT_EQ(refusal(archive),
            "a.zip: the zip archive tells the offset of its directory twice, as 70 and as 9223372036854775808 (at "
            "byte 240)");
}

TEST(MalformedZip, HasAZip64EndThatLies) {
  ZipArchive archive = plain();
  archive.has_zip64_end = true;
  archive.entries = 0xFFFF;
  archive.size = archive.offset = kIn32;
  archive.wide_offset = ~std::uint64_t{0};
  EXPECT_EQ(refusal(archive),
            "a.zip: the zip directory is said to take 94 bytes from byte 18446744073709551615, but it ends at byte "
            "164; is the file damaged, or is something put before the archive? (at byte 164)");
  archive.wide_offset = 70;
  archive.wide_entries = 1'000'000;
  EXPECT_EQ(refusal(archive), "a.zip: a zip directory of 94 bytes cannot hold 1000000 entries (at byte 70)");
}

TEST(MalformedZip, HasALocatorThatLeadsElsewhere) {
  ZipArchive archive = plain();
  archive.has_zip64_end = true;
  archive.wide_at = 165;
  EXPECT_EQ(refusal(archive),
            "a.zip: the Zip64 directory end is said to be at byte 165, behind its locator (at byte 220)");
  archive.wide_at = ~std::uint64_t{0};
  EXPECT_EQ(refusal(archive),
            "a.zip: the Zip64 directory end is said to be at byte 18446744073709551615, behind its locator (at byte "
            "220)");
  archive.wide_at = 163;
  EXPECT_EQ(refusal(archive), "a.zip: the Zip64 directory end is not where its locator says (at byte 163)");
  archive.wide_at.reset();
  archive.wide_signature = "PK\6\5";
  EXPECT_EQ(refusal(archive), "a.zip: the Zip64 directory end is not where its locator says (at byte 164)");
}

TEST(MalformedZip, LacksAZip64FieldThatItRefersTo) {
  ZipArchive archive = plain();
  archive.parts[0].central.size = kIn32;
  EXPECT_EQ(refusal(archive),
            "a.zip: the Zip64 field of a zip entry needs 8 bytes, 0 are left; is the file incomplete? (at byte 117)");
  archive.parts[0].central.extra = u16(1) + u16(7) + std::string(7, '\0');
  EXPECT_EQ(refusal(archive),
            "a.zip: the Zip64 field of a zip entry needs 8 bytes, 7 are left; is the file incomplete? (at byte 117)");
  archive.parts[0].central.extra = u16(1) + u16(8) + std::string(7, '\0');
  EXPECT_EQ(refusal(archive),
            "a.zip: an extra field of a zip entry needs 8 bytes, 7 are left; is the file incomplete? (at byte 121)");
}

TEST(MalformedZip, HasAZip64FieldThatLies) {
  ZipArchive archive = plain();
  archive.parts[0].central.size = archive.parts[0].central.stored_size = kIn32;
  archive.parts[0].central.extra = u16(1) + u16(16) + u64(~std::uint64_t{0}) + u64(~std::uint64_t{0});
  archive.parts[0].local.size = archive.parts[0].local.stored_size = kIn32;
  archive.parts[0].local.extra = archive.parts[0].central.extra;
  EXPECT_EQ(refusal(archive),
            "a.zip: zip entry 'a' of 18446744073709551615 bytes overlaps 'b', which begins at byte 55 (at byte 0)");
}

TEST(MalformedZip, HasALocalZip64FieldThatTheDirectoryContradicts) {
  const std::string contradiction = "a.zip: the local header of zip entry 'a' contradicts the directory (at byte 0)";
  ZipArchive archive = plain();
  ZipPart& part = archive.parts[0];
  const std::uint64_t size = part.bytes.size();
  part.local.size = part.local.stored_size = kIn32;
  EXPECT_EQ(refusal(archive), contradiction) << "there is none";
  part.local.extra = u16(1) + u16(16) + u64(size + 1) + u64(size);
  EXPECT_EQ(refusal(archive), contradiction);
  part.local.extra = u16(1) + u16(16) + u64(size) + u64(size + 1);
  EXPECT_EQ(refusal(archive), contradiction);
  part.local.extra = u16(1) + u16(8) + u64(size);
  EXPECT_EQ(refusal(archive), contradiction) << "it is too short";
  part.local.extra = u16(1) + u16(16) + u64(size) + u64(size);
  open(build(archive));
}

TEST(MalformedZip, IsSplitOverDisks) {
  const std::string split =
      "a.zip: the zip archive is split over several disks, which nothing writes any more (at byte 164)";
  ZipArchive archive = plain();
  archive.disk = 1;
  EXPECT_EQ(refusal(archive), split);
  archive.disk = 0;
  archive.directory_disk = 1;
  EXPECT_EQ(refusal(archive), split);
  archive.directory_disk = 0;
  archive.entries_here = 1;
  EXPECT_EQ(refusal(archive), split);
}

TEST(MalformedZip, HasARecordWithAnotherChecksum) {
  ZipPart part = stored("a", "1234");
  part.bytes[0] = '2';
  EXPECT_EQ(refusal_of_record(part),
            "a.zip: zip entry 'a' has the checksum 89564f4d, recorded is 9be3e0a3; is the file damaged? (at byte 0)");
}

TEST(MalformedZip, HasARecordCompressedByAnUnknownMethod) {
  ZipPart part = stored("a", "1234");
  part.local.method = part.central.method = 93;
  EXPECT_EQ(refusal_of_record(part),
            "a.zip: zip entry 'a' is compressed by method 93; only 0 and 8 are known (at byte 0)");
  EXPECT_EQ(kind_of([&] { read_all(build({.parts = {part}})); }), ErrorKind::unsupported);
}

TEST(MalformedZip, HasARecordThatInflatesToAnotherSize) {
  for (const int wrong : {-1, 1}) {
    ZipPart part = deflated("a", std::string(1000, 'x'));
    part.local.size = part.central.size = static_cast<std::uint32_t>(1000 + wrong);
    EXPECT_EQ(refusal_of_record(part), "a.zip: zip entry 'a' does not inflate to " + std::to_string(1000 + wrong) +
                                           " bytes; is the file damaged? (at byte 0)");
  }
}

TEST(MalformedZip, HasARecordThatCannotBeInflated) {
  ZipPart part = deflated("a", std::string(1000, 'x'));
  part.bytes.assign(part.bytes.size(), '\xff');
  EXPECT_EQ(refusal_of_record(part),
            "a.zip: zip entry 'a' does not inflate to 1000 bytes; is the file damaged? (at byte 0)");
}

TEST(MalformedZip, PromisesMoreThanDeflateCanDo) {
  ZipPart part = deflated("a", "1234");
  part.local.size = part.central.size = 200'000'000;
  EXPECT_EQ(refusal_of_record(part), "a.zip: zip entry 'a' of 6 bytes cannot inflate to 200000000 (at byte 0)");
}

TEST(MalformedZip, TakesMoreBytesThanDeflateCanWaste) {
  ZipPart part = deflated("a", "1234");
  part.bytes.resize(5000);
  part.local.stored_size = part.central.stored_size = 5000;
  EXPECT_EQ(refusal_of_record(part), "a.zip: zip entry 'a' takes 5000 compressed bytes for 4 (at byte 0)");
}

TEST(MalformedZip, ExceedsALimit) {
  Limits limits;
  limits.zip_entries = 1;
  EXPECT_EQ(refusal(plain(), limits), "a.zip: is a zip archive of 2 entries, more than 1 (limit zip_entries)");
  EXPECT_EQ(kind_of([&] { open(build(plain()), limits); }), ErrorKind::limit);
  limits = {};
  limits.pickle_bytes = 3;
  EXPECT_EQ(refusal_of_record(stored("a", "1234"), limits),
            "a.zip: zip entry 'a' has 4 bytes, more than 3 (at byte 0)");
  limits = {};
  limits.inflated_bytes = 999;
  EXPECT_EQ(refusal_of_record(deflated("a", std::string(1000, 'x')), limits),
            "a.zip: zip entry 'a' has 1000 bytes, more than 999 (at byte 0)");
  limits.inflated_bytes = 1000;
  EXPECT_NO_THROW(read_all(build({.parts = {deflated("a", std::string(1000, 'x'))}}), limits));
  const std::string two =
      build({.parts = {deflated("a", std::string(900, 'x')), deflated("b", std::string(101, 'x'))}});
  EXPECT_EQ(error_of([&] { read_all(two, limits); }).substr(0, 51),
            "a.zip: zip entry 'b' has 101 bytes, more than 100 (");
}

}  // namespace
}  // namespace weigh
