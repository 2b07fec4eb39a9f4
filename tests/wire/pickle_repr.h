// Values of a pickle as text, much as Python's repr: what a test compares.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "wire/pickle.h"

namespace weigh::testing {

class PickleRepr {
 public:
  std::string of(pickle::Value value) {
    using pickle::Kind;
    const void* node = value.identity();
    if (node != nullptr && !open_.insert(node).second) return "...";
    std::string text;
    switch (value.kind()) {
      case Kind::none: text = "None"; break;
      case Kind::boolean: text = value.boolean() ? "True" : "False"; break;
      case Kind::integer: text = std::to_string(value.integer()); break;
      case Kind::big_integer: text = "big(" + escaped(value.text()) + ")"; break;
      case Kind::real: text = fmt::format("{}", value.real()); break;
      case Kind::string: text = "'" + escaped(value.text()) + "'"; break;
      case Kind::bytes: text = "b'" + escaped(value.text()) + "'"; break;
      case Kind::tuple: text = "(" + items(value.items()) + ")"; break;
      case Kind::list: text = "[" + items(value.items()) + "]"; break;
      case Kind::dict: text = "{" + entries(value.entries()) + "}"; break;
      case Kind::set: text = "set(" + items(value.items()) + ")"; break;
      case Kind::global: text = "<" + escaped(value.text()) + ">"; break;
      case Kind::object: text = object(value.object()); break;
      case Kind::persistent: text = "persistent(" + items(value.items()) + ")"; break;
      case Kind::extension: text = fmt::format("extension({})", value.integer()); break;
    }
    open_.erase(node);
    return text;
  }

 private:
  static std::string escaped(std::string_view text) {
    std::string plain;
    for (const char c : text) {
      const bool is_shown = c >= ' ' && c < 127;
      plain += is_shown ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return plain;
  }
  std::string items(std::span<const pickle::Value> values) {
    std::string text;
    for (pickle::Value value : values) text += (text.empty() ? "" : ", ") + of(value);
    return text;
  }
  std::string entries(pickle::Entries pairs) {
    std::string text;
    for (const auto& [key, value] : pairs) text += (text.empty() ? "" : ", ") + of(key) + ": " + of(value);
    return text;
  }
  std::string object(const pickle::Object& object) {
    std::string text = of(object.callable()) + of(object.arguments());
    if (!object.keywords().is(pickle::Kind::none)) text += " keywords " + of(object.keywords());
    if (!object.state().is(pickle::Kind::none)) text += " state " + of(object.state());
    if (!object.items().empty()) text += " items [" + items(object.items()) + "]";
    if (!object.entries().empty()) text += " entries {" + entries(object.entries()) + "}";
    return text;
  }

  std::set<const void*> open_;  // what is being written, for values that hold themselves
};

inline std::string repr(pickle::Value value) { return PickleRepr().of(value); }

}  // namespace weigh::testing
