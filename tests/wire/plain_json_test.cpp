#include "wire/plain_json.h"

#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weigh::testing {
namespace {

// What a scanner is to read, with bytes behind it that it must not take.
class Padded {
 public:
  Padded(std::string_view text, char behind)
      : bytes_(std::string(text) + std::string(32, behind)), size_(text.size()) {}
  json::PlainScanner scanner() const { return json::PlainScanner(std::string_view(bytes_).substr(0, size_)); }

 private:
  std::string bytes_;
  std::size_t size_;
};

std::optional<std::string> text_of(std::string_view text, char behind = ' ') {
  const Padded padded(text, behind);
  json::PlainScanner scanner = padded.scanner();
  std::string_view taken;
  return scanner.take_text(taken) ? std::optional<std::string>(taken) : std::nullopt;
}

std::optional<std::uint64_t> number_of(std::string_view text, char behind = ' ') {
  const Padded padded(text, behind);
  json::PlainScanner scanner = padded.scanner();
  std::uint64_t number = 0;
  return scanner.take_number(number) ? std::optional<std::uint64_t>(number) : std::nullopt;
}

TEST(PlainScanner, TakesATextOfAnyLengthUpToItsQuote) {
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string text(length, 'a');
    EXPECT_EQ(text_of(text + "\"b"), text);
    EXPECT_EQ(text_of(text), std::nullopt);
    EXPECT_EQ(text_of(text, '"'), std::nullopt);
  }
}

TEST(PlainScanner, TakesEachLetterOfAsciiAlone) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto c = static_cast<char>(byte);
    for (const std::size_t before : {0, 5, 15, 16, 20}) {
      const std::string text = std::string(before, 'a') + c + "bc";
      const bool is_plain = byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
      if (c == '"') {
        EXPECT_EQ(text_of(text + '"'), std::string(before, 'a'));
      } else {
        EXPECT_EQ(text_of(text + '"'), is_plain ? std::optional(text) : std::nullopt) << byte;
      }
    }
  }
}

TEST(PlainScanner, TakesWholeNumbers) {
  std::string digits;
  std::uint64_t number = 0;
  for (int length = 1; length <= 19; ++length) {
    const int digit = length % 10;
    digits += static_cast<char>('0' + digit);
    number = number * 10 + static_cast<std::uint64_t>(digit);
    EXPECT_EQ(number_of(digits), number);
    EXPECT_EQ(number_of(digits, '7'), number);
    EXPECT_EQ(number_of(digits + ","), number);
  }
  EXPECT_EQ(number_of("9999999999999999999"), 9'999'999'999'999'999'999U);
  EXPECT_EQ(number_of("0"), 0U);
  EXPECT_EQ(number_of("90000000"), 90'000'000U);
  EXPECT_EQ(number_of("12345678/"), 12'345'678U);
  EXPECT_EQ(number_of("1234567:"), 1'234'567U);
}

TEST(PlainScanner, TakesNoOtherNumbers) {
  for (const char* text : {"", "-1", "+1", "01", "00", "000000001", "a", " 1"})
    EXPECT_EQ(number_of(text), std::nullopt);
  const Padded padded("123456789012345678901", ' ');
  json::PlainScanner scanner = padded.scanner();
  std::uint64_t number = 0;
  EXPECT_TRUE(scanner.take_number(number));
  EXPECT_FALSE(scanner.is_at_end());  // what follows the 19 digits is no end of a number, and refused as such
}

TEST(PlainScanner, TakesWhatStandsThere) {
  const Padded padded("{ \n}", '}');
  json::PlainScanner scanner = padded.scanner();
  EXPECT_FALSE(scanner.take('}'));
  EXPECT_FALSE(scanner.take("{x"));
  EXPECT_TRUE(scanner.take("{ "));
  scanner.skip_blanks();
  EXPECT_FALSE(scanner.take("}}"));
  EXPECT_TRUE(scanner.take('}'));
  EXPECT_TRUE(scanner.is_at_end());
  EXPECT_FALSE(scanner.take('}'));
}

}  // namespace
}  // namespace weigh::testing
