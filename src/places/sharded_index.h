// The index beside shards: which tensor lies in which of them. https://huggingface.co/docs, "*.safetensors.index.json"
//
//   {"metadata": {"total_size": BYTES, "total_parameters": COUNT, …}, "weight_map": {"TENSOR": "FILE", …}}
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bytes/hash.h"
#include "bytes/source.h"
#include "wire/json.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

// The files that an index names, numbered as they are first named.
class IndexedFiles {
 public:
  Index number_of(std::string_view file) {
    auto [place, is_new] = numbers_.try_emplace(std::string(file), static_cast<Index>(names_.size()));
    if (is_new) names_.emplace_back(file);
    return place->second;
  }
  const std::vector<std::string>& names() const { return names_; }
  const std::string& operator[](Index number) const { return names_[number]; }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, Index> numbers_;
};

// What an index says of all shards.
struct IndexTotals {
  std::optional<std::uint64_t> size;        // "total_size", in bytes
  std::optional<std::uint64_t> parameters;  // "total_parameters"
  friend bool operator==(const IndexTotals&, const IndexTotals&) = default;
};

// The index, read as often as it is needed rather than kept: it is as large as the headers of all shards.
class IndexFile {
 public:
  IndexFile(Source& source, const Limits& limits) : source_(source), limits_(limits) {}

  // Calls visit(tensor, file) for each entry; the name is valid during the call.
  template <class Visit>
  void read(Visit&& visit) {
    json::File file(source_, limits_);
    json::Document& document = file.document();
    bool has_map = false;
    std::string_view last;  // file, as it stands in the text: neighbours mostly lie in the same shard
    Index number = 0;
    document.for_each_member([&](json::Key& key, json::Value& value) {
      if (key.is("metadata")) {
        document.each(value.get_object().value(), [&](json::Key& name, json::Value& fact) {
          std::uint64_t size = 0;
          if (name.is("total_size") && !fact.get_uint64().get(size)) totals.size = size;
          if (name.is("total_parameters") && !fact.get_uint64().get(size)) totals.parameters = size;
        });
      } else if (key.is("weight_map")) {
        document.each(value.get_object().value(), [&](std::string_view name, json::Value& place) {
          has_map = true;
          if (const std::string_view token = place.raw_json_token(); token != last) {
            number = number_of(place.get_string().value());
            last = token;
          }
          visit(name, number);
        });
      }
    });
    if (!has_map) document.fail("the index has no weight_map, or an empty one");
  }

  IndexedFiles files;
  IndexTotals totals;

 private:
  Index number_of(std::string_view file);

  Source& source_;
  const Limits& limits_;
};

// A set of names, to be compared with another: how many, and the sum of their hashes.
struct NameSet {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;

  void add(std::string_view name) {
    ++count;
    sum += hash_of(name);
  }
  friend bool operator==(const NameSet&, const NameSet&) = default;
};

// What an index says, without the names: enough where it is right, as it nearly always is.
struct IndexDigest {
  std::map<std::string, NameSet> files;
  IndexTotals totals;
  friend bool operator==(const IndexDigest&, const IndexDigest&) = default;
};

// Throws Error where it is malformed, or names more files than Limits::shards.
IndexDigest digest_index(Source& source, const Limits& limits);

// The two ways in which it does so. An index as json.dump writes it: an object of "metadata", if there is one, and
// "weight_map", texts of ASCII without escapes; nothing where it is of another form, or wrong in whatever way. Behind
// the text are bytes that can be read, as behind that of json::Text.
std::optional<IndexDigest> digest_regular_index(std::string_view text, const Limits& limits);
// Any index.
IndexDigest digest_json_index(Source& source, const Limits& limits);

}  // namespace weigh
