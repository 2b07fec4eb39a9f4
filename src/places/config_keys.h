// The keys of a config.json that count, as numbers: nested objects by their path ("text_config.hidden_size").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conventions/config_keys.h"
#include "conventions/layer_kinds.h"
#include "model/cache_facts.h"
#include "wire/json.h"

#include "weigh/config.h"

namespace weigh {

class ConfigKeys {
 public:
  // Remembers a member; of an object its members, of a list its numbers and the kinds of layers that its words
  // name.
  void add(json::Document& document, std::string_view key, json::Value& value);

  // The configuration of the language model.
  Config config() const;
  // What it says of keys and values: cache_keys.cpp.
  CacheFacts cache_facts() const;

 private:
  void add(json::Document& document, const std::string& path, json::Value& value, unsigned depth);
  void add_list(json::Document& document, const std::string& path, json::Array list, unsigned depth);
  void note_object(std::string_view path);
  // By the first of the fact's keys that is there, in the language model's object before the whole model's.
  template <class T>
  const T* find(const std::map<std::string, T, std::less<>>& values, conventions::ConfigFact fact) const;
  std::uint64_t number(conventions::ConfigFact fact) const;
  std::string_view text(conventions::ConfigFact fact) const;
  // What all keys of the pattern say, where they agree.
  std::uint64_t agreed(std::string_view pattern) const;
  // By what stands for the `*`, the numbers of two patterns.
  std::vector<std::pair<std::string, Packing>> packings(std::string_view bits, std::string_view group_size) const;
  std::vector<std::pair<std::string, Packing>> packings(conventions::ConfigFact bits,
                                                        conventions::ConfigFact group_size) const;
  QuantizationConfig quantization() const;
  ExpertsConfig experts() const;
  // A number or a truth; nothing where the key is not there, 0 where it is null.
  std::optional<std::uint64_t> said(conventions::ConfigFact fact) const;
  void take_heads(CacheFacts& facts) const;
  void take_blocks(CacheFacts& facts) const;
  void take_kinds(CacheFacts& facts) const;
  std::vector<conventions::LayerKind> kinds_by_numbers(std::uint64_t layers) const;
  bool has_text_part() const;
  void tie_embeddings(Config& config) const;
  std::vector<std::string> types() const;

  std::map<std::string, std::uint64_t, std::less<>> numbers_;
  std::map<std::string, std::string, std::less<>> texts_;
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> lists_;
  std::map<std::string, std::vector<conventions::LayerKind>, std::less<>> kinds_;  // of a list of words
  std::map<std::string, std::vector<std::string>, std::less<>> words_;             // of such a list, where it is short
  std::set<std::string, std::less<>> nulls_;
  std::vector<std::string_view> objects_;  // that are there, of those that hold a language model, in the table's order
};

}  // namespace weigh
