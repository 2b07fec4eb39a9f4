// What readers need of JSON, on top of simdjson: text with the padding that it wants, keys as views into that text, and
// errors that say where.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "bytes/source.h"

#include "weigh/error.h"

namespace weigh::json {

using Value = simdjson::ondemand::value;
using Object = simdjson::ondemand::object;
using Array = simdjson::ondemand::array;

// Bytes of a source, with the padding behind them that simdjson wants. One text after the other can be read into it.
class Text {
 public:
  // Throws Error(truncated) where the source ends before.
  void read(Source& source, std::uint64_t offset, std::uint64_t length);

  // The whole source, where it can be had without a copy; read(…) where not.
  void map(Source& source);

  std::string_view view() const { return {mapped_ ? mapped_.get() : bytes_.get(), length_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t length_ = 0;
  std::size_t capacity_ = 0;
  Mapping mapped_;
};

// What reading a document needs: memory that serves one after another.
struct Workspace {
  Text text;
  simdjson::ondemand::parser parser;
};

// JSON text of a source, checked to be UTF-8 and to hold one object and nothing behind it.
class Document {
 public:
  // The text that `workspace` holds; both must outlive this. `base` is the text's offset in the source.
  Document(Workspace& workspace, std::string_view label, std::uint64_t base = 0);

  // Calls visit(key, value) for every member; the key is a view into the text, or into the document where it holds
  // escapes, and then it is valid only until the next key.
  template <class Visit>
  void for_each_member(Visit&& visit) {
    run([&] {
      each(document_.get_object().value(), visit);
      const char* behind = nullptr;  // refused where nothing is left
      if (!document_.current_location().get(behind)) fail("something follows the JSON object");
    });
  }
  template <class Visit>
  void each(Object object, Visit&& visit) {
    for (auto result : object) {
      simdjson::ondemand::field field = std::move(result).take_value();
      std::string_view key = key_of(field);
      visit(key, field.value());
    }
  }

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
  std::string_view key_of(simdjson::ondemand::field& field);
  [[noreturn]] void fail_json(const simdjson::simdjson_error& error) const;

  std::string_view label_;
  std::string_view text_;
  std::uint64_t base_;
  simdjson::ondemand::document document_;
};

}  // namespace weigh::json
