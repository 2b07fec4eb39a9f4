#include "wire/pickle_text.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace weigh::pickle {
namespace {

std::optional<unsigned> hexadecimal(std::string_view digits) {
  unsigned number = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

void append_utf8(std::string& text, std::uint32_t code) {
  auto byte = [&](std::uint32_t bits) { text.push_back(static_cast<char>(bits)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xE0 | code >> 12);
    } else {
      byte(0xF0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3F));
    }
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

}  // namespace

std::optional<std::int64_t> two_complement(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const bool is_negative = static_cast<signed char>(bytes.back()) < 0;
  const char sign = is_negative ? '\xff' : '\0';
  // CPython may write one byte more than needed, to hold the sign.
  for (; bytes.size() > 8; bytes.remove_suffix(1)) {
    if (bytes.back() != sign) return std::nullopt;
    if (bytes.size() == 9 && (static_cast<signed char>(bytes[7]) < 0) != is_negative) return std::nullopt;
  }
  std::uint64_t number = is_negative ? ~std::uint64_t{0} : 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return static_cast<std::int64_t>(number);
}

double big_endian_double(std::string_view bytes) {
  char little[8];
  std::reverse_copy(bytes.begin(), bytes.begin() + 8, little);
  double number;
  std::memcpy(&number, little, sizeof(number));
  return number;
}

std::string unescape_string(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    char escaped = text[++i];
    std::optional<unsigned> code;
    if (escaped == 'x' && text.size() - i > 2) code = hexadecimal(text.substr(i + 1, 2));
    if (code) {
      plain += static_cast<char>(*code);
      i += 2;
    } else if (escaped == 'n' || escaped == 't' || escaped == 'r') {
      plain += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : '\r';
    } else {
      if (escaped != '\\' && escaped != '\'' && escaped != '"') plain += '\\';
      plain += escaped;
    }
  }
  return plain;
}

std::string unescape_unicode(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escapes = text[i] == '\\' && i + 1 < text.size();
    const std::size_t digits = !escapes ? 0 : text[i + 1] == 'u' ? 4 : text[i + 1] == 'U' ? 8 : 0;
    std::optional<unsigned> code;
    if (digits > 0 && text.size() - i - 2 >= digits) code = hexadecimal(text.substr(i + 2, digits));
    if (code && *code <= 0x10FFFF) {
      append_utf8(plain, *code);
      i += 1 + digits;
    } else {
      append_utf8(plain, static_cast<unsigned char>(text[i]));
      if (escapes && text[i + 1] == '\\') plain += text[++i];  // it begins no escape
    }
  }
  return plain;
}

}  // namespace weigh::pickle
