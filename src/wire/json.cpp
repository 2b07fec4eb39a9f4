#include "wire/json.h"

#include <cstring>

#include <fmt/format.h>

#include "bytes/checked.h"

namespace weigh::json {
namespace {

// In words of our own: simdjson's change with its version.
const char* what_is_wrong(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR: return "it is not UTF-8";
    case simdjson::EMPTY: return "it is empty";
    case simdjson::UNCLOSED_STRING: return "a string has no end";
    case simdjson::UNESCAPED_CHARS: return "a string holds a control character";
    case simdjson::STRING_ERROR: return "a string holds a wrong escape";
    case simdjson::NUMBER_ERROR: return "a number is malformed, or of another kind than it must be";
    case simdjson::INCORRECT_TYPE: return "a value is of another type than it must be";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return "an array or object has no end";
    case simdjson::DEPTH_ERROR: return "it nests too deeply";
    case simdjson::CAPACITY: return "it is too long";
    default: return "its punctuation is wrong";
  }
}

Text whole_text(Source& source, const Limits& limits) {
  if (source.size() > limits.json_file_bytes)
    throw Error(
        ErrorKind::limit, source.label(),
        fmt::format("has {} bytes, more than {} (limit json_file_bytes)", source.size(), limits.json_file_bytes));
  Text text;
  text.read_whole(source);
  return text;
}

}  // namespace

void load() { (void)simdjson::get_active_implementation(); }

void Text::read(Source& source, std::uint64_t offset, std::uint64_t length) {
  mapped_.reset();
  length_ = 0;
  if (fits(offset, length, source.size())) {  // else the length is a lie, and the read below says so
    length_ = static_cast<std::size_t>(length);
    bytes_ = std::make_unique_for_overwrite<char[]>(length_ + simdjson::SIMDJSON_PADDING);
    std::memset(bytes_.get() + length_, ' ', simdjson::SIMDJSON_PADDING);
  }
  source.read(offset, std::span<char>(bytes_.get(), static_cast<std::size_t>(length)));
}

void Text::read_whole(Source& source) {
  constexpr std::uint64_t kLarge = std::uint64_t{1} << 20;
  if (source.size() >= kLarge) mapped_ = source.map_whole(simdjson::SIMDJSON_PADDING);
  if (!mapped_) return read(source, 0, source.size());
  length_ = static_cast<std::size_t>(source.size());
}

Document::Document(Parser& parser, std::string_view part, std::string_view label, std::uint64_t base)
    : label_(label), text_(part), base_(base) {
  run([&] {
    const std::size_t room = text_.size() + simdjson::SIMDJSON_PADDING;
    document_ = parser.iterate(simdjson::padded_string_view(text_.data(), text_.size(), room)).value();
  });
}

File::File(Source& source, const Limits& limits)
    : text_(whole_text(source, limits)), document_(parser_, text_, source.label()) {}

std::string_view Key::text() {
  if (text_) return *text_;
  const std::string_view text = document_.text();
  const std::string_view rest = text.substr(static_cast<std::size_t>(field_.key().raw() - text.data()));
  const std::size_t end = rest.find('"');
  if (end == std::string_view::npos) document_.fail("a key has no end");
  const std::string_view raw = rest.substr(0, end);
  text_ = raw.find('\\') == std::string_view::npos ? raw : field_.unescaped_key().value();
  return *text_;
}

void Document::fail(const std::string& message) const {
  throw Error(ErrorKind::corrupt, std::string(label_), message, base_);
}

void Document::fail_json(const simdjson::simdjson_error& error) const {
  fail(fmt::format("the JSON text of {} bytes is malformed: {}", text_.size(), what_is_wrong(error.error())));
}

}  // namespace weigh::json
