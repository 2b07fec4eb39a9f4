#include "formats/npz/skops.h"

#include <utility>

#include "bytes/source.h"
#include "wire/json.h"

namespace weigh {
namespace {

using Type = simdjson::ondemand::json_type;

constexpr unsigned kDeepest = 64;
constexpr std::size_t kLongestText = 200;

class Walk {
 public:
  Walk(json::Document& document, const Limits& limits, SkopsSchema& schema)
      : document_(document), limits_(limits), schema_(schema) {}

  // A member of the node, of which the loader stands before the content.
  void member(std::string_view key, json::Value& value, std::string& loader, const std::string& path, unsigned depth) {
    std::string_view text;
    if (key == "__loader__" && !value.get_string().get(text)) loader = text.substr(0, kLongestText);
    if (key == "__class__" && depth == 0 && !value.get_string().get(text)) schema_.type = text.substr(0, kLongestText);
    if (key == "file" && !value.get_string().get(text)) add(text, path);
    if (key == "content") content(value, loader == "DictNode", path, depth + 1);
  }

 private:
  void content(json::Value& value, bool is_by_key, const std::string& path, unsigned depth) {
    if (depth > kDeepest || path.size() > limits_.name_bytes) return;
    const Type type = value.type().value();
    if (type == Type::array) {
      std::size_t number = 0;
      json::Array items = value.get_array().value();
      for (auto item : items) node(item.value(), below(path, std::to_string(number++)), depth);
    } else if (type == Type::object && is_by_key) {
      document_.each(value.get_object().value(),
                     [&](std::string_view key, json::Value& held) { node(held, below(path, key), depth); });
    } else {
      node(value, path, depth);
    }
  }

  void node(json::Value value, const std::string& path, unsigned depth) {
    if (value.type().value() != Type::object) return;
    std::string loader;
    document_.each(value.get_object().value(),
                   [&](std::string_view key, json::Value& held) { member(key, held, loader, path, depth); });
  }

  void add(std::string_view entry, const std::string& path) {
    const auto [place, is_new] = schema_.paths.try_emplace(std::string(entry), path);
    if (!is_new && is_private_to_estimator(place->second)) place->second = path;
  }

  static std::string below(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  }

  json::Document& document_;
  const Limits& limits_;
  SkopsSchema& schema_;
};

}  // namespace

SkopsSchema read_skops_schema(const std::string& label, const std::string& text, const Limits& limits) {
  SkopsSchema schema;
  const auto memory = memory_source(label, text);
  json::File file(*memory, limits);
  Walk walk(file.document(), limits, schema);
  std::string loader;
  file.document().for_each_member(
      [&](std::string_view key, json::Value& value) { walk.member(key, value, loader, "", 0); });
  return schema;
}

bool is_private_to_estimator(std::string_view path) {
  return path.starts_with('_') || path.find("._") != std::string_view::npos;
}

}  // namespace weigh
