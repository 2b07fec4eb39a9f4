#include "wire/flatbuffer.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/flatbuffer.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using testing::FlatWriter;

// A root with a number, a text, a vector of numbers and one of tables, and a field that is left out.
struct Written {
  Written() : writer("TEST") {
    std::vector<std::size_t> places;
    const std::size_t root = writer.table(
        {FlatWriter::number(7, 4), FlatWriter::distance(), FlatWriter::distance(), FlatWriter::distance(), {}}, fields);
    writer.point(0, root);
    writer.point(fields[1], name = writer.text("a name"));
    writer.point(fields[2], numbers = writer.vector(2, FlatWriter::bytes_of(5, 4) + FlatWriter::bytes_of(6, 4)));
    tables = writer.distances(2);
    writer.point(fields[3], tables);
    const std::size_t inner = writer.table({FlatWriter::number(9, 1)}, places);
    writer.point(tables + 4, inner);
    writer.point(tables + 8, inner);
  }
  FlatWriter writer;
  std::vector<std::size_t> fields;
  std::size_t name = 0;
  std::size_t numbers = 0;
  std::size_t tables = 0;
};

// Everything that is there, as text.
std::string walk(const std::string& bytes, const Limits& limits = {}) {
  const auto source = memory_source("f", bytes);
  FlatBuffer buffer(*source, limits);
  const FlatTable root = buffer.root();
  std::string text = std::to_string(root.number<std::uint32_t>(0, 1, "the number")) + " " + root.text(1, "the text");
  for (std::uint32_t number : buffer.numbers<std::uint32_t>(root.vector(2, 4, "the numbers")))
    text += " " + std::to_string(number);
  const FlatVector tables = root.vector(3, 4, "the tables");
  for (std::uint32_t i = 0; i < tables.count; ++i)
    text += " " + std::to_string(buffer.table_in(tables, i).number<std::uint8_t>(0, 0, "a number"));
  text += root.has(4) ? " has" : " lacks";
  return text + " " + std::to_string(root.number<std::uint64_t>(99, 3, "a field of later"));
}
std::string refusal(const std::string& bytes, const Limits& limits = {}) {
  return testing::error_of([&] { walk(bytes, limits); });
}

TEST(FlatBuffer, IsReadFieldByField) { EXPECT_EQ(walk(Written().writer.bytes()), "7 a name 5 6 9 9 lacks 3"); }

TEST(FlatBuffer, IsKnownByItsIdentifier) {
  EXPECT_TRUE(FlatBuffer::matches(Written().writer.bytes(), "TEST"));
  EXPECT_FALSE(FlatBuffer::matches("1234TES", "TEST"));
  EXPECT_FALSE(FlatBuffer::matches("TEST1234", "TEST"));
}

TEST(FlatBuffer, IsRefusedWhereverItIsCutShort) {
  const std::string bytes = Written().writer.bytes();
  EXPECT_EQ(testing::every_prefix(bytes, [](std::string_view prefix) { walk(std::string(prefix)); }), bytes.size());
}

TEST(FlatBuffer, ADistanceBeyondTheEndIsRefused) {
  Written written;
  written.writer.point(0, 4'000);
  EXPECT_EQ(refusal(written.writer.bytes()),
            "f: the root table is said to lie 4000 bytes behind byte 0 of 88; is the file damaged? (at byte 0)");
  written.writer.point(0, 0);
  EXPECT_EQ(refusal(written.writer.bytes()),
            "f: the root table is said to lie 0 bytes behind byte 0 of 88; is the file damaged? (at byte 0)");
}

TEST(FlatBuffer, AVtableOutsideOfTheFileIsRefused) {
  Written written;
  written.writer.bytes().replace(22, 4, FlatWriter::bytes_of(23, 4));
  EXPECT_EQ(refusal(written.writer.bytes()),
            "f: the root table has its vtable at byte -1 of 88; is the file damaged? (at byte 22)");
  written.writer.bytes().replace(22, 4, FlatWriter::bytes_of(static_cast<std::uint64_t>(-90), 4));
  EXPECT_EQ(refusal(written.writer.bytes()),
            "f: the root table has its vtable at byte 112 of 88; is the file damaged? (at byte 22)");
}

TEST(FlatBuffer, AVtableOfOddOrNoSizeIsRefused) {
  for (const char size : {'\0', '\3', '\5'}) {
    Written written;
    written.writer.bytes()[8] = size;
    EXPECT_EQ(refusal(written.writer.bytes()), "f: the root table of 20 bytes has a vtable of " +
                                                   std::to_string(static_cast<int>(size)) +
                                                   ", which cannot be; is the file damaged? (at byte 22)");
  }
}

TEST(FlatBuffer, AFieldOutsideOfItsTableIsRefused) {
  Written written;
  written.writer.bytes()[12] = '\x12';
  EXPECT_EQ(refusal(written.writer.bytes()),
            "f: the number lies at byte 18 of a table of 20; is the file damaged? (at byte 22)");
}

TEST(FlatBuffer, AVectorLongerThanTheFileIsRefused) {
  Written written;
  written.writer.bytes().replace(written.numbers, 4, "\xFF\xFF\xFF\x7F");
  EXPECT_EQ(refusal(written.writer.bytes()),
            "f: the numbers is said to have 2147483647 elements of 4 bytes, but 31 bytes are left; is the download "
            "incomplete? (at byte 53)");
}

TEST(FlatBuffer, ATextBeyondTheLimitIsRefused) {
  Limits limits;
  limits.name_bytes = 5;
  EXPECT_EQ(refusal(Written().writer.bytes(), limits),
            "f: the text has 6 bytes, more than 5 (limit name_bytes) (at byte 46)");
}

TEST(FlatBuffer, TheSameTableOverAndOverIsRefused) {
  FlatWriter writer("TEST");
  std::vector<std::size_t> fields;
  std::vector<std::size_t> places;
  const std::size_t root = writer.table({{}, {}, {}, FlatWriter::distance()}, fields);
  writer.point(0, root);
  const std::size_t many = 200'000;
  const std::size_t tables = writer.distances(many);
  writer.point(fields[3], tables);
  const std::size_t inner = writer.table({FlatWriter::number(9, 1)}, places);
  for (std::size_t i = 0; i < many; ++i) writer.point(tables + 4 + 4 * i, inner);
  EXPECT_NE(walk(writer.bytes()).find("9 9 9"), std::string::npos) << "often, but not beyond measure";
  Limits limits;
  limits.flatbuffer_bytes = 1'000'000;
  EXPECT_EQ(refusal(writer.bytes(), limits),
            "f: 1000002 bytes of it were looked at, which has 800043: its tables are the same ones over and over, or "
            "more than 1000000 (limit flatbuffer_bytes)");
}

}  // namespace
}  // namespace weigh
