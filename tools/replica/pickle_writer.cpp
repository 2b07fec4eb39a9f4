#include "replica/pickle_writer.h"

#include <bit>

namespace weigh::replica {

void PickleWriter::memoize() {
  put_index(next_memo_, 'q', 'r');  // BINPUT, LONG_BINPUT
  ++next_memo_;
}

void PickleWriter::text(std::string_view value) {
  put_text(value);
  memoize();
}

void PickleWriter::shared_text(const std::string& value) {
  if (recall(value)) return;
  put_text(value);
  remember(value);
}

void PickleWriter::global(const std::string& module_and_name) {
  if (recall(module_and_name)) return;
  text_ += 'c' + module_and_name + '\n';
  text_[text_.rfind(' ')] = '\n';
  remember(module_and_name);
}

bool PickleWriter::recall(const std::string& value) {
  const auto found = memo_.find(value);
  if (found == memo_.end()) return false;
  put_index(found->second, 'h', 'j');  // BINGET, LONG_BINGET
  return true;
}

void PickleWriter::remember(const std::string& value) {
  memo_.emplace(value, next_memo_);
  memoize();
}

void PickleWriter::put_text(std::string_view value) {
  text_ += 'X';  // BINUNICODE
  put_u32(static_cast<std::uint32_t>(value.size()));
  text_ += value;
}

void PickleWriter::put_index(std::uint32_t value, char narrow, char wide) {
  if (value < 256) {
    text_ += {narrow, static_cast<char>(value)};
  } else {
    text_ += wide;
    put_u32(value);
  }
}

void PickleWriter::put_u32(std::uint32_t value) {
  static_assert(std::endian::native == std::endian::little);
  text_.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace weigh::replica
