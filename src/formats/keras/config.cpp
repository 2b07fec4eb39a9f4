#include "formats/keras/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "bytes/digits.h"
#include "bytes/source.h"
#include "formats/keras/classes.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh::keras {
namespace {

constexpr std::size_t kLongestSetting = 256;

// Those that classes.cpp asks for.
constexpr std::array<std::string_view, 23> kSettings = {
    "units",      "filters",   "kernel_size", "use_bias",         "center",      "scale",
    "groups",     "use_scale", "input_dim",   "output_dim",       "axis",        "num_heads",
    "key_dim",    "value_dim", "tie_weights", "reset_after",      "rms_scaling", "renorm",
    "score_mode", "mean",      "shared_axes", "depth_multiplier", "bias_axes"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

using Kind = simdjson::ondemand::json_type;

// Objects are parsed one after the other, not one inside the other: each is a part of the text that is kept on a list.
class ConfigReader {
 public:
  ConfigReader(std::string_view source, const Limits& limits) : source_(source), limits_(limits) {}

  std::vector<ConfigNode> read(const std::string& text) {
    const auto memory = memory_source(std::string(source_), text);
    text_.read(*memory, 0, text.size());
    nodes_.emplace_back();
    open_.push_back({0, text_.view(), Part::layer, 0});
    while (!open_.empty()) {
      const Step step = open_.back();
      open_.pop_back();
      parse(step);
    }
    finish();
    return std::move(nodes_);
  }

 private:
  enum class Part : std::uint8_t { layer, config, build_config, dtype, dtype_config };
  struct Step {
    std::size_t node;
    std::string_view json;
    Part part;
    std::size_t depth;
  };

  void parse(const Step& step) {
    parsed_ += step.json.size();
    if (parsed_ > limits_.json_file_bytes || step.depth > limits_.module_depth) {
      throw Error(ErrorKind::limit, std::string(source_),
                  fmt::format("the configuration is longer than {} bytes or nests layers deeper than {} (limits "
                              "json_file_bytes, module_depth)",
                              limits_.json_file_bytes, limits_.module_depth));
    }
    json::Document document(parser_, step.json, source_);
    const std::size_t first = open_.size();
    document.for_each_member([&](std::string_view key, json::Value value) { take(step, key, value); });
    std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(first), open_.end());
  }

  void take(const Step& step, std::string_view key, json::Value& value) {
    switch (step.part) {
      case Part::layer: return take_of_layer(step, key, value);
      case Part::config: return take_of_config(step, key, value);
      case Part::build_config:
        if (key == "input_shape" && value.type().value() == Kind::array) read_shape(step.node, value);
        return;
      case Part::dtype:
        if (key == "class_name" && is_text(value)) read_policy(step.node, value.get_string().value());
        if (key == "config" && value.type().value() == Kind::object) push(step, value, Part::dtype_config);
        return;
      case Part::dtype_config:
        if (key == "name" && is_text(value)) nodes_[step.node].dtype = value.get_string().value();
        if (key == "mode" && is_text(value)) nodes_[step.node].quantization = value.get_string().value();
        return;
    }
  }

  void take_of_layer(const Step& step, std::string_view key, json::Value& value) {
    ConfigNode& node = nodes_[step.node];
    const Kind kind = value.type().value();
    if (key == "class_name" && kind == Kind::string) {
      node.class_name = value.get_string().value();
    } else if (key == "registered_name" && kind == Kind::string) {
      node.is_custom = std::string_view(value.get_string().value()).find('>') != std::string_view::npos;
    } else if (key == "build_config" && kind == Kind::object) {
      node.is_built = true;
      push(step, value, Part::build_config);
    } else if (key == "config" && kind == Kind::object) {
      push(step, value, Part::config);
    } else if (key == "config" && kind == Kind::array) {  // Keras before 2.2.3: the list alone
      add_list(step, "layers", value.get_array().value());
    }
  }

  void take_of_config(const Step& step, std::string_view key, json::Value& value) {
    const Kind kind = value.type().value();
    if (key == "name" && kind == Kind::string) {
      nodes_[step.node].name = value.get_string().value();
    } else if (key == "trainable" && kind == Kind::boolean) {
      nodes_[step.node].trainable = value.raw_json_token().starts_with('t');
    } else if (key == "dtype" && kind == Kind::string) {
      nodes_[step.node].dtype = value.get_string().value();
    } else if (key == "dtype" && kind == Kind::object) {
      push(step, value, Part::dtype);
    } else if (key == "build_input_shape" && kind == Kind::array) {
      nodes_[step.node].is_built = true;
    } else if ((key == "layers" || key == "cells") && kind == Kind::array) {
      add_list(step, key, value.get_array().value());
    } else if (std::find(kSettings.begin(), kSettings.end(), key) != kSettings.end() && kind != Kind::object) {
      add_setting(step.node, key, value, kind);
    } else if (kind == Kind::object && may_be_layer(key)) {
      add_child(step, key, value);
    }
  }

  static bool may_be_layer(std::string_view key) {
    return !key.ends_with("_initializer") && !key.ends_with("_regularizer") && !key.ends_with("_constraint");
  }

  static bool is_text(json::Value& value) { return value.type().value() == Kind::string; }

  void push(const Step& step, json::Value& value, Part part) {
    open_.push_back({step.node, value.get_object().value().raw_json().value(), part, step.depth});
  }

  void add_child(const Step& step, std::string_view key, json::Value& value) {
    const std::size_t child = nodes_.size();
    parsed_ += sizeof(ConfigNode);  // a layer takes three bytes of a text that is made for it
    nodes_.emplace_back();
    nodes_[child].key = key;
    nodes_[step.node].children.push_back(child);
    open_.push_back({child, value.get_object().value().raw_json().value(), Part::layer, step.depth + 1});
  }

  void add_list(const Step& step, std::string_view key, json::Array list) {
    if (key == "layers") nodes_[step.node].is_model = true;
    for (auto item : list) {
      json::Value value = item.value();
      if (value.type().value() == Kind::object) add_child(step, key, value);
    }
  }

  void add_setting(std::size_t node, std::string_view key, json::Value& value, Kind kind) {
    const std::string_view raw =
        kind == Kind::array ? value.get_array().value().raw_json().value() : value.raw_json_token();
    if (raw.size() <= kLongestSetting) nodes_[node].settings.emplace(key, trimmed(raw));
  }

  void read_shape(std::size_t node, json::Value& value) {
    std::vector<std::optional<std::uint64_t>>& shape = nodes_[node].input_shape;
    shape.clear();
    json::Array extents = value.get_array().value();  // named: a range-for would not keep the result alive
    for (auto item : extents) {
      json::Value extent = item.value();
      const Kind kind = extent.type().value();
      std::uint64_t number = 0;
      const bool is_number = kind == Kind::number && !extent.get_uint64().get(number) && number <= Extent::kMax;
      if ((!is_number && kind != Kind::null) || shape.size() >= limits_.dimensions) {
        shape.clear();  // a list of shapes: that of a layer with several inputs
        return;
      }
      shape.push_back(is_number ? std::optional(number) : std::nullopt);
    }
  }

  void read_policy(std::size_t node, std::string_view class_name) {
    if (class_name.starts_with("Quantized")) nodes_[node].quantization = class_name;
  }

  // A parent stands before its children, so what is frozen is frozen below. Objects that are no layers go.
  void finish() {
    for (ConfigNode& node : nodes_) {
      node.is_layer = !node.class_name.empty() && !node.name.empty();
      std::erase_if(node.children,
                    [&](std::size_t child) { return nodes_[child].class_name.empty() || nodes_[child].name.empty(); });
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      expand(nodes_, i);
      for (const std::size_t child : nodes_[i].children) nodes_[child].trainable &= nodes_[i].trainable;
    }
  }

  std::string_view source_;
  const Limits& limits_;
  json::Text text_;
  json::Parser parser_;
  std::vector<ConfigNode> nodes_;
  std::vector<Step> open_;
  std::uint64_t parsed_ = 0;
};

}  // namespace

std::optional<std::uint64_t> ConfigNode::number(std::string_view setting) const {
  const auto found = settings.find(setting);
  if (found == settings.end()) return std::nullopt;
  const std::optional<std::uint64_t> number = number_of(found->second);
  return number && *number <= Extent::kMax ? number : std::nullopt;
}

bool ConfigNode::is_true(std::string_view setting, bool otherwise) const {
  const auto found = settings.find(setting);
  if (found == settings.end()) return otherwise;
  return found->second == "true" || (found->second != "false" && found->second != "null" && otherwise);
}

std::vector<std::uint64_t> ConfigNode::numbers(std::string_view setting) const {
  std::vector<std::uint64_t> all;
  const auto found = settings.find(setting);
  if (found == settings.end()) return all;
  std::string_view text = found->second;
  if (!text.starts_with('[') || !text.ends_with(']')) return all;
  text.remove_prefix(1);
  while (!text.empty()) {
    while (text.starts_with(' ') || text.starts_with(',')) text.remove_prefix(1);
    if (text == "]") return all;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number > Extent::kMax) return {};
    all.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  return {};
}

std::vector<ConfigNode> read_model_config(const std::string& text, std::string_view source, const Limits& limits) {
  return ConfigReader(source, limits).read(text);
}

}  // namespace weigh::keras
