// The one way to read bytes that are in memory: a position that checks what remains before it moves, and says where it
// failed. A read either succeeds or leaves the cursor as it was.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "weigh/error.h"

namespace weigh {

class Cursor {
 public:
  // `label` names the source in messages and must outlive the cursor; `base` is the offset of `bytes` in it.
  Cursor(std::string_view label, std::string_view bytes, std::uint64_t base = 0)
      : label_(label), bytes_(bytes), base_(base) {}

  std::uint64_t offset() const { return base_ + position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }
  bool at_end() const { return remaining() == 0; }

  // An integer or float of the machine's width, little-endian in the file.
  template <class T>
  T little(const char* what) {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }
  // `length` bytes as a view. `what` is named in the message: "central directory entry".
  std::string_view take(std::uint64_t length, const char* what) {
    if (length > remaining()) fail_truncated(length, what);
    std::string_view view = bytes_.substr(position_, static_cast<std::size_t>(length));
    position_ += static_cast<std::size_t>(length);
    return view;
  }
  // An unsigned integer in groups of seven bits, the lowest first (LEB128). One of more than 64 bits is Error(corrupt).
  std::uint64_t varint(const char* what);
  // Up to and without `end`, which is consumed.
  std::string_view take_until(char end, const char* what);
  void skip(std::uint64_t length, const char* what) { take(length, what); }

 private:
  [[noreturn]] void fail_truncated(std::uint64_t length, const char* what) const;

  std::string_view label_;
  std::string_view bytes_;
  std::uint64_t base_;
  std::size_t position_ = 0;
};

}  // namespace weigh
