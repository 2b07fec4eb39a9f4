// msgpack, read piece by piece: what is passed over is not read. github.com/msgpack/msgpack/blob/master/spec.md
//
//   0x00…0x7f, 0xe0…0xff  small integers     0x80…0x8f  map of up to 15 pairs     0x90…0x9f  array of up to 15
//   0xa0…0xbf  text of up to 31 bytes        0xc0 nil   0xc2, 0xc3 false, true    0xc4…0xc6  bytes: length in 1, 2, 4
//   0xc7…0xc9  extension: length in 1, 2, 4, its type     0xca, 0xcb  float       0xcc…0xd3  integers of 1, 2, 4, 8
//   0xd4…0xd8  extension of 1, 2, 4, 8, 16 bytes: its type     0xd9…0xdb  text: length in 1, 2, 4
//   0xdc, 0xdd  array: length in 2, 4        0xde, 0xdf  map: length in 2, 4
//
// Numbers are big-endian. Every length is compared with what is left before anything is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "bytes/source.h"

#include "weigh/limits.h"

namespace weigh::msgpack {

enum class Type : std::uint8_t { nil, boolean, integer, real, text, bytes, array, map, extension };

struct Token {
  Type type = Type::nil;
  std::uint64_t length = 0;   // bytes of a text, of bytes, of an extension; elements; pairs
  std::uint64_t integer = 0;  // as two's complement; 1 for true
  std::int8_t extension = 0;  // its type
  std::uint64_t offset = 0;   // where it begins
};

class Reader {
 public:
  // Both must outlive it.
  Reader(Source& source, const Limits& limits) : source_(source), limits_(limits) {}

  std::uint64_t offset() const { return piece_begin_ + position_; }
  std::uint64_t remaining() const { return source_.size() - offset(); }
  const std::string& label() const { return source_.label(); }

  // The next token. The bytes of a text, bytes or an extension come after it: text(…), skip(…), or for an extension
  // tokens in it. Elements and pairs follow as tokens. Throws Error.
  Token next();
  // The bytes of a text whose token was read. Throws Error(limit) above Limits::name_bytes.
  std::string text(const Token& token);
  void skip(std::uint64_t bytes);
  // All that belongs to a token that was read.
  void skip_value(const Token& token);

 private:
  std::uint64_t number(unsigned bytes);  // big-endian
  void check(std::uint64_t bytes, const char* what) const;

  Source& source_;
  const Limits& limits_;
  std::string piece_;
  std::uint64_t piece_begin_ = 0;
  std::size_t position_ = 0;  // in the piece
  std::uint64_t items_ = 0;
};

}  // namespace weigh::msgpack
