#include "wire/protobuf.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/files.h"
#include "support/protobuf.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using namespace std::string_literals;
using namespace testing::proto;
using ::testing::ElementsAre;
using testing::error_of;

// A message in memory and in a source: both walk alike.
struct Opened {
  explicit Opened(std::string given)
      : bytes(std::move(given)), source(memory_source("m", bytes)), in_source(*source), in_memory("m", bytes) {}

  ProtoMessage walk() { return {in_source, 0, bytes.size(), "Outer"}; }
  ProtoMessage walk_memory() { return {in_memory, 0, bytes.size(), "Outer"}; }

  std::string bytes;
  std::unique_ptr<Source> source;
  ProtoBytes in_source;
  ProtoBytes in_memory;
};

// What a walk over all fields throws, which is the same in a source and in memory.
std::string refusal(const std::string& bytes) {
  Opened opened(bytes);
  const auto walk = [](ProtoMessage message) {
    while (message.next()) continue;
  };
  const std::string error = error_of([&] { walk(opened.walk()); });
  EXPECT_EQ(error, error_of([&] { walk(opened.walk_memory()); }));
  return error;
}

TEST(Protobuf, WalksFieldsOfEveryWireType) {
  Opened opened(number(1, 300) + number(2, -1) + text(3, "abc") + tag(4, 5) + "\0\0\x80\x3f"s + tag(5, 1) +
                "\0\0\0\0\0\0\xf0\x3f"s + number(536870911, 7));
  for (ProtoMessage message : {opened.walk(), opened.walk_memory()}) {
    ASSERT_TRUE(message.next());
    EXPECT_EQ(message.number(), 1U);
    EXPECT_EQ(message.varint(), 300U);
    ASSERT_TRUE(message.next());
    EXPECT_EQ(message.integer(), -1);
    ASSERT_TRUE(message.next());
    EXPECT_EQ(message.text(3, "name_bytes"), "abc");
    EXPECT_EQ(message.head(2), "ab");
    EXPECT_EQ(message.offset(), 16U);
    EXPECT_EQ(message.length(), 3U);
    ASSERT_TRUE(message.next());
    EXPECT_EQ(message.float32(), 1.0F);
    ASSERT_TRUE(message.next());
    EXPECT_EQ(message.float64(), 1.0);
    ASSERT_TRUE(message.next());
    EXPECT_EQ(message.number(), 536870911U);
    EXPECT_FALSE(message.next());
    EXPECT_FALSE(message.next());
  }
}

TEST(Protobuf, MessagesLieInMessages) {
  Opened opened(text(1, number(1, 5) + text(2, number(3, 6))) + number(9, 7));
  for (ProtoMessage outer : {opened.walk(), opened.walk_memory()}) {
    ASSERT_TRUE(outer.next());
    ProtoMessage middle = outer.message("Middle");
    ASSERT_TRUE(middle.next());
    EXPECT_EQ(middle.integer(), 5);
    ASSERT_TRUE(middle.next());
    ProtoMessage inner = middle.message("Inner");
    ASSERT_TRUE(outer.next());
    EXPECT_EQ(outer.integer(), 7);
    ASSERT_TRUE(inner.next());
    EXPECT_EQ(inner.integer(), 6);
    EXPECT_FALSE(inner.next());
    EXPECT_FALSE(middle.next());
  }
}

TEST(Protobuf, AMessageCanBeKeptInMemoryAndStillKnowsWhereItLay) {
  Opened opened(text(1, "...") + text(2, number(1, 5) + tag(2, 2)));
  ProtoMessage outer = opened.walk();
  ASSERT_TRUE(outer.next() && outer.next());
  const std::string kept = outer.text(100, "graph_bytes");
  ProtoBytes bytes(opened.source->label(), kept, outer.offset());
  ProtoMessage inner(bytes, bytes.begin(), kept.size(), "Inner");
  ASSERT_TRUE(inner.next());
  EXPECT_EQ(inner.integer(), 5);
  EXPECT_EQ(error_of([&] { inner.next(); }),
            "m: Inner: a number breaks off after 0 bytes, where the message ends; the file is damaged or its download "
            "incomplete (at byte 10)");
}

TEST(Protobuf, RepeatedNumbersArePackedOrNot) {
  Opened opened(number(1, 3) + packed(1, {4, -5, 600}) + number(1, 7));
  std::vector<std::int64_t> numbers;
  for (ProtoMessage message = opened.walk(); message.next();) message.integers(numbers, 5, "dimensions");
  EXPECT_THAT(numbers, ElementsAre(3, 4, -5, 600, 7));
  numbers.clear();
  EXPECT_EQ(error_of([&] {
              for (ProtoMessage message = opened.walk(); message.next();) message.integers(numbers, 3, "dimensions");
            }),
            "m: Outer: field 1 holds more than 3 numbers (limit dimensions) (at byte 2)");
}

TEST(Protobuf, SkipsWithoutReading) {
  std::string bytes;
  constexpr int kTensors = 100;
  for (int i = 0; i < kTensors; ++i) bytes += text(5, number(1, 64) + text(9, std::string(100'000, '\x80')));
  Opened opened(bytes);
  int seen = 0;
  for (ProtoMessage outer = opened.walk(); outer.next();) {
    ProtoMessage tensor = outer.message("TensorProto");
    while (tensor.next()) ++seen;
  }
  EXPECT_EQ(seen, 2 * kTensors);
  EXPECT_LE(opened.source->bytes_read(), 256U * kTensors);
}

TEST(Protobuf, ReadsAheadWhereBytesAreWanted) {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += number(1, i);
  Opened opened(bytes);
  std::int64_t sum = 0;
  for (ProtoMessage message = opened.walk(); message.next();) sum += message.integer();
  EXPECT_EQ(sum, 4'999'950'000);
  EXPECT_LE(opened.source->bytes_read(), bytes.size() + 20 * 64);  // what two windows share
}

TEST(Protobuf, TextIsLimited) {
  Opened opened(text(3, "abc"));
  ProtoMessage message = opened.walk();
  ASSERT_TRUE(message.next());
  EXPECT_EQ(error_of([&] { message.text(2, "name_bytes"); }),
            "m: Outer: field 3 has 3 bytes, more than 2 (limit name_bytes) (at byte 0)");
}

TEST(ProtobufMalformed, NumberBreaksOff) {
  EXPECT_EQ(refusal("\x80\x80"s),
            "m: Outer: a number breaks off after 2 bytes, where the message ends; the file is damaged or its download "
            "incomplete (at byte 0)");
  EXPECT_EQ(refusal(tag(1, 0) + "\xff"),
            "m: Outer: a number breaks off after 1 bytes, where the message ends; the file is damaged or its download "
            "incomplete (at byte 1)");
}

TEST(ProtobufMalformed, NumberIsTooLong) {
  EXPECT_EQ(refusal(tag(1, 0) + std::string(11, '\xff') + std::string(20, '\0')),
            "m: Outer: a number has more than 10 bytes; the file is damaged (at byte 1)");
}

TEST(ProtobufMalformed, LengthPassesTheEnd) {
  EXPECT_EQ(refusal(hole(7, 1000) + "abc"),
            "m: Outer: field 7 needs 1000 bytes, 3 are left of the file; is the download incomplete? (at byte 0)");
  EXPECT_EQ(refusal(hole(7, UINT64_MAX) + "abc"),
            "m: Outer: field 7 needs 18446744073709551615 bytes, 3 are left of the file; is the download incomplete? "
            "(at byte 0)");
  EXPECT_EQ(refusal(tag(7, 1) + "1234567"s),
            "m: Outer: field 7 needs 8 bytes, 7 are left of the file; is the download incomplete? (at byte 0)");
  EXPECT_EQ(refusal(tag(7, 5) + "123"s),
            "m: Outer: field 7 needs 4 bytes, 3 are left of the file; is the download incomplete? (at byte 0)");
}

TEST(ProtobufMalformed, LengthPassesItsMessage) {
  Opened opened(text(1, hole(2, 5) + "abc") + text(3, "more"));
  for (ProtoMessage outer : {opened.walk(), opened.walk_memory()}) {
    ASSERT_TRUE(outer.next());
    ProtoMessage inner = outer.message("Inner");
    EXPECT_EQ(error_of([&] { inner.next(); }),
              "m: Inner: field 2 needs 5 bytes, 3 are left of the message; the file is damaged (at byte 2)");
  }
}

TEST(ProtobufMalformed, FieldNumbersAreOutOfRange) {
  EXPECT_EQ(refusal(tag(0, 0) + "\1"),
            "m: Outer: a field has the number 0, but fields are numbered from 1 to 536870911; the file is damaged (at "
            "byte 0)");
  EXPECT_EQ(refusal(tag(std::uint64_t{1} << 29, 0) + "\1"),
            "m: Outer: a field has the number 536870912, but fields are numbered from 1 to 536870911; the file is "
            "damaged (at byte 0)");
}

TEST(ProtobufMalformed, WireTypesAreNone) {
  EXPECT_EQ(refusal(tag(4, 3)),
            "m: Outer: field 4 is a group (wire type 3), which nobody writes any more; the file is damaged or of "
            "another kind (at byte 0)");
  EXPECT_EQ(refusal(tag(4, 4)),
            "m: Outer: field 4 is a group (wire type 4), which nobody writes any more; the file is damaged or of "
            "another kind (at byte 0)");
  EXPECT_EQ(refusal(tag(4, 6)),
            "m: Outer: field 4 has the wire type 6, but there are 0 to 5; the file is damaged (at byte 0)");
}

TEST(ProtobufMalformed, FieldIsOfAnotherWireType) {
  Opened opened(number(1, 3) + text(2, "abc"));
  ProtoMessage message = opened.walk();
  ASSERT_TRUE(message.next());
  EXPECT_EQ(error_of([&] { message.message("Inner"); }),
            "m: Outer: field 1 is a varint (wire type 0) where length-delimited (2) belongs; the file is damaged or of "
            "another kind (at byte 0)");
  EXPECT_EQ(error_of([&] { message.float32(); }),
            "m: Outer: field 1 is a varint (wire type 0) where four bytes (5) belongs; the file is damaged or of "
            "another kind (at byte 0)");
  ASSERT_TRUE(message.next());
  EXPECT_EQ(error_of([&] { message.varint(); }),
            "m: Outer: field 2 is length-delimited (wire type 2) where a varint (0) belongs; the file is damaged or of "
            "another kind (at byte 2)");
}

TEST(ProtobufMalformed, MessageDoesNotLieInItsBytes) {
  Opened opened("abc");
  EXPECT_EQ(error_of([&] { ProtoMessage(opened.in_source, 1, 3, "Outer"); }),
            "m: Outer: 3 bytes are needed, 2 are left; is the file incomplete? (at byte 1)");
  EXPECT_EQ(error_of([&] { ProtoMessage(opened.in_memory, 9, 0, "Outer"); }),
            "m: Outer: 0 bytes are needed, 0 are left; is the file incomplete? (at byte 9)");
}

TEST(ProtobufMalformed, EveryPrefixIsRefusedOrShorter) {
  const std::string bytes = number(1, 300) + text(3, "abc") + text(2, number(1, 5) + text(2, number(3, 6)));
  const std::size_t refused = testing::every_prefix(bytes, [](std::string_view prefix) {
    ProtoBytes in_memory("m", prefix);
    for (ProtoMessage message(in_memory, 0, prefix.size(), "Outer"); message.next();) continue;
  });
  EXPECT_EQ(refused, bytes.size() - 3);  // but for the ends of its fields, of which one is the beginning
}

}  // namespace
}  // namespace weigh
