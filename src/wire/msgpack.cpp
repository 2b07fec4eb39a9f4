#include "wire/msgpack.h"

#include <algorithm>

#include <fmt/format.h>

#include "bytes/checked.h"

#include "weigh/error.h"

namespace weigh::msgpack {
namespace {

// What is read at once: as long as the keys, shape and type of a tensor, since its elements follow them.
constexpr std::size_t kPiece = 64;

// Bytes that follow a first byte from 0xc4 on and tell a length.
constexpr unsigned width(unsigned first, unsigned smallest) { return 1U << (first - smallest); }

}  // namespace

void Reader::check(std::uint64_t bytes, const char* what) const {
  if (bytes <= remaining()) return;
  throw Error(ErrorKind::truncated, label(),
              fmt::format("{} needs {} bytes, {} are left; is the download incomplete?", what, bytes, remaining()),
              offset());
}

std::uint64_t Reader::number(unsigned bytes) {
  check(bytes, "a number");
  std::uint64_t number = 0;
  for (; bytes > 0; --bytes) {
    if (position_ == piece_.size()) {
      piece_begin_ += piece_.size();
      position_ = 0;
      piece_ = source_.read(piece_begin_,
                            static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, source_.size() - piece_begin_)));
    }
    number = number << 8 | static_cast<unsigned char>(piece_[position_++]);
  }
  return number;
}

Token Reader::next() {
  if (++items_ > limits_.msgpack_items) {
    throw Error(ErrorKind::limit, label(),
                fmt::format("holds more than {} values (limit msgpack_items)", limits_.msgpack_items));
  }
  Token token;
  token.offset = offset();
  const auto first = static_cast<unsigned>(number(1));
  const auto be = [&](Type type, std::uint64_t length) {
    token.type = type;
    token.length = length;
  };
  if (first < 0x80 || first >= 0xe0) {
    token.type = Type::integer;
    token.integer = first < 0x80 ? first : first | ~std::uint64_t{0xff};
  } else if (first < 0x90) {
    be(Type::map, first & 15);
  } else if (first < 0xa0) {
    be(Type::array, first & 15);
  } else if (first < 0xc0) {
    be(Type::text, first & 31);
  } else if (first == 0xc2 || first == 0xc3) {
    token.type = Type::boolean;
    token.integer = first & 1;
  } else if (first >= 0xc4 && first <= 0xc6) {
    be(Type::bytes, number(width(first, 0xc4)));
  } else if (first >= 0xc7 && first <= 0xc9) {
    be(Type::extension, number(width(first, 0xc7)));
    token.extension = static_cast<std::int8_t>(number(1));
  } else if (first == 0xca || first == 0xcb) {
    token.type = Type::real;
    number(first == 0xca ? 4 : 8);
  } else if (first >= 0xcc && first <= 0xcf) {
    token.type = Type::integer;
    token.integer = number(width(first, 0xcc));
  } else if (first >= 0xd0 && first <= 0xd3) {
    token.type = Type::integer;
    const unsigned bytes = width(first, 0xd0);
    const std::uint64_t raw = number(bytes);
    const std::uint64_t sign = std::uint64_t{1} << (8 * bytes - 1);
    token.integer = (raw ^ sign) - sign;
  } else if (first >= 0xd4 && first <= 0xd8) {
    be(Type::extension, width(first, 0xd4));
    token.extension = static_cast<std::int8_t>(number(1));
  } else if (first >= 0xd9 && first <= 0xdb) {
    be(Type::text, number(width(first, 0xd9)));
  } else if (first == 0xdc || first == 0xdd) {
    be(Type::array, number(first == 0xdc ? 2 : 4));
  } else if (first == 0xde || first == 0xdf) {
    be(Type::map, number(first == 0xde ? 2 : 4));
  } else if (first != 0xc0) {
    throw Error(ErrorKind::corrupt, label(),
                fmt::format("has a value of type {:#04x}, which msgpack does not know", first), token.offset);
  }
  // Of elements each takes a byte at least.
  check(token.type == Type::map ? 2 * token.length : token.length, "a value");
  return token;
}

std::string Reader::text(const Token& token) {
  if (token.length > limits_.name_bytes) {
    throw Error(ErrorKind::limit, label(),
                fmt::format("a text has {} bytes, more than {} (limit name_bytes)", token.length, limits_.name_bytes),
                token.offset);
  }
  std::string text;
  for (std::uint64_t i = 0; i < token.length; ++i) text += static_cast<char>(number(1));
  return text;
}

void Reader::skip(std::uint64_t bytes) {
  check(bytes, "what is passed over");
  const std::size_t here = piece_.size() - position_;
  if (bytes <= here) {
    position_ += static_cast<std::size_t>(bytes);
    return;
  }
  piece_begin_ += position_ + bytes;
  piece_.clear();
  position_ = 0;
}

void Reader::skip_value(const Token& token) {
  std::uint64_t values = 1;  // that are still to come, this one included; their number is below that of bytes
  Token next_token = token;
  for (;;) {
    --values;
    switch (next_token.type) {
      case Type::text:
      case Type::bytes:
      case Type::extension: skip(next_token.length); break;
      case Type::array: values += next_token.length; break;
      case Type::map: values += 2 * next_token.length; break;
      default: break;
    }
    if (values == 0) return;
    if (values > remaining()) check(values, "what is passed over");
    next_token = next();
  }
}

}  // namespace weigh::msgpack
