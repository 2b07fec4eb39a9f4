// What readers need of JSON, on top of simdjson: text with the padding that it wants, keys as views into that text, and
// errors that say where.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "bytes/source.h"

#include "weigh/error.h"
#include "weigh/limits.h"

namespace weigh::json {

using Value = simdjson::ondemand::value;
using Object = simdjson::ondemand::object;
using Array = simdjson::ondemand::array;
using Parser = simdjson::ondemand::parser;

// The program opens simdjson when it is first used (cli/load_simdjson.cpp): this uses it. Elsewhere nothing is left to
// be done. May be called by any thread.
void load();

// Bytes of a source, with the padding behind them that simdjson wants.
class Text {
 public:
  // Throws Error(truncated) where the source ends before.
  void read(Source& source, std::uint64_t offset, std::uint64_t length);

  // The whole source: a large one without a copy, where that can be had.
  void read_whole(Source& source);

  std::string_view view() const { return {mapped_ ? mapped_.get() : bytes_.get(), length_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t length_ = 0;
  Mapping mapped_;
};

class Document;

// The name of a member. Names without escapes, which are all in practice, stay where they are in the text.
class Key {
 public:
  Key(const Document& document, simdjson::ondemand::field& field) : document_(document), field_(field) {}

  // Whether it is this name, which holds neither quotes nor backslashes and is shorter than the padding. Its end is not
  // looked for.
  bool is(std::string_view name) {
    if (text_) return *text_ == name;
    const char* raw = field_.key().raw();
    if (std::memcmp(raw, name.data(), name.size()) == 0 && raw[name.size()] == '"') return true;
    const char* other = std::mismatch(name.begin(), name.end(), raw).second;
    return *other == '\\' && text() == name;
  }
  // A view into the text; into the parser, and valid until the next document, where it holds escapes.
  std::string_view text();
  operator std::string_view() { return text(); }  // NOLINT(google-explicit-constructor): a key is a text

 private:
  const Document& document_;
  simdjson::ondemand::field& field_;
  std::optional<std::string_view> text_;
};

// JSON text of a source, checked to be UTF-8 and to hold one object and nothing behind it.
class Document {
 public:
  // The parser and the text must outlive this; the parser's memory serves one document after another. `base` is the
  // text's offset in the source.
  Document(Parser& parser, const Text& text, std::string_view label, std::uint64_t base = 0)
      : Document(parser, text.view(), label, base) {}
  // The same of a part of a Text.
  Document(Parser& parser, std::string_view part, std::string_view label, std::uint64_t base = 0);

  // Calls visit(key, value) for every member: a Key&, which may be taken as a std::string_view, and a Value&.
  template <class Visit>
  void for_each_member(Visit&& visit) {
    run([&] {
      each(document_.get_object().value(), visit);
      const char* behind = nullptr;  // refused where nothing is left
      if (!document_.current_location().get(behind)) fail("something follows the JSON object");
    });
  }
  // The same of text that is an array: visit(value) for every element.
  template <class Visit>
  void for_each_element(Visit&& visit) {
    run([&] {
      Array array = document_.get_array().value();
      for (auto element : array) {
        Value value = element.value();
        visit(value);
      }
      const char* behind = nullptr;
      if (!document_.current_location().get(behind)) fail("something follows the JSON array");
    });
  }
  template <class Visit>
  void each(Object object, Visit&& visit) {
    for (auto result : object) {
      // By reference: copies of what was just written in parts cost more than all the rest.
      simdjson::ondemand::field&& field = std::move(result).take_value();
      Key key(*this, field);
      visit(key, field.value());
    }
  }

  std::string_view text() const { return text_; }
  // Whether a view that a visit received lies in the text, and so lives as long as it.
  bool is_in_text(std::string_view view) const {
    return view.data() >= text_.data() && view.data() < text_.data() + text_.size();
  }
  [[noreturn]] void fail(const std::string& message) const;

 private:
  template <class Work>
  void run(Work&& work) {
    try {
      work();
    } catch (const simdjson::simdjson_error& error) {
      fail_json(error);
    }
  }
  [[noreturn]] void fail_json(const simdjson::simdjson_error& error) const;

  std::string_view label_;
  std::string_view text_;
  std::uint64_t base_;
  simdjson::ondemand::document document_;
};

// A source that is JSON as a whole: a configuration, an index.
class File {
 public:
  // Throws Error(limit) where it has more bytes than json_file_bytes. The source must outlive this.
  File(Source& source, const Limits& limits);
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  Document& document() { return document_; }

 private:
  Text text_;
  Parser parser_;
  Document document_;
};

}  // namespace weigh::json
