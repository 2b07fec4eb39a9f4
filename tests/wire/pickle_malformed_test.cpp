// Streams that misuse the machine: each is refused, and the message says how.
#include <functional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/files.h"
#include "wire/pickle.h"
#include "wire/pickle_repr.h"

#include "weigh/error.h"

namespace weigh::pickle {
namespace {

using namespace std::string_literals;
using testing::error_of;

std::string refusal(std::string_view stream, const Limits& limits = {}) {
  return error_of([&] { Pickle("p.pkl", stream, limits); });
}

ErrorKind kind_of_refusal(std::string_view stream, const Limits& limits = {}) {
  try {
    Pickle("p.pkl", stream, limits);
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no Error was thrown";
  return ErrorKind::usage;
}

TEST(MalformedPickle, NamesACommandThatIsNotRun) {
  const std::string stream = "cos\nsystem\n(S'x'\ntR0cos\nsystem\ncbuiltins\neval\n00N.";
  const Limits limits;
  const Pickle pickle("p.pkl", stream, limits);
  EXPECT_TRUE(pickle.root().is(Kind::none));
  EXPECT_THAT(pickle.globals(), ::testing::ElementsAre("os system", "builtins eval"));
}

TEST(MalformedPickle, HasNoStop) {
  EXPECT_EQ(refusal(""),
            "p.pkl: the next opcode of a pickle needs 1 bytes, 0 are left; is the file incomplete? (at byte 0)");
  EXPECT_EQ(refusal("N"),
            "p.pkl: the next opcode of a pickle needs 1 bytes, 0 are left; is the file incomplete? (at byte 1)");
  EXPECT_EQ(kind_of_refusal("N"), ErrorKind::truncated);
}

TEST(MalformedPickle, SaysWhereInItsSourceItIsBad) {
  const Limits limits;
  EXPECT_EQ(error_of([&] { Pickle("p.pt", "N\xff", limits, 1000); }),
            "p.pt: in a pickle, byte 0xff is no pickle opcode; is this a pickle at all? (at byte 1001)");
}

TEST(MalformedPickle, IsOfAProtocolToCome) {
  EXPECT_EQ(refusal("\x80\x06N."), "p.pkl: is a pickle of protocol 6; the newest known is 5 (at byte 0)");
  EXPECT_EQ(kind_of_refusal("\x80\x06N."), ErrorKind::unsupported);
}

TEST(MalformedPickle, TakesMoreFromItsStackThanIsThere) {
  for (const char* opcode : {".", "0", "2", "R", "\x81", "\x92", "b", "a", "Q", "\x85", "\x93", "\x94", "\x98"})
    EXPECT_EQ(refusal(opcode), "p.pkl: in a pickle, an opcode needs 1 values of the stack, which holds 0 (at byte 0)");
  for (const char* opcode : {"NR", "N\x81", "N\x93", "Nb", "Na", "(e", "(u", "(\x90"})
    EXPECT_THAT(refusal(opcode), ::testing::StartsWith("p.pkl: in a pickle, an opcode needs 1 values of the stack"));
  EXPECT_EQ(refusal("Ns"), "p.pkl: in a pickle, an opcode needs 2 values of the stack, which holds 1 (at byte 1)");
  EXPECT_EQ(refusal("N\x86"), "p.pkl: in a pickle, an opcode needs 2 values of the stack, which holds 1 (at byte 1)");
  EXPECT_EQ(refusal("NN\x87"), "p.pkl: in a pickle, an opcode needs 3 values of the stack, which holds 2 (at byte 2)");
}

TEST(MalformedPickle, ReachesBelowAMark) {
  for (const char* opcode : {".", "2", "R", "b", "a", "Q", "\x85", "\x94"})
    EXPECT_EQ(refusal("N("s + opcode),
              "p.pkl: in a pickle, an opcode needs 1 values of the stack, which holds 0 (at byte 2)");
  EXPECT_EQ(refusal("NN(N\x87"),
            "p.pkl: in a pickle, an opcode needs 3 values of the stack, which holds 1 (at byte 4)");
  EXPECT_EQ(refusal("}(NN(u"), "p.pkl: in a pickle, keys are set on something that is no dict (at byte 5)");
}

TEST(MalformedPickle, NeedsAMarkThatIsNotThere) {
  for (const char* opcode : {"t", "l", "d", "e", "u", "1", "o", "\x90", "\x91", "im\nC\n", "(0t"})
    EXPECT_EQ(refusal("N"s + opcode), "p.pkl: in a pickle, an opcode needs a mark, and there is none (at byte "s +
                                          (opcode == "(0t"s ? "3" : "1") + ")");
}

TEST(MalformedPickle, UsesAMemoThatWasNeverStored) {
  EXPECT_EQ(refusal("h\5."), "p.pkl: in a pickle, value 5 of the memo is used, but was never stored (at byte 0)");
  EXPECT_EQ(refusal("g7\n."), "p.pkl: in a pickle, value 7 of the memo is used, but was never stored (at byte 0)");
  EXPECT_EQ(refusal("j\xf0\xff\xff\xff."),
            "p.pkl: in a pickle, value 4294967280 of the memo is used, but was never stored (at byte 0)");
  EXPECT_EQ(refusal("Nq\5h\4."), "p.pkl: in a pickle, value 4 of the memo is used, but was never stored (at byte 3)");
  EXPECT_EQ(refusal("g-1\n."), "p.pkl: in a pickle, a memo number is no number (at byte 0)");
  EXPECT_EQ(refusal("g\n."), "p.pkl: in a pickle, a memo number is no number (at byte 0)");
  EXPECT_EQ(refusal("g18446744073709551616\n."), "p.pkl: in a pickle, a memo number is no number (at byte 0)");
}

TEST(MalformedPickle, HasLengthsThatLie) {
  const std::string behind = " bytes, 1 are left; is the file incomplete? (at byte ";
  EXPECT_EQ(refusal("T\xff\xff\xff\xff."), "p.pkl: in a pickle, a length is -1, which is negative (at byte 0)");
  EXPECT_EQ(refusal("\x8b\0\0\0\x80."s), "p.pkl: in a pickle, a length is -2147483648, which is negative (at byte 0)");
  EXPECT_EQ(refusal("X\xff\xff\xff\xff."), "p.pkl: a string in a pickle needs 4294967295" + behind + "5)");
  for (const char* opcode : {"\x8d", "\x8e", "\x96"})
    EXPECT_EQ(refusal(opcode + "\0\0\0\0\0\0\0\x80."s),
              "p.pkl: a string in a pickle needs 9223372036854775808" + behind + "9)");
  EXPECT_EQ(refusal("\x95\0\0\0\0\0\0\0\x80."s),
            "p.pkl: a frame of a pickle needs 9223372036854775808" + behind + "9)");
  EXPECT_EQ(refusal("\x95\2\0\0\0\0\0\0\0."s), "p.pkl: a frame of a pickle needs 2" + behind + "9)");
  EXPECT_EQ(refusal("G\0\0."s),
            "p.pkl: a string in a pickle needs 8 bytes, 3 are left; is the file incomplete? (at byte 1)");
  EXPECT_EQ(refusal("J\0\0."s),
            "p.pkl: the argument of a pickle opcode needs 4 bytes, 3 are left; is the file incomplete? (at byte 1)");
}

TEST(MalformedPickle, HasALineWithoutEnd) {
  EXPECT_EQ(refusal("cos\nsystem"),
            "p.pkl: a line in a pickle has no end in the 6 bytes left; is the file incomplete? (at byte 4)");
}

TEST(MalformedPickle, HasTextThatIsNoNumber) {
  for (const char* text : {"I\n", "I1x\n", "I 1\n", "I--1\n", "L\n", "LL\n", "L1LL\n", "I1\r\n"})
    EXPECT_EQ(refusal(text + "."s), "p.pkl: in a pickle, an integer has other characters than digits (at byte 0)");
  for (const char* text : {"F\n", "F1.5x\n", "F 1\n", "F0x1p3\n"})
    EXPECT_EQ(refusal(text + "."s), "p.pkl: in a pickle, a float is not written as one (at byte 0)");
  for (const char* text : {"S\n", "S'\n", "S'a\"\n", "Sabc\n"})
    EXPECT_EQ(refusal(text + "."s), "p.pkl: in a pickle, a string is not in quotes (at byte 0)");
}

TEST(MalformedPickle, TreatsAValueAsWhatItIsNot) {
  EXPECT_EQ(refusal("K\1K\2a."), "p.pkl: in a pickle, items are appended to something that is no list (at byte 4)");
  EXPECT_EQ(refusal("K\1(K\2e."), "p.pkl: in a pickle, items are appended to something that is no list (at byte 5)");
  EXPECT_EQ(refusal("]K\1K\2s."), "p.pkl: in a pickle, keys are set on something that is no dict (at byte 5)");
  EXPECT_EQ(refusal("](NNu."), "p.pkl: in a pickle, keys are set on something that is no dict (at byte 4)");
  EXPECT_EQ(refusal("K\1}b."), "p.pkl: in a pickle, a state is given to something that is no object (at byte 3)");
  EXPECT_EQ(refusal("(NNNd."), "p.pkl: in a pickle, a dict is given 3 values, which are no pairs (at byte 4)");
  EXPECT_EQ(refusal("}(Nu."), "p.pkl: in a pickle, a dict is given 1 values, which are no pairs (at byte 3)");
  EXPECT_EQ(refusal("(o."), "p.pkl: in a pickle, an object has no class (at byte 1)");
  EXPECT_EQ(refusal("\x8c\2osK\1\x93."), "p.pkl: in a pickle, the name of a global is no string (at byte 6)");
  EXPECT_EQ(refusal("K\1\x8c\2os\x93."), "p.pkl: in a pickle, the name of a global is no string (at byte 6)");
  EXPECT_EQ(refusal("C\2os\x8c\1x\x93."), "p.pkl: in a pickle, the name of a global is no string (at byte 7)");
}

TEST(MalformedPickle, ExceedsALimit) {
  Limits limits;
  limits.pickle_opcodes = 3;
  EXPECT_EQ(refusal("N0N0N.", limits), "p.pkl: a pickle has more than 3 opcodes (at byte 2)");
  EXPECT_EQ(kind_of_refusal("N0N0N.", limits), ErrorKind::limit);
  limits = {};
  limits.pickle_objects = 2;
  EXPECT_EQ(refusal("]}\x8f.", limits), "p.pkl: a pickle has more than 2 objects (at byte 2)");
  EXPECT_EQ(refusal("]}NNR.", limits), "p.pkl: a pickle has more than 2 objects (at byte 4)");
  limits = {};
  limits.pickle_memo = 2;
  EXPECT_EQ(refusal("N\x94\x94\x94.", limits), "p.pkl: a pickle has more than 2 values in its memo (at byte 3)");
  EXPECT_EQ(refusal("Nr\xf0\xff\xff\xffr\xf1\xff\xff\xffq\1.", limits),
            "p.pkl: a pickle has more than 2 values in its memo (at byte 11)");
  limits = {};
  limits.pickle_stack = 2;
  EXPECT_EQ(refusal("NNNN.", limits), "p.pkl: a pickle has more than 2 values on its stack (at byte 2)");
  EXPECT_EQ(refusal("((((", limits), "p.pkl: a pickle has more than 2 values on its stack (at byte 2)");
}

}  // namespace
}  // namespace weigh::pickle
