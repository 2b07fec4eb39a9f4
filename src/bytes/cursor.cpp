#include "bytes/cursor.h"

#include <fmt/format.h>

#include "bytes/varint.h"

namespace weigh {

std::uint64_t Cursor::varint(const char* what) {
  std::string_view rest = bytes_.substr(position_);
  std::uint64_t value = 0;
  if (take_varint(rest, value)) {
    position_ = bytes_.size() - rest.size();
    return value;
  }
  if (rest.empty()) fail_truncated(remaining() + 1, what);
  throw Error(ErrorKind::corrupt, std::string(label_), fmt::format("{} has more than 64 bits", what), offset());
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
