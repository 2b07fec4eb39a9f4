// JSON as programs write it, read in one pass: texts of ASCII without escapes, whole numbers, everything else letter by
// letter. It takes what it knows and refuses all else, however valid: whoever reads so has json::Document for the rest.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weigh::json {

class PlainScanner {
 public:
  // Behind the text lie seven readable bytes or more, as behind that of json::Text.
  explicit PlainScanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  const char* at() const { return at_; }
  bool is_at_end() const { return at_ == end_; }

  bool stands_here(std::string_view literal) const {
    return static_cast<std::size_t>(end_ - at_) >= literal.size() &&
           std::memcmp(at_, literal.data(), literal.size()) == 0;
  }
  bool take(std::string_view literal) {
    if (!stands_here(literal)) return false;
    at_ += literal.size();
    return true;
  }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n')) ++at_;
  }

  // The rest of a text whose opening quote was taken, and its closing quote.
  bool take_text(std::string_view& text) {
    const char* begin = at_;
    const char* quote = begin;
    while (quote < end_) {
      std::uint64_t word;
      std::memcpy(&word, quote, sizeof(word));
      const std::uint64_t odd = odd_bytes(word);
      if (odd != 0) {
        quote += first_of(odd, quote);
        break;
      }
      quote += sizeof(word);
    }
    if (quote >= end_ || *quote != '"') return false;
    text = {begin, static_cast<std::size_t>(quote - begin)};
    at_ = quote + 1;
    return true;
  }

  // A whole number of at most 19 digits, all of which 64 bits hold. What follows it is not looked at.
  bool take_number(std::uint64_t& number) {
    constexpr std::ptrdiff_t kMostDigits = 19;
    const char* begin = at_;
    std::uint64_t value = 0;
    const char* last = begin + std::min(kMostDigits, end_ - begin);
    const char* at = begin;
    for (; at != last && is_digit(*at); ++at) value = value * 10 + static_cast<std::uint64_t>(*at - '0');
    if (at == begin || (*begin == '0' && at - begin > 1)) return false;
    at_ = at;
    number = value;
    return true;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_odd(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c < 0; }

  // The highest bit of each byte that is no plain letter, up to the first of them; those behind it may be wrong.
  static std::uint64_t odd_bytes(std::uint64_t word) {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
    const std::uint64_t quotes = (word ^ kOnes * '"') - kOnes;
    const std::uint64_t backslashes = (word ^ kOnes * '\\') - kOnes;
    return (word | quotes | backslashes | (word - kOnes * 0x20)) & kOnes * 0x80;
  }
  static std::ptrdiff_t first_of(std::uint64_t odd, const char* word) {
    if constexpr (std::endian::native == std::endian::little) return std::countr_zero(odd) / 8;
    return std::find_if(word, word + sizeof(odd), is_odd) - word;
  }

  const char* at_;
  const char* end_;
};

}  // namespace weigh::json
