// JSON as programs write it, read in one pass: texts of ASCII without escapes, whole numbers, everything else letter by
// letter. It takes what it knows and refuses all else, however valid: whoever reads so has json::Document for the rest.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weigh::json {

class PlainScanner {
 public:
  // So many bytes behind the text can be read, as behind that of json::Text.
  static constexpr std::size_t kStep = 16;
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
    const char* quote = first_odd(at_);
    if (quote >= end_ || *quote != '"') return false;
    text = {begin, static_cast<std::size_t>(quote - begin)};
    at_ = quote + 1;
    return true;
  }

  // A whole number of at most 19 digits, all of which 64 bits hold. What follows it is not looked at.
  bool take_number(std::uint64_t& number) {
    constexpr std::ptrdiff_t kMostDigits = 19;
    const char* begin = at_;
    const char* at = begin;
    std::uint64_t value = 0;
    if (end_ - at >= 8) take_eight_digits(at, value);
    const char* last = begin + std::min(kMostDigits, end_ - begin);
    for (; at != last && is_digit(*at); ++at) value = value * 10 + static_cast<std::uint64_t>(*at - '0');
    if (at == begin || (*begin == '0' && at - begin > 1)) return false;
    at_ = at;
    number = value;
    return true;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  // Eight digits at once: offsets in large files have ten or more. Neighbours are joined to numbers of two digits,
  // these to ones of four, these to the one of eight.
  static void take_eight_digits(const char*& at, std::uint64_t& number) {
    if constexpr (std::endian::native != std::endian::little) return;
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
    std::uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    const bool are_digits = (word & kOnes * 0xF0) == kOnes * '0' && ((word + kOnes * 6) & kOnes * 0xF0) == kOnes * '0';
    if (!are_digits) return;
    word = (word & kOnes * 0x0F) * (1 + (10 << 8)) >> 8;
    word = (word & 0x00FF'00FF'00FF'00FF) * (1 + (100 << 16)) >> 16;
    number = (word & 0x0000'FFFF'0000'FFFF) * (1 + (std::uint64_t{10'000} << 32)) >> 32;
    at += sizeof(word);
  }

  // The first byte from here on that is a quote or no plain letter. Where there is none it lies behind the end.
  const char* first_odd(const char* at) const {
#ifdef __SSE2__
    for (; at < end_; at += kStep) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
      const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
      const __m128i others = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));  // with sign: those above 0x7F, too
      const int odd = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, backslashes), others));
      if (odd != 0) return at + std::countr_zero(static_cast<unsigned>(odd));
    }
#else
    const auto is_letter = [](char c) { return static_cast<unsigned char>(c - 0x20) < 0x60; };  // of ASCII
    while (at < end_ && is_letter(*at) && *at != '"' && *at != '\\') ++at;
#endif
    return at;
  }

  const char* at_;
  const char* end_;
};

}  // namespace weigh::json
