// Streams written by hand: what every opcode of protocols 0 to 5 builds.
#include "wire/pickle_opcodes.h"

#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/files.h"
#include "wire/pickle.h"
#include "wire/pickle_repr.h"

#include "weigh/error.h"

namespace weigh::pickle {
namespace {

using namespace std::string_view_literals;
using testing::error_of;
using testing::repr;

std::string built(std::string_view stream) {
  const Limits limits;
  const Pickle pickle("p.pkl", stream, limits);
  EXPECT_EQ(pickle.size(), stream.size());
  return repr(pickle.root());
}

struct Case {
  unsigned char opcode;
  std::string_view stream;
  std::string_view built;
};

// One line for every opcode, two where it has two ways.
constexpr Case kCases[] = {
    {MARK, "(K\1K\2t."sv, "(1, 2)"},
    {STOP, "N."sv, "None"},
    {POP,
     "K\1K\2"
     "0."sv,
     "1"},
    {POP, "K\1(0."sv, "1"},
    {POP_MARK,
     "K\1(K\2K\3"
     "1."sv,
     "1"},
    {DUP,
     "K\1"
     "2\x86."sv,
     "(1, 1)"},
    {FLOAT, "F1.5\n."sv, "1.5"},
    {FLOAT, "F-inf\n."sv, "-inf"},
    {INT, "I-12\n."sv, "-12"},
    {INT, "I01\n."sv, "True"},
    {INT, "I00\n."sv, "False"},
    {INT, "I1\n."sv, "1"},
    {INT, "I9223372036854775808\n."sv, "big(9223372036854775808)"},
    {BININT, "J\xFE\xFF\xFF\xFF."sv, "-2"},
    {BININT1, "K\xFF."sv, "255"},
    {LONG, "L12L\n."sv, "12"},
    {LONG, "L-9223372036854775808L\n."sv, "-9223372036854775808"},
    {LONG, "L-9223372036854775809L\n."sv, "big(-9223372036854775809)"},
    {BININT2, "M\xFF\xFF."sv, "65535"},
    {NONE, "N."sv, "None"},
    {PERSID, "Pkey-7\n."sv, "persistent('key-7')"},
    {BINPERSID, "K\7Q."sv, "persistent(7)"},
    {REDUCE, "cos\nsystem\n(S'x'\ntR."sv, "<os system>('x')"},
    {STRING, "S'it\\'s \\x41\\n'\n."sv, "'it's A\\x0a'"},
    {STRING, "S\"a\\\\b\\q\"\n."sv, "'a\\b\\q'"},
    {BINSTRING, "T\2\0\0\0ab."sv, "'ab'"},
    {SHORT_BINSTRING, "U\2ab."sv, "'ab'"},
    {UNICODE, "Va\\u20ac\\U0001F600\xE9\n."sv, "'a\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80\\xc3\\xa9'"},
    {UNICODE, "V\\\\u0041\\u004\\n\n."sv, "'\\\\u0041\\u004\\n'"},
    {BINUNICODE, "X\2\0\0\0ab."sv, "'ab'"},
    {APPEND, "]K\1a."sv, "[1]"},
    {BUILD, "cm\nC\n)R}U\1aK\1sb."sv, "<m C>() state {'a': 1}"},
    {GLOBAL, "cos.path\njoin\n."sv, "<os.path join>"},
    {DICT, "(K\1K\2d."sv, "{1: 2}"},
    {EMPTY_DICT, "}."sv, "{}"},
    {APPENDS, "](K\1K\2e."sv, "[1, 2]"},
    {APPENDS, "cm\nC\n)R(K\1e."sv, "<m C>() items [1]"},
    {GET, "]p3\n0g3\n."sv, "[]"},
    {BINGET,
     "]q\3"
     "0h\3."sv,
     "[]"},
    {INST, "(K\1im\nC\n."sv, "<m C>(1)"},
    {LONG_BINGET,
     "]r\3\0\0\0"
     "0j\3\0\0\0."sv,
     "[]"},
    {LIST, "(K\1K\2l."sv, "[1, 2]"},
    {EMPTY_LIST, "]."sv, "[]"},
    {OBJ, "(cm\nC\nK\1K\2o."sv, "<m C>(1, 2)"},
    {PUT, "]p12\n0g12\n."sv, "[]"},
    {BINPUT,
     "]q\377"
     "0h\377."sv,
     "[]"},
    {LONG_BINPUT,
     "]r\0\1\0\0"
     "0j\0\1\0\0."sv,
     "[]"},
    {SETITEM, "}K\1K\2s."sv, "{1: 2}"},
    {SETITEM, "cm\nC\n)RK\1K\2s."sv, "<m C>() entries {1: 2}"},
    {TUPLE, "(t."sv, "()"},
    {EMPTY_TUPLE, ")."sv, "()"},
    {SETITEMS, "}(K\1K\2K\1K\3u."sv, "{1: 2, 1: 3}"},
    {BINFLOAT, "G\x3F\xF8\0\0\0\0\0\0."sv, "1.5"},
    {PROTO, "\x80\x02N."sv, "None"},
    {NEWOBJ, "cm\nC\nK\1\x85\x81."sv, "<m C>(1)"},
    {EXT1, "\x82\xFF."sv, "extension(255)"},
    {EXT2, "\x83\xFF\xFF."sv, "extension(65535)"},
    {EXT4, "\x84\0\0\1\0."sv, "extension(65536)"},
    {TUPLE1, "K\1\x85."sv, "(1)"},
    {TUPLE2, "K\1K\2\x86."sv, "(1, 2)"},
    {TUPLE3, "K\1K\2K\3\x87."sv, "(1, 2, 3)"},
    {NEWTRUE, "\x88."sv, "True"},
    {NEWFALSE, "\x89."sv, "False"},
    {LONG1, "\x8a\0."sv, "0"},
    {LONG1, "\x8a\1\xFE."sv, "-2"},
    {LONG1, "\x8a\x09\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F\0."sv, "9223372036854775807"},
    {LONG1, "\x8a\x09\0\0\0\0\0\0\0\x80\0."sv, "big(\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\\x00)"},
    {LONG1, "\x8a\x09\0\0\0\0\0\0\0\x80\xFF."sv, "-9223372036854775808"},
    {LONG1, "\x8a\x0A\1\0\0\0\0\0\0\0\0\0."sv, "1"},
    {LONG4, "\x8b\2\0\0\0\0\1."sv, "256"},
    {BINBYTES, "B\2\0\0\0ab."sv, "b'ab'"},
    {SHORT_BINBYTES, "C\2ab."sv, "b'ab'"},
    {SHORT_BINUNICODE, "\x8c\2ab."sv, "'ab'"},
    {BINUNICODE8, "\x8d\2\0\0\0\0\0\0\0ab."sv, "'ab'"},
    {BINBYTES8, "\x8e\2\0\0\0\0\0\0\0ab."sv, "b'ab'"},
    {EMPTY_SET, "\x8f."sv, "set()"},
    {ADDITEMS, "\x8f(K\1K\2\x90."sv, "set(1, 2)"},
    {FROZENSET, "(K\1\x91."sv, "set(1)"},
    {NEWOBJ_EX, "cm\nC\n)}U\1aK\1s\x92."sv, "<m C>() keywords {'a': 1}"},
    {STACK_GLOBAL, "\x8c\2os\x8c\6system\x93."sv, "<os system>"},
    {MEMOIZE, "]\x94]\x94K\1ah\0\x86."sv, "([1], [])"},
    {FRAME, "\x95\2\0\0\0\0\0\0\0N."sv, "None"},
    {BYTEARRAY8, "\x96\2\0\0\0\0\0\0\0ab."sv, "b'ab'"},
    {NEXT_BUFFER, "\x97."sv, "b''"},
    {READONLY_BUFFER, "\x97\x98."sv, "b''"},
};

class EveryOpcode : public ::testing::TestWithParam<Case> {};

TEST_P(EveryOpcode, Builds) {
  const Case& given = GetParam();
  ASSERT_NE(given.stream.find(static_cast<char>(given.opcode)), std::string_view::npos);
  EXPECT_EQ(built(given.stream), given.built);
}

// No proper prefix is a whole pickle.
TEST_P(EveryOpcode, IsRefusedWhereItsStreamIsCut) {
  const std::string_view stream = GetParam().stream;
  EXPECT_EQ(testing::every_prefix(stream, [](std::string_view prefix) { built(prefix); }), stream.size());
}

INSTANTIATE_TEST_SUITE_P(Pickle, EveryOpcode, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return fmt::format("{:02x}_{}", info.param.opcode, info.index); });

TEST(PickleOpcodes, AreAllHereAndNoOtherByteIsOne) {
  std::set<unsigned> known;
  for (const Case& each : kCases) known.insert(each.opcode);
  EXPECT_EQ(known.size(), 68U) << "as many as pickletools.opcodes of Python 3.8 to 3.14";
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (known.contains(byte)) continue;
    const char stream[] = {static_cast<char>(byte), '.'};
    EXPECT_EQ(error_of([&] {
                built({stream, 2});
              }),
              fmt::format("p.pkl: in a pickle, byte 0x{:02x} is no pickle opcode; is this a pickle at all? (at byte 0)",
                          byte));
  }
}

}  // namespace
}  // namespace weigh::pickle
