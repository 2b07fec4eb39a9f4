// JSON text: one member of an object, or one element of an array, after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace weigh {

// A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  // `on_one_line` objects and arrays stay on one line.
  void begin_object(bool on_one_line = false) { begin('{', on_one_line); }
  void end_object() { end('}'); }
  void begin_array(bool on_one_line = false) { begin('[', on_one_line); }
  void end_array() { end(']'); }

  void key(std::string_view name);
  void value(std::string_view text) { raw(json_string(text)); }
  void value(const char* text) { value(std::string_view(text)); }
  void value(std::uint64_t number) { raw(std::to_string(number)); }
  void value(double number) { raw(fmt::format("{:.6g}", number)); }
  void value(bool truth) { raw(truth ? "true" : "false"); }
  void null() { raw("null"); }
  template <class T>
  void value(const std::optional<T>& maybe) {
    maybe ? value(*maybe) : null();
  }

  template <class T>
  void member(std::string_view name, const T& content) {
    key(name);
    value(content);
  }

 private:
  void begin(char bracket, bool on_one_line);
  void end(char bracket);
  void raw(std::string_view text);
  void separate();

  std::string& out_;
  std::string open_;  // one character a level: 'i' on one line, 'm' on many
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace weigh
