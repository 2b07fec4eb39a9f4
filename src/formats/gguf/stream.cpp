#include "formats/gguf/stream.h"

#include <algorithm>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kPiece = std::size_t{64} * 1024;

}  // namespace

void GgufStream::check(std::uint64_t length, const char* what) const {
  if (length > remaining()) {
    throw Error(ErrorKind::truncated, source_.label(),
                fmt::format("{} needs {} bytes, {} are left; is the download incomplete?", what, length, remaining()),
                offset());
  }
  if (offset() + length > limits_.gguf_header_bytes) {
    throw Error(ErrorKind::limit, source_.label(),
                fmt::format("the header has more than {} bytes (limit gguf_header_bytes)", limits_.gguf_header_bytes));
  }
}

void GgufStream::expect(std::uint64_t count, std::uint64_t each, const char* what) const {
  if (count <= remaining() / each) return;
  throw Error(ErrorKind::truncated, source_.label(),
              fmt::format("{} are said to be {}, of at least {} bytes each, but {} bytes are left; the file is damaged "
                          "or its download incomplete",
                          what, count, each, remaining()),
              offset());
}

void GgufStream::copy(char* into, std::size_t length, const char* what) {
  check(length, what);
  while (length > 0) {
    if (position_ == piece_.size()) {
      piece_begin_ += piece_.size();
      piece_ = source_.read(piece_begin_,
                            static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, source_.size() - piece_begin_)));
      position_ = 0;
    }
    const std::size_t part = std::min(length, piece_.size() - position_);
    piece_.copy(into, part, position_);
    into += part;
    position_ += part;
    length -= part;
  }
}

std::string GgufStream::text(std::uint64_t length, std::uint64_t most, const char* what) {
  check(length, what);
  std::string text(static_cast<std::size_t>(std::min(length, most)), '\0');
  copy(text.data(), text.size(), what);
  skip(length - text.size(), what);
  return text;
}

void GgufStream::skip(std::uint64_t length, const char* what) {
  check(length, what);
  const std::size_t here = piece_.size() - position_;
  if (length <= here) {
    position_ += static_cast<std::size_t>(length);
    return;
  }
  piece_begin_ += position_ + length;
  piece_.clear();
  position_ = 0;
}

}  // namespace weigh
