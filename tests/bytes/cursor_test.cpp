#include "bytes/cursor.h"

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "bytes/checked.h"
#include "support/files.h"

namespace weigh {
namespace {

using namespace std::string_view_literals;
using testing::error_of;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST(Cursor, ReadsNumbersLittleEndian) {
  Cursor cursor("f", "\x01\x02\x01\x78\x56\x34\x12\xFE\xFF\x00\x00\x80\x3F"sv);
  EXPECT_EQ(cursor.little<std::uint8_t>("a"), 1);
  EXPECT_EQ(cursor.little<std::uint16_t>("b"), 0x0102);
  EXPECT_EQ(cursor.little<std::uint32_t>("c"), 0x12345678U);
  EXPECT_EQ(cursor.little<std::int16_t>("d"), -2);
  EXPECT_EQ(cursor.little<float>("e"), 1.0F);
  EXPECT_TRUE(cursor.at_end());
}

TEST(Cursor, ReadsNumbersInGroupsOfSevenBits) {
  Cursor in("f", "\x01\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x80"sv);
  EXPECT_EQ(in.varint("a number"), 1U);
  EXPECT_EQ(in.varint("a number"), 128U);
  EXPECT_EQ(in.varint("a number"), UINT64_MAX);
  EXPECT_EQ(error_of([&] { in.varint("a number"); }),
            "f: a number needs 2 bytes, 1 are left; is the file incomplete? (at byte 13)");
  EXPECT_EQ(in.offset(), 13U);
  Cursor long_one("f", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv);
  EXPECT_EQ(error_of([&] { long_one.varint("a number"); }), "f: a number has more than 64 bits (at byte 0)");
}

TEST(Cursor, TakesViewsIntoItsBytes) {
  const std::string bytes = "abcdef";
  Cursor cursor("f", bytes);
  EXPECT_EQ(cursor.take(2, "a").data(), bytes.data());
  cursor.skip(1, "b");
  EXPECT_EQ(cursor.take(3, "c"), "def");
  EXPECT_EQ(cursor.take(0, "nothing"), "");
  EXPECT_EQ(cursor.remaining(), 0U);
}

TEST(Cursor, CountsItsOffsetFromItsBase) {
  Cursor cursor("f", "abcdef", 1000);
  EXPECT_EQ(cursor.offset(), 1000U);
  cursor.skip(4, "a");
  EXPECT_EQ(cursor.offset(), 1004U);
  EXPECT_EQ(cursor.remaining(), 2U);
}

TEST(Cursor, TakesUpToAnEndAndConsumesIt) {
  Cursor cursor("f", "one\n\ntwo\n");
  EXPECT_EQ(cursor.take_until('\n', "a line"), "one");
  EXPECT_EQ(cursor.take_until('\n', "a line"), "");
  EXPECT_EQ(cursor.offset(), 5U);
  EXPECT_EQ(cursor.take_until('\n', "a line"), "two");
  EXPECT_TRUE(cursor.at_end());
}

TEST(Cursor, SaysWhereAndOfWhatBytesAreMissing) {
  Cursor cursor("m.pt", "abcdef", 100);
  cursor.skip(3, "a");
  EXPECT_EQ(error_of([&] { cursor.little<std::uint32_t>("the count"); }),
            "m.pt: the count needs 4 bytes, 3 are left; is the file incomplete? (at byte 103)");
  EXPECT_EQ(error_of([&] { cursor.take(4, "the name"); }),
            "m.pt: the name needs 4 bytes, 3 are left; is the file incomplete? (at byte 103)");
  EXPECT_EQ(error_of([&] { cursor.skip(kMost, "the extra"); }),
            "m.pt: the extra needs 18446744073709551615 bytes, 3 are left; is the file incomplete? (at byte 103)");
  EXPECT_EQ(error_of([&] { cursor.take_until('\n', "a line"); }),
            "m.pt: a line has no end in the 3 bytes left; is the file incomplete? (at byte 103)");
}

TEST(Cursor, StaysWhereItWasWhenAReadFails) {
  Cursor cursor("f", "abc");
  cursor.skip(1, "a");
  EXPECT_THROW(cursor.little<std::uint64_t>("b"), Error);
  EXPECT_THROW(cursor.take(3, "b"), Error);
  EXPECT_THROW(cursor.take_until('x', "b"), Error);
  EXPECT_EQ(cursor.offset(), 1U);
  EXPECT_EQ(cursor.take(2, "b"), "bc");
}

TEST(Cursor, ReadsNothingOfEmptyBytes) {
  Cursor cursor("f", std::string_view());
  EXPECT_TRUE(cursor.at_end());
  EXPECT_EQ(cursor.take(0, "nothing"), "");
  EXPECT_EQ(error_of([&] { cursor.little<std::uint8_t>("a byte"); }),
            "f: a byte needs 1 bytes, 0 are left; is the file incomplete? (at byte 0)");
}

TEST(Cursor, TruncationIsAnErrorOfThatKind) {
  Cursor cursor("f", "abc");
  try {
    cursor.take(4, "a name");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::truncated);
    EXPECT_EQ(error.source(), "f");
    EXPECT_EQ(error.message(), "a name needs 4 bytes, 3 are left; is the file incomplete?");
    EXPECT_EQ(error.offset(), 0U);
  }
}

TEST(Error, LeavesOutWhatIsNotKnown) {
  EXPECT_STREQ(Error(ErrorKind::corrupt, "f", "is bad", 7).what(), "f: is bad (at byte 7)");
  EXPECT_STREQ(Error(ErrorKind::corrupt, "f", "is bad").what(), "f: is bad");
  EXPECT_STREQ(Error(ErrorKind::usage, "", "is bad").what(), "is bad");
}

TEST(Checked, AddsWhereTheSumFits) {
  EXPECT_EQ(checked_add(2, 3), 5U);
  EXPECT_EQ(checked_add(kMost - 1, 1), kMost);
  EXPECT_EQ(checked_add(kMost, 1), std::nullopt);
  EXPECT_EQ(checked_add(kMost, kMost), std::nullopt);
}

TEST(Checked, MultipliesWhereTheProductFits) {
  EXPECT_EQ(checked_mul(6, 7), 42U);
  EXPECT_EQ(checked_mul(kMost, 0), 0U);
  EXPECT_EQ(checked_mul(std::uint64_t{1} << 32, (std::uint64_t{1} << 32) - 1), (kMost >> 32) << 32);
  EXPECT_EQ(checked_mul(std::uint64_t{1} << 32, std::uint64_t{1} << 32), std::nullopt);
  EXPECT_EQ(checked_mul(kMost, 2), std::nullopt);
}

TEST(Checked, TellsWhetherARangeFits) {
  EXPECT_TRUE(fits(0, 10, 10));
  EXPECT_TRUE(fits(10, 0, 10));
  EXPECT_TRUE(fits(0, 0, 0));
  EXPECT_FALSE(fits(11, 0, 10));
  EXPECT_FALSE(fits(1, 10, 10));
  EXPECT_FALSE(fits(kMost, 2, 10));
  EXPECT_FALSE(fits(2, kMost, 10));
  EXPECT_TRUE(fits(0, kMost, kMost));
}

}  // namespace
}  // namespace weigh
