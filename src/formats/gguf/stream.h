// The header of a GGUF file as a stream: read in pieces, so that neither a long vocabulary nor a weight is ever in
// memory as a whole. Every length is compared with what the file has left before anything is read or made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "bytes/source.h"

#include "weigh/limits.h"

namespace weigh {

class GgufStream {
 public:
  // All must outlive it.
  GgufStream(Source& source, const Limits& limits) : source_(source), limits_(limits) {}

  void be_big_endian() { swap_ = true; }
  std::uint64_t offset() const { return piece_begin_ + position_; }
  std::uint64_t remaining() const { return source_.size() - offset(); }
  Source& source() const { return source_; }

  // `what` is named in the message.
  template <class T>
  T number(const char* what) {
    static_assert(std::is_arithmetic_v<T>);
    char bytes[sizeof(T)];
    copy(bytes, sizeof(T), what);
    return as<T>(bytes);
  }
  // A string whose length was read, of at most `most` bytes; the rest is passed over.
  std::string text(std::uint64_t length, std::uint64_t most, const char* what);
  void skip(std::uint64_t length, const char* what);
  // Throws where `count` things of at least `each` bytes cannot be there any more.
  void expect(std::uint64_t count, std::uint64_t each, const char* what) const;

 private:
  template <class T>
  T as(char* bytes) const {
    if (swap_)
      for (std::size_t i = 0; i < sizeof(T) / 2; ++i) std::swap(bytes[i], bytes[sizeof(T) - 1 - i]);
    T value;
    __builtin_memcpy(&value, bytes, sizeof(T));
    return value;
  }
  void copy(char* into, std::size_t length, const char* what);
  void check(std::uint64_t length, const char* what) const;

  Source& source_;
  const Limits& limits_;
  std::string piece_;
  std::uint64_t piece_begin_ = 0;
  std::size_t position_ = 0;  // in the piece
  bool swap_ = false;
};

}  // namespace weigh
