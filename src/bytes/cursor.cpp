#include "bytes/cursor.h"

#include <fmt/format.h>

namespace weigh {

std::uint64_t Cursor::varint(const char* what) {
  const std::size_t begin = position_;
  std::uint64_t value = 0;
  for (unsigned shift = 0; position_ < bytes_.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes_[position_++]);
    if (shift > 63 || (shift == 63 && byte > 1)) {
      position_ = begin;
      throw Error(ErrorKind::corrupt, std::string(label_), fmt::format("{} has more than 64 bits", what), offset());
    }
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  const std::size_t needed = position_ - begin + 1;
  position_ = begin;
  fail_truncated(needed, what);
}

std::string_view Cursor::take_until(char end, const char* what) {
  std::size_t found = bytes_.find(end, position_);
  if (found == std::string_view::npos) {
    throw Error(ErrorKind::truncated, std::string(label_),
                fmt::format("{} has no end in the {} bytes left; is the file incomplete?", what, remaining()),
                offset());
  }
  std::string_view view = bytes_.substr(position_, found - position_);
  position_ = found + 1;
  return view;
}

void Cursor::fail_truncated(std::uint64_t length, const char* what) const {
  throw Error(ErrorKind::truncated, std::string(label_),
              fmt::format("{} needs {} bytes, {} are left; is the file incomplete?", what, length, remaining()),
              offset());
}

}  // namespace weigh
