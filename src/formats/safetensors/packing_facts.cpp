#include "formats/safetensors/packing_facts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "bytes/digits.h"
#include "bytes/source.h"
#include "conventions/packed_formats.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kType = "quant_type";
constexpr std::string_view kGroup = "group_size";
constexpr std::size_t kLongestLayers = std::size_t{16} << 20;

// "fc" for "fc.weight.quant_type", whose `key` is "quant_type".
std::optional<std::string> layer_of(std::string_view name, std::string_view key) {
  if (name.size() <= key.size() + 1 || !name.ends_with(key) || name[name.size() - key.size() - 1] != '.')
    return std::nullopt;
  name.remove_suffix(key.size() + 1);
  const std::size_t dot = name.rfind('.');
  return std::string(dot == name.npos ? std::string_view() : name.substr(0, dot));
}

using Layers = std::map<std::string, Packing>;

template <class Visit>
void for_each_member(const std::string& text, Visit&& visit) {
  const auto source = memory_source("", text);
  json::Text json;
  json.read(*source, 0, text.size());
  json::Parser parser;
  json::Document document(parser, json, "");
  document.for_each_member([&](std::string_view key, json::Value value) { visit(document, key, value); });
}

void add_layers(const std::string& text, Layers& layers) {
  if (text.size() > kLongestLayers) return;
  for_each_member(text, [&](json::Document& document, std::string_view key, json::Value& value) {
    if (key != "layers" || value.type().value() != simdjson::ondemand::json_type::object) return;
    document.each(value.get_object().value(), [&](std::string_view path, json::Value& layer) {
      if (layer.type().value() != simdjson::ondemand::json_type::object) return;
      const std::string name(path);
      document.each(layer.get_object().value(), [&](std::string_view fact, json::Value& held) {
        std::string_view format;
        if (fact == "format" && !held.get_string().get(format)) layers[name] = conventions::packed_format(format);
      });
    });
  });
}

void add_method(const std::string& text, QuantizationConfig& config) {
  for_each_member(text, [&](json::Document&, std::string_view key, json::Value& value) {
    std::string_view method;
    if ((key == "method" || key == "quant_method") && config.method.empty() && !value.get_string().get(method))
      config.method = std::string(method.substr(0, 100));
  });
}

// Whoever writes something else under such a key says nothing of packing.
template <class Work>
void attempt(Work&& work) {
  try {
    work();
  } catch (const Error&) {
    return;
  }
}

}  // namespace

void add_packing_facts(const std::vector<std::pair<std::string, std::string>>& metadata, QuantizationConfig& config) {
  Layers layers;
  for (const auto& [key, value] : metadata) {
    if (key == kType && config.bits == 0) {
      const Packing packing = conventions::packed_format(value);
      config.bits = packing.bits;
      if (config.group_size == 0) config.group_size = packing.group_size;
    } else if (key == kGroup) {
      if (const auto size = number_of(value)) config.group_size = *size;
    } else if (const auto typed = layer_of(key, kType)) {
      const Packing packing = conventions::packed_format(value);
      layers[*typed].bits = packing.bits;
      if (layers[*typed].group_size == 0) layers[*typed].group_size = packing.group_size;
    } else if (const auto grouped = layer_of(key, kGroup)) {
      if (const auto size = number_of(value)) layers[*grouped].group_size = *size;
    } else if (key == "_quantization_metadata") {
      attempt([&] { add_layers(value, layers); });
    } else if (key == "quantization_config") {
      attempt([&] { add_method(value, config); });
    }
  }
  for (auto& [path, packing] : layers)
    if (packing.bits != 0 || packing.group_size != 0) config.layers.emplace_back(path, packing);
  std::sort(config.layers.begin(), config.layers.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

}  // namespace weigh
