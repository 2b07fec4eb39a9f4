#include "render/json_writer.h"

#include <iterator>

#include <fmt/format.h>

#include "render/text.h"

namespace weigh {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for_each_character(text, [&](char32_t c, std::string_view bytes) {
    if (c == kNoCharacter) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += bytes;
    } else if (c < 0x20 || c == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c));
    } else {
      out += bytes;
    }
  });
  return out += '"';
}

void JsonWriter::key(std::string_view name) {
  separate();
  out_ += json_string(name);
  out_ += ": ";
  after_key_ = true;
}

void JsonWriter::begin(char bracket, bool on_one_line) {
  separate();
  out_ += bracket;
  const bool inside_a_line = !open_.empty() && open_.back() == 'i';
  open_ += on_one_line || inside_a_line ? 'i' : 'm';
  first_ = true;
}

void JsonWriter::end(char bracket) {
  const bool many_lines = open_.back() == 'm' && !first_;
  open_.pop_back();
  if (many_lines) out_ += '\n' + std::string(2 * open_.size(), ' ');
  out_ += bracket;
  first_ = false;
}

void JsonWriter::raw(std::string_view text) {
  separate();
  out_ += text;
}

// What stands between the last value and the next.
void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (open_.empty()) return;
  if (!first_) out_ += ',';
  if (open_.back() == 'm') {
    out_ += '\n' + std::string(2 * open_.size(), ' ');
  } else if (!first_) {
    out_ += ' ';
  }
  first_ = false;
}

}  // namespace weigh
