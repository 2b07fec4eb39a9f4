// The keys of a config.json that count, as numbers: nested objects by their path ("text_config.hidden_size").
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/json.h"

#include "weigh/config.h"

namespace weigh {

class ConfigKeys {
 public:
  // Remembers a member; of an object its members, of a list its numbers and how often each text occurs.
  void add(json::Document& document, std::string_view key, json::Value& value);

  // The configuration of the language model.
  Config config() const;

 private:
  void add(json::Document& document, const std::string& path, json::Value& value, unsigned depth);
  void add_list(const std::string& path, json::Array list);
  // The first of the keys that is there, in the language model's object before the whole model's.
  template <class T>
  const T* find(const std::map<std::string, T, std::less<>>& values,
                std::initializer_list<std::string_view> keys) const;
  std::uint64_t number(std::initializer_list<std::string_view> keys) const;
  std::string_view text(std::initializer_list<std::string_view> keys) const;
  QuantizationConfig quantization() const;
  // Of all objects below `begin`, by their paths there, the two members that end so.
  std::vector<std::pair<std::string, Packing>> packings(std::string_view begin, std::string_view bits,
                                                        std::string_view group_size) const;
  ExpertsConfig experts() const;
  CacheConfig cache(std::uint64_t layers) const;
  // What all keys that end so say, where they agree.
  std::uint64_t agreed(std::string_view begin, std::string_view end) const;

  std::map<std::string, std::uint64_t, std::less<>> numbers_;
  std::map<std::string, std::string, std::less<>> texts_;
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> lists_;
  std::map<std::string, std::map<std::string, std::uint64_t, std::less<>>, std::less<>> words_;
};

}  // namespace weigh
