// Every kind of value of msgpack, what is passed over, and lengths that lie.
#include "wire/msgpack.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "bytes/source.h"
#include "support/files.h"

#include "weigh/error.h"

namespace weigh::msgpack {
namespace {

const Limits kLimits;

Token only(const std::string& bytes) {
  const auto source = memory_source("m", bytes);
  Reader reader(*source, kLimits);
  return reader.next();
}

std::int64_t integer(const std::string& bytes) {
  const Token token = only(bytes);
  EXPECT_EQ(token.type, Type::integer);
  return static_cast<std::int64_t>(token.integer);
}

TEST(Msgpack, TellsIntegers) {
  EXPECT_EQ(integer("\x7f"), 127);
  EXPECT_EQ(integer("\xff"), -1);
  EXPECT_EQ(integer("\xe0"), -32);
  EXPECT_EQ(integer("\xcc\xff"), 255);
  EXPECT_EQ(integer("\xcd\x01\x02"), 258);
  EXPECT_EQ(integer(std::string("\xce\x00\x00\x01\x00", 5)), 256);
  EXPECT_EQ(integer(std::string("\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 9)), std::int64_t{1} << 32);
  EXPECT_EQ(integer("\xd0\x80"), -128);
  EXPECT_EQ(integer("\xd1\xff\xfe"), -2);
  EXPECT_EQ(integer("\xd2\xff\xff\xff\xfd"), -3);
  EXPECT_EQ(integer("\xd3\xff\xff\xff\xff\xff\xff\xff\xfc"), -4);
}

TEST(Msgpack, TellsLengths) {
  EXPECT_EQ(only("\xa3"
                 "abc")
                .length,
            3U);
  EXPECT_EQ(only("\xd9\x01"
                 "a")
                .type,
            Type::text);
  EXPECT_EQ(only(std::string("\xc5\x00\x02xx", 5)).type, Type::bytes);
  EXPECT_EQ(only("\x92\x01\x02").type, Type::array);
  EXPECT_EQ(only("\x81\x01\x02").type, Type::map);
  EXPECT_EQ(only("\xd6\x05wwww").extension, 5);
  EXPECT_EQ(only("\xd6\x05wwww").length, 4U);
  EXPECT_EQ(only("\xc7\x02\xffww").extension, -1);
  EXPECT_EQ(only("\xc0").type, Type::nil);
  EXPECT_EQ(only("\xc3").integer, 1U);
  EXPECT_EQ(only(std::string("\xcb\0\0\0\0\0\0\0\0", 9)).type, Type::real);
}

TEST(Msgpack, PassesOverNestedValues) {
  const std::string bytes =
      "\x82\xa1"
      "a\x93\x01\xa2xy\x81\xc0\xc3\xa1"
      "b\xc4\x03www\x05";
  const auto source = memory_source("m", bytes);
  Reader reader(*source, kLimits);
  reader.skip_value(reader.next());
  EXPECT_EQ(reader.next().integer, 5U);
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(Msgpack, LengthsLieInTheFile) {
  EXPECT_EQ(testing::error_of([] { only(""); }),
            "m: a number needs 1 bytes, 0 are left; is the download incomplete? (at byte 0)");
  EXPECT_EQ(testing::error_of([] { only("\xdd\xff\xff\xff\xff"); }),
            "m: a value needs 4294967295 bytes, 0 are left; is the download incomplete? (at byte 5)");
  // Arrays in arrays: each could be there, all of them not.
  std::string nested;
  for (int i = 0; i < 50; ++i) nested += "\x9f";
  EXPECT_EQ(testing::error_of([&] {
              const auto source = memory_source("m", nested);
              Reader reader(*source, kLimits);
              reader.skip_value(reader.next());
            }),
            "m: what is passed over needs 57 bytes, 46 are left; is the download incomplete? (at byte 4)");
}

TEST(Msgpack, TextsAndValuesAreBounded) {
  Limits limits;
  limits.name_bytes = 4;
  limits.msgpack_items = 3;
  const std::string bytes = "\xa5hello";
  const auto source = memory_source("m", bytes);
  Reader reader(*source, limits);
  const Token text = reader.next();
  EXPECT_EQ(testing::error_of([&] { reader.text(text); }),
            "m: a text has 5 bytes, more than 4 (limit name_bytes) (at byte 0)");
  const std::string many = "\x01\x01\x01\x01";
  const auto numbers = memory_source("m", many);
  Reader counted(*numbers, limits);
  for (int i = 0; i < 3; ++i) counted.next();
  EXPECT_EQ(testing::error_of([&] { counted.next(); }), "m: holds more than 3 values (limit msgpack_items)");
}

}  // namespace
}  // namespace weigh::msgpack
