#include "render/text.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weigh {
namespace {

using namespace std::string_literals;

TEST(Printable, LeavesTextAsItIs) {
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("conv1.lin_l \\n ~"), "conv1.lin_l \\n ~");
  EXPECT_EQ(printable("größe 层 🚀"), "größe 层 🚀");
}

TEST(Printable, EscapesWhatSteersATerminal) {
  EXPECT_EQ(printable("\x1b[31mred\x1b]0;title\x07"), "\\x1b[31mred\\x1b]0;title\\x07");
  EXPECT_EQ(printable("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(printable("a\0b\x7f"s), "a\\x00b\\x7f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\u009b31m");  // the control sequence introducer in one character
}

TEST(Printable, EscapesWhatDeceivesAReader) {
  EXPECT_EQ(printable("fc\u202Eweight"), "fc\\u202eweight");
  EXPECT_EQ(printable("\u2066isolate"), "\\u2066isolate");
  EXPECT_EQ(printable("zero\u200Bwidth"), "zero\\u200bwidth");
  EXPECT_EQ(printable("\uFEFFmark"), "\\ufeffmark");
  EXPECT_EQ(printable("line\u2028break"), "line\\u2028break");
  EXPECT_EQ(printable("\U000E0041"), "\\U000e0041");
  EXPECT_EQ(printable("soft\u00ADhyphen"), "soft\\u00adhyphen");
  EXPECT_EQ(printable("filler\u3164 \uFFA0"), "filler\\u3164 \\uffa0");
}

TEST(Printable, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("a\x80z"), "a\\x80z");
  EXPECT_EQ(printable("\xC3"), "\\xc3");                             // cut off
  EXPECT_EQ(printable("\xE5\xB1"), "\\xe5\\xb1");                    //
  EXPECT_EQ(printable("\xC0\xAF"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(printable("\xE0\x80\xAF"), "\\xe0\\x80\\xaf");           //
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(printable("\xC3(ok"), "\\xc3(ok");
}

TEST(Printable, EscapesAllBeyondAsciiOnRequest) {
  EXPECT_EQ(printable("größe", false), "gr\\u00f6\\u00dfe");
  EXPECT_EQ(printable("🚀", false), "\\U0001f680");
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(display_width("├ 0…9 ×10"), 9U);
  EXPECT_EQ(display_width("层归一化"), 8U);
  EXPECT_EQ(display_width("한글"), 4U);
  EXPECT_EQ(display_width("ＡＢ"), 4U);
  EXPECT_EQ(display_width("🤖🚀"), 4U);
}

TEST(Pad, FillsToAWidthInColumns) {
  EXPECT_EQ(pad_right("ab", 4), "ab  ");
  EXPECT_EQ(pad_right("层", 4), "层  ");
  EXPECT_EQ(pad_right("abcde", 4), "abcde");
}

TEST(CutTo, CutsToAWidthInColumns) {
  EXPECT_EQ(cut_to("abcdef", 6, "…"), "abcdef");
  EXPECT_EQ(cut_to("abcdef", 5, "…"), "abcd…");
  EXPECT_EQ(cut_to("abcdef", 5, "..."), "ab...");
  EXPECT_EQ(cut_to("größer", 4, "…"), "grö…");
  EXPECT_EQ(cut_to("层归一化", 5, "…"), "层归…");
  EXPECT_EQ(cut_to("层归一化", 4, "…"), "层…");  // no half of a character
  EXPECT_EQ(cut_to("", 0, "…"), "");
}

TEST(FirstCharacter, DecodesUtf8) {
  EXPECT_EQ(first_character("a").code_point, U'a');
  EXPECT_EQ(first_character("öx").code_point, U'ö');
  EXPECT_EQ(first_character("öx").length, 2U);
  EXPECT_EQ(first_character("层").length, 3U);
  EXPECT_EQ(first_character("🚀").code_point, U'🚀');
  EXPECT_EQ(first_character("🚀").length, 4U);
  EXPECT_EQ(first_character("\x80").code_point, kNoCharacter);
  EXPECT_EQ(first_character("\xf5\x80\x80\x80").code_point, kNoCharacter);
  EXPECT_EQ(first_character("\xf5\x80\x80\x80").length, 1U);
}

}  // namespace
}  // namespace weigh
