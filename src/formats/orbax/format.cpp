#include "formats/orbax/format.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "formats/common/named_leaves.h"
#include "wire/json.h"
#include "wire/ocdbt.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr const char* kTree = "_METADATA";
constexpr const char* kWhole = "_CHECKPOINT_METADATA";
constexpr std::array kDescriptions = {".zarray", "zarr.json"};  // of an array, by Zarr 2 and 3
constexpr std::size_t kMostNotes = 100;

using Kind = simdjson::ondemand::json_type;

struct Array {
  std::vector<std::string> names;
  std::string path() const { return fmt::format("{}", fmt::join(names, ".")); }
};

// "<f4" as NumPy writes types, "float32" as Zarr 3 does.
DType dtype_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, DType>, 14> kNames = {{
      {"f8", DType::float64},
      {"f4", DType::float32},
      {"f2", DType::float16},
      {"i8", DType::int64},
      {"i4", DType::int32},
      {"i2", DType::int16},
      {"i1", DType::int8},
      {"u8", DType::uint64},
      {"u4", DType::uint32},
      {"u2", DType::uint16},
      {"u1", DType::uint8},
      {"b1", DType::boolean},
      {"c8", DType::complex64},
      {"c16", DType::complex128},
  }};
  if (name.starts_with('<') || name.starts_with('|') || name.starts_with('>')) {
    const auto found =
        std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return row.first == name.substr(1); });
    return found == kNames.end() ? DType::unknown : found->second;
  }
  return dtype_from_torch(name).value_or(DType::unknown);
}

std::optional<std::vector<std::uint64_t>> numbers_of(json::Value& value) {
  std::vector<std::uint64_t> numbers;
  json::Array items = value.get_array().value();  // named: a range-for would not keep the result alive
  for (auto item : items) {
    std::uint64_t number = 0;
    if (item.get_uint64().get(number) || number > Extent::kMax) return std::nullopt;
    numbers.push_back(number);
  }
  return numbers;
}

class OrbaxReader {
 public:
  OrbaxReader(const ReadOptions& options, Model& model)
      : limits_(options.limits), model_(model), leaves_(model, options.limits, false) {}

  // All items, each below its name; of one alone without.
  void run(Folder& folder) {
    if (folder.contains(kTree)) {
      read_tree(folder, "");
    } else {
      read_items(folder);
    }
    leaves_.finish();
  }

 private:
  void read_items(Folder& folder) {
    std::vector<std::string> items;
    for (const std::string& name : folder.folders())
      if (folder.contains(name + "/" + kTree)) items.push_back(name);
    if (items.empty()) {
      throw Error(ErrorKind::unsupported, folder.label(),
                  "is a checkpoint of Orbax without arrays: no folder in it has a _METADATA");
    }
    for (const std::string& item : items) read_tree(*folder.enter(item), items.size() == 1 ? "" : item);
  }

  void read_tree(Folder& folder, const std::string& item) {
    std::vector<Array> arrays;
    bool uses_ocdbt = false;
    each_member(folder, kTree, [&](json::Document& document, std::string_view key, json::Value& value) {
      if (key == "use_ocdbt") uses_ocdbt = value.raw_json_token().starts_with('t');
      if (key != "tree_metadata") return;
      document.each(value.get_object().value(), [&](std::string_view, json::Value& leaf) {
        if (std::optional<Array> array = read_array(document, leaf)) arrays.push_back(std::move(*array));
      });
    });
    const Descriptions descriptions = uses_ocdbt ? read_database(folder, arrays) : Descriptions();
    for (Array& array : arrays) {
      const Leaf leaf = uses_ocdbt ? of_database(folder, array, descriptions) : of_folder(folder, array);
      if (!item.empty()) array.names.insert(array.names.begin(), item);
      add(array.names, leaf);
    }
    model_.kind = uses_ocdbt ? "OCDBT" : "Zarr";
  }

  void add(const std::vector<std::string>& names, const Leaf& leaf) {
    if (std::any_of(names.begin(), names.end(), NamedLeaves::is_optimizer)) return leaves_.add_to_optimizer(leaf);
    Index module = 0;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) module = leaves_.enter(module, names[i]);
    leaves_.add(module, names.back(), leaf);
  }

  std::optional<Array> read_array(json::Document& document, json::Value& leaf) const {
    Array array;
    bool is_array = true;
    document.each(leaf.get_object().value(), [&](std::string_view key, json::Value& value) {
      if (key == "key_metadata") {
        for (json::Array list = value.get_array().value(); auto item : list) {
          document.each(item.get_object().value(), [&](std::string_view part, json::Value& name) {
            if (part != "key") return;
            std::string_view text;
            if (name.type().value() == Kind::string && !name.get_string().get(text)) array.names.emplace_back(text);
          });
        }
      } else if (key == "value_metadata") {
        document.each(value.get_object().value(), [&](std::string_view part, json::Value& held) {
          std::string_view type;
          if (part == "value_type" && !held.get_string().get(type))
            is_array = type == "jax.Array" || type == "np.ndarray";
        });
      }
    });
    if (!is_array || array.names.empty()) return std::nullopt;
    return array;
  }

  // What Zarr says of each array, by its key in the database.
  using Descriptions = std::map<std::string, std::string>;

  Descriptions read_database(const Folder& folder, const std::vector<Array>& arrays) {
    if (!folder.contains(Ocdbt::kManifest)) {
      model_.notes.push_back({"missing-file", std::string(Ocdbt::kManifest),
                              "is not there; it leads to the shapes and types of the arrays, which are not known"});
      return {};
    }
    std::vector<std::string> keys;
    for (const Array& array : arrays)
      for (const char* name : kDescriptions) keys.push_back(array.path() + "/" + name);
    try {
      return Ocdbt(folder, limits_).find(std::move(keys));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::unsupported) throw;
      model_.notes.push_back(
          {"unread-database", error.source(), error.message() + "; the shapes and types of the arrays are not known"});
      return {};
    }
  }

  Leaf of_database(const Folder& folder, const Array& array, const Descriptions& descriptions) {
    for (const char* name : kDescriptions) {
      const auto found = descriptions.find(array.path() + "/" + name);
      if (found == descriptions.end()) continue;
      const auto source = memory_source(path_in(folder.label(), found->first), found->second);
      return described(*source, array);
    }
    if (!descriptions.empty()) note_missing(array, "is not in the database; is the copy complete?");
    return unknown();
  }

  Leaf of_folder(const Folder& folder, const Array& array) {
    for (const char* name : kDescriptions) {
      const std::string path = array.path() + "/" + name;
      if (!folder.contains(path)) continue;
      const std::unique_ptr<Source> source = folder.open(path);
      model_.source_bytes += source->size();
      return described(*source, array);
    }
    note_missing(array, "has no folder of its own; is the copy complete?");
    return unknown();
  }

  static Leaf unknown() {
    Leaf leaf;
    leaf.has_shape = false;
    return leaf;
  }

  void note_missing(const Array& array, const char* what) {
    if (++missing_ <= kMostNotes) model_.notes.push_back({"missing-weight", array.path().substr(0, 200), what});
  }

  Leaf described(Source& source, const Array& array) const {
    Leaf leaf = unknown();
    json::File file(source, limits_);
    file.document().for_each_member([&](std::string_view key, json::Value value) {
      if (key == "shape" && value.type().value() == Kind::array) {
        const auto shape = numbers_of(value);
        leaf.has_shape = shape.has_value() && shape->size() <= limits_.dimensions;
        for (std::size_t i = 0; leaf.has_shape && i < shape->size(); ++i) leaf.shape.emplace_back((*shape)[i]);
      }
      std::string_view type;
      if ((key == "dtype" || key == "data_type") && value.type().value() == Kind::string &&
          !value.get_string().get(type))
        leaf.dtype = dtype_of(type);
    });
    leaf.bytes = bytes_of(leaf, array);
    return leaf;
  }

  std::uint64_t bytes_of(const Leaf& leaf, const Array& array) const {
    std::optional<std::uint64_t> bytes = bits(leaf.dtype) / 8;
    for (const Extent extent : leaf.shape)
      if (bytes) bytes = checked_mul(*bytes, extent.size());
    if (bytes && *bytes <= Extent::kMax) return *bytes;
    throw Error(ErrorKind::corrupt, model_.source,
                fmt::format("the shape of '{}' has more than 2^63 elements", array.path().substr(0, 200)));
  }

  template <class Visit>
  void each_member(Folder& folder, const std::string& name, Visit&& visit) {
    const std::unique_ptr<Source> source = folder.open(name);
    model_.source_bytes += source->size();
    json::File file(*source, limits_);
    json::Document& document = file.document();
    document.for_each_member([&](std::string_view key, json::Value value) { visit(document, key, value); });
  }

  const Limits& limits_;
  Model& model_;
  NamedLeaves leaves_;
  std::size_t missing_ = 0;
};

}  // namespace

bool matches_orbax(const Folder& folder) { return folder.contains(kTree) || folder.contains(kWhole); }

void read_orbax(Folder& folder, const ReadOptions& options, Model& model) {
  model.format = "Orbax";
  OrbaxReader(options, model).run(folder);
}

}  // namespace weigh
