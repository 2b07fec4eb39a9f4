#include "places/config_keys.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>

#include "bytes/shown.h"
#include "conventions/embeddings.h"
#include "conventions/layer_kinds.h"
#include "conventions/transformers.h"

namespace weigh {
namespace {

using conventions::config_keys;
using conventions::ConfigFact;

constexpr unsigned kDeepest = 6;             // objects in objects: quantization_config.config_groups.group_0.weights
constexpr std::size_t kMostKeys = 20'000;    // a configuration has hundreds
constexpr std::size_t kMostWords = 64;       // kept of a list
constexpr std::size_t kLongestList = 4'096;  // one number for each layer

// "W4A16_AWQ": weights of 4 bits.
unsigned bits_of_algorithm(std::string_view name) {
  const bool is_told = name.size() > 2 && name[0] == 'W' && name[1] >= '1' && name[1] <= '8' && name[2] == 'A';
  return is_told ? static_cast<unsigned>(name[1] - '0') : 0;
}

unsigned at_most_64(std::uint64_t bits) { return static_cast<unsigned>(std::min<std::uint64_t>(64, bits)); }

}  // namespace

void ConfigKeys::add(json::Document& document, std::string_view key, json::Value& value) {
  add(document, std::string(key), value, 0);
}

void ConfigKeys::add(json::Document& document, const std::string& path, json::Value& value, unsigned depth) {
  if (numbers_.size() + texts_.size() + lists_.size() + kinds_.size() + nulls_.size() > kMostKeys) return;
  switch (value.type().value()) {
    case simdjson::ondemand::json_type::object:
      if (depth == kDeepest) return;
      note_object(path);
      document.each(value.get_object().value(), [&](std::string_view key, json::Value& member) {
        add(document, path + "." + std::string(key), member, depth + 1);
      });
      return;
    case simdjson::ondemand::json_type::array: return add_list(document, path, value.get_array().value(), depth);
    case simdjson::ondemand::json_type::null: nulls_.insert(path); return;
    case simdjson::ondemand::json_type::number: {
      std::uint64_t number = 0;
      if (!value.get_uint64().get(number)) numbers_[path] = number;
      return;
    }
    case simdjson::ondemand::json_type::boolean:
      numbers_[path] =
          value.raw_json_token().starts_with('t') ? 1 : 0;  // get_bool() wants tables that the program lacks
      return;
    case simdjson::ondemand::json_type::string: {
      std::string_view text;
      if (!value.get_string().get(text)) texts_[path] = std::string(text.substr(0, kShownText));
      return;
    }
    default: return;
  }
}

// Most configurations have none of the objects that could be the language model's.
void ConfigKeys::note_object(std::string_view path) {
  const std::span<const std::string_view> all = config_keys(ConfigFact::text_object);
  const auto place = std::find(all.begin(), all.end(), path);
  if (place == all.end() || std::find(objects_.begin(), objects_.end(), *place) != objects_.end()) return;
  const auto after = [&](std::string_view other) { return std::find(all.begin(), all.end(), other) > place; };
  objects_.insert(std::find_if(objects_.begin(), objects_.end(), after), *place);
}

void ConfigKeys::add_list(json::Document& document, const std::string& path, json::Array list, unsigned depth) {
  const std::span<const std::string_view> blocks = config_keys(ConfigFact::layer_blocks);
  const bool holds_blocks = depth < kDeepest && std::any_of(blocks.begin(), blocks.end(), [&](std::string_view key) {
                              return path == key || path.ends_with("." + std::string(key));
                            });
  std::vector<std::uint64_t>& numbers = lists_[path];
  std::vector<conventions::LayerKind>& kinds = kinds_[path];
  std::vector<std::string>& words = words_[path];
  std::size_t count = 0;
  for (auto item : list) {
    if (count++ == kLongestList) break;
    json::Value value = item.value();
    std::uint64_t number = 0;
    std::string_view text;
    switch (value.type().value()) {
      case simdjson::ondemand::json_type::number:
        if (!value.get_uint64().get(number)) numbers.push_back(number);
        break;
      case simdjson::ondemand::json_type::boolean:
        numbers.push_back(value.raw_json_token().starts_with('t') ? 1 : 0);
        break;
      case simdjson::ondemand::json_type::string:
        if (value.get_string().get(text)) break;
        kinds.push_back(conventions::layer_kind(text));
        if (words.size() < kMostWords) words.emplace_back(text.substr(0, kShownText));
        break;
      case simdjson::ondemand::json_type::object:
        if (holds_blocks) add(document, path + "." + std::to_string(count - 1), value, depth + 1);
        break;
      default: break;
    }
  }
  if (numbers.empty()) lists_.erase(path);
  if (kinds.empty()) kinds_.erase(path);
  if (words.empty()) words_.erase(path);
}

template <class T>
const T* ConfigKeys::find(const std::map<std::string, T, std::less<>>& values, ConfigFact fact) const {
  for (std::string_view object : objects_)
    for (std::string_view key : config_keys(fact))
      if (auto found = values.find(std::string(object) + "." + std::string(key)); found != values.end())
        return &found->second;
  for (std::string_view key : config_keys(fact))
    if (auto found = values.find(key); found != values.end()) return &found->second;
  return nullptr;
}

std::uint64_t ConfigKeys::number(ConfigFact fact) const {
  if (const std::uint64_t* found = find(numbers_, fact)) return *found;
  const std::vector<std::uint64_t>* list = find(lists_, fact);  // one number for each layer
  const bool is_one = list != nullptr && !list->empty() &&
                      std::all_of(list->begin(), list->end(), [&](std::uint64_t n) { return n == list->front(); });
  return is_one ? list->front() : 0;
}

std::optional<std::uint64_t> ConfigKeys::said(ConfigFact fact) const {
  for (std::string_view object : objects_) {
    for (std::string_view key : config_keys(fact)) {
      const std::string path = std::string(object) + "." + std::string(key);
      if (const auto found = numbers_.find(path); found != numbers_.end()) return found->second;
      if (nulls_.contains(path)) return 0;
    }
  }
  for (std::string_view key : config_keys(fact)) {
    if (const auto found = numbers_.find(key); found != numbers_.end()) return found->second;
    if (nulls_.contains(key)) return 0;
  }
  return std::nullopt;
}

std::string_view ConfigKeys::text(ConfigFact fact) const {
  const std::string* found = find(texts_, fact);
  return found == nullptr ? std::string_view() : *found;
}

std::uint64_t ConfigKeys::agreed(std::string_view pattern) const {
  const auto [begin, end] = conventions::key_pattern(pattern);
  std::uint64_t number = 0;
  for (const auto& [key, value] : numbers_) {
    if (!key.starts_with(begin) || !key.ends_with(end)) continue;
    if (number != 0 && number != value) return 0;
    number = value;
  }
  return number;
}

QuantizationConfig ConfigKeys::quantization() const {
  QuantizationConfig config;
  config.bits = at_most_64(number(ConfigFact::packing_bits));
  config.group_size = number(ConfigFact::packing_group_size);
  for (std::size_t i = 0; i < config_keys(ConfigFact::group_bits).size(); ++i) {
    const std::string_view bits = config_keys(ConfigFact::group_bits)[i];
    const std::string_view group_size = config_keys(ConfigFact::group_group_size)[i];
    if (config.bits == 0) config.bits = at_most_64(agreed(bits));
    if (config.group_size == 0) config.group_size = agreed(group_size);
    const std::vector<std::pair<std::string, Packing>> each = packings(bits, group_size);
    for (std::size_t j = 0; each.size() > 1 && j < each.size(); ++j) {
      config.groups.push_back(each[j].second);
      const std::string_view begin = conventions::key_pattern(bits).begin;
      const auto targets = words_.find(std::string(begin) + each[j].first + ".targets");
      if (targets == words_.end()) continue;
      for (const std::string& target : targets->second) config.targets.push_back({target, each[j].second});
    }
  }
  // One number for all modules, unless patterns of their names give others.
  const std::uint64_t all = number(ConfigFact::bits_beside_patterns);
  const std::vector<std::pair<std::string, Packing>> patterns =
      packings(ConfigFact::pattern_bits, ConfigFact::pattern_group_size);
  const bool is_one =
      std::all_of(patterns.begin(), patterns.end(), [&](const auto& p) { return p.second.bits == all; });
  if (config.bits == 0 && is_one) config.bits = at_most_64(all);
  config.layers = packings(ConfigFact::layer_bits, ConfigFact::layer_group_size);
  std::sort(config.layers.begin(), config.layers.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  config.method = text(ConfigFact::packing_method);
  if (config.bits == 0) config.bits = bits_of_algorithm(text(ConfigFact::packing_algorithm));
  return config;
}

std::vector<std::pair<std::string, Packing>> ConfigKeys::packings(ConfigFact bits, ConfigFact group_size) const {
  std::vector<std::pair<std::string, Packing>> all;
  for (std::size_t i = 0; i < config_keys(bits).size(); ++i) {
    std::vector<std::pair<std::string, Packing>> some = packings(config_keys(bits)[i], config_keys(group_size)[i]);
    all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  return all;
}

std::vector<std::pair<std::string, Packing>> ConfigKeys::packings(std::string_view bits,
                                                                  std::string_view group_size) const {
  const auto [begin, end] = conventions::key_pattern(bits);
  const std::string_view group_end = conventions::key_pattern(group_size).end;
  std::vector<std::pair<std::string, Packing>> all;
  for (auto i = numbers_.lower_bound(begin); i != numbers_.end() && i->first.starts_with(begin); ++i) {
    const std::string_view key = i->first;
    if (key.size() <= begin.size() + end.size() || !key.ends_with(end)) continue;
    const std::string name(key.substr(begin.size(), key.size() - begin.size() - end.size()));
    const auto group = numbers_.find(std::string(begin) + name + std::string(group_end));
    all.emplace_back(name, Packing{at_most_64(i->second), group == numbers_.end() ? 0 : group->second});
  }
  return all;
}

ExpertsConfig ConfigKeys::experts() const {
  ExpertsConfig config;
  const std::vector<std::uint64_t>* list = find(lists_, ConfigFact::experts);
  if (list != nullptr && list->size() <= 16) {
    config.pools = *list;
  } else if (const std::uint64_t all = number(ConfigFact::experts); all > 1) {
    config.pools = {all};
  }
  config.per_token = number(ConfigFact::experts_per_token);
  config.empty = number(ConfigFact::empty_experts);
  config.shared = number(ConfigFact::shared_experts);
  if (config.shared == 0 && number(ConfigFact::shared_expert_width) != 0) config.shared = 1;
  return config;
}

Config ConfigKeys::config() const {
  Config config;
  config.quantization = quantization();
  config.experts = experts();
  config.layers = number(ConfigFact::layers);
  config.cache.context = number(ConfigFact::context);
  const std::string_view dtype = text(ConfigFact::dtype);
  config.cache.element_bytes = dtype == "float32" ? 4 : dtype == "bfloat16" || dtype == "float16" ? 2 : 0;
  config.predicting_layers = number(ConfigFact::predicting_layers);
  config.types = types();
  tie_embeddings(config);
  return config;
}

std::vector<std::string> ConfigKeys::types() const {
  constexpr std::string_view kType = "model_type";
  const auto is_there = [](const auto& values, std::string_view begin) {
    const auto found = values.lower_bound(begin);
    return found != values.end() && found->first.starts_with(begin);
  };
  std::vector<std::string> types;
  if (is_there(texts_, "auto_map") || is_there(lists_, "auto_map") || is_there(words_, "auto_map")) return types;
  if (const auto whole = texts_.find(kType); whole != texts_.end()) types.push_back(whole->second);
  if (const auto of_diffusers = texts_.find("_class_name"); of_diffusers != texts_.end())
    types.push_back(of_diffusers->second);
  for (const auto& [key, text] : texts_)
    if (key.ends_with(kType) && key.size() > kType.size() && key[key.size() - kType.size() - 1] == '.')
      types.push_back(text);
  return types;
}

bool ConfigKeys::has_text_part() const {
  const auto objects = config_keys(ConfigFact::text_object);
  return std::any_of(objects.begin(), objects.end(), [this](std::string_view object) {
    return texts_.find(std::string(object) + ".model_type") != texts_.end();
  });
}

// Of a model with towers its own word counts before that of its text part, whose class may only have a default. What is
// left out is what the class has by default; before version 5 a model of one part left it out where it is true.
void ConfigKeys::tie_embeddings(Config& config) const {
  const auto both = numbers_.find("share_encoder_decoder_embeddings");
  config.ties_both_sides = both != numbers_.end()
                               ? both->second != 0
                               : config.types.empty() || !conventions::has_two_models(config.types.front());
  for (const std::string_view key : config_keys(ConfigFact::tied_embeddings)) {
    if (const auto own = numbers_.find(key); own != numbers_.end()) {
      config.tied_embeddings = own->second != 0;
      config.untied_embeddings = own->second == 0;
      return;
    }
  }
  if (const std::uint64_t* of_part = find(numbers_, ConfigFact::tied_embeddings)) {
    config.tied_embeddings = *of_part != 0;
    config.untied_embeddings = *of_part == 0;
    return;
  }
  std::optional<bool> by_class;
  for (const std::string& type : config.types)
    if (!by_class) by_class = conventions::tied_by_default(type);
  const auto version = texts_.find("transformers_version");
  if (by_class && version != texts_.end() && version->second.starts_with("4.") && !has_text_part() &&
      !conventions::always_tells_ties(config.types.front()))
    by_class = true;
  config.ties_are_told = by_class.has_value();
  config.tied_embeddings = by_class.value_or(false);
}

template const std::vector<std::uint64_t>* ConfigKeys::find(
    const std::map<std::string, std::vector<std::uint64_t>, std::less<>>&, ConfigFact) const;
template const std::vector<conventions::LayerKind>* ConfigKeys::find(
    const std::map<std::string, std::vector<conventions::LayerKind>, std::less<>>&, ConfigFact) const;
template const std::uint64_t* ConfigKeys::find(const std::map<std::string, std::uint64_t, std::less<>>&,
                                               ConfigFact) const;

}  // namespace weigh
