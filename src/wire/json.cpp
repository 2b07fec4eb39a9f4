#include "wire/json.h"

#include <cstring>

#include <fmt/format.h>

#include "bytes/checked.h"

namespace weigh::json {

Document::Document(std::string_view label, const std::string& text, std::uint64_t base)
    : label_(label), text_(text.data(), text.size() - simdjson::SIMDJSON_PADDING), base_(base) {
  run([&] {
    document_ = parser_.iterate(simdjson::padded_string_view(text_.data(), text_.size(), text.size())).value();
  });
}

// Keys without escapes, which are all in practice, stay where they are.
std::string_view Document::key_of(simdjson::ondemand::field& field) {
  const char* begin = field.key().raw();
  const char* text_end = text_.data() + text_.size();
  const auto* quote = static_cast<const char*>(std::memchr(begin, '"', static_cast<std::size_t>(text_end - begin)));
  if (quote == nullptr) fail("a key has no end");
  const std::string_view key(begin, static_cast<std::size_t>(quote - begin));
  if (key.find('\\') == std::string_view::npos) return key;
  return field.unescaped_key().value();
}

void Document::fail(const std::string& message) const {
  throw Error(ErrorKind::corrupt, std::string(label_), message, base_);
}

void Document::fail_json(const simdjson::simdjson_error& error) const {
  fail(fmt::format("the JSON text of {} bytes is malformed: {}", text_.size(), simdjson::error_message(error.error())));
}

std::string read_padded(Source& source, std::uint64_t offset, std::size_t length) {
  std::string text;
  if (fits(offset, length, source.size())) {  // else the length is a lie, and the read below says so
    text.reserve(length + simdjson::SIMDJSON_PADDING);
    text.resize(length);
  }
  source.read(offset, std::span<char>(text.data(), length));
  text.append(simdjson::SIMDJSON_PADDING, ' ');
  return text;
}

}  // namespace weigh::json
