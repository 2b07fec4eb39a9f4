// Protocol buffers, made field by field: each function gives the bytes of one field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace weigh::testing::proto {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
inline std::string tag(std::uint64_t number, unsigned wire) { return varint(number << 3 | wire); }
inline std::string number(std::uint64_t field, std::int64_t value) {
  return tag(field, 0) + varint(static_cast<std::uint64_t>(value));
}
inline std::string text(std::uint64_t field, std::string_view value) {
  return tag(field, 2) + varint(value.size()) + std::string(value);
}
// The head of a field whose `length` bytes are left out: a lie, or a hole of the file system.
inline std::string hole(std::uint64_t field, std::uint64_t length) { return tag(field, 2) + varint(length); }
inline std::string packed(std::uint64_t field, std::initializer_list<std::int64_t> values) {
  std::string all;
  for (std::int64_t value : values) all += varint(static_cast<std::uint64_t>(value));
  return text(field, all);
}

}  // namespace weigh::testing::proto
