#include "formats/orbax.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "formats/named_leaves.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr const char* kTree = "_METADATA";
constexpr const char* kWhole = "_CHECKPOINT_METADATA";
constexpr const char* kSharding = "_sharding";

using Kind = simdjson::ondemand::json_type;

struct Array {
  std::vector<std::string> names;
  std::optional<std::vector<std::uint64_t>> written;  // by one process
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

// Without its padding; "" where it is none.
std::string from_base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned held = 0;
  unsigned count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return {};
    held = (held << 6 | static_cast<unsigned>(digit)) & 0xFFFF;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(held >> count & 0xFF);
  }
  return bytes;
}

// How often an array is what one process wrote of it, by dimension; nothing where that is not known.
using Factors = std::optional<std::vector<std::uint64_t>>;

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
    if (without_type_ > 0) {
      model_.notes.push_back({"unknown-dtype", model_.source,
                              fmt::format("{} arrays lie in OCDBT, whose own tree holds their types; these and their "
                                          "bytes are not known",
                                          without_type_)});
    }
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
    std::map<std::string, Factors> sharding;
    if (uses_ocdbt && folder.contains(kSharding)) sharding = read_sharding(folder);
    for (Array& array : arrays) {
      Leaf leaf = uses_ocdbt ? of_ocdbt(array, sharding) : of_zarr(folder, array);
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
          if (part == "write_shape" && held.type().value() == Kind::array) array.written = numbers_of(held);
        });
      }
    });
    if (!is_array || array.names.empty()) return std::nullopt;
    return array;
  }

  Leaf of_ocdbt(const Array& array, const std::map<std::string, Factors>& sharding) {
    ++without_type_;
    Leaf leaf;
    leaf.has_shape = false;
    const auto factors = sharding.find(array.path());
    if (array.written && array.written->empty()) leaf.has_shape = true;  // a single number, however it was shared
    if (!array.written || factors == sharding.end() || !factors->second) return leaf;
    for (std::size_t i = 0; i < array.written->size(); ++i) {
      const std::uint64_t times = i < factors->second->size() ? (*factors->second)[i] : 1;
      const auto extent = checked_mul((*array.written)[i], times);
      if (!extent || *extent > Extent::kMax || i >= limits_.dimensions) {
        throw Error(ErrorKind::corrupt, model_.source,
                    fmt::format("the shape of '{}' has more than 2^63 elements", array.path().substr(0, 200)));
      }
      leaf.shape.emplace_back(*extent);
    }
    leaf.has_shape = true;
    return leaf;
  }

  Leaf of_zarr(Folder& folder, const Array& array) {
    Leaf leaf;
    leaf.has_shape = false;
    std::string name = array.path() + "/.zarray";
    if (!folder.contains(name)) name = array.path() + "/zarr.json";
    if (!folder.contains(name)) {
      ++missing_;
      if (missing_ <= 100)
        model_.notes.push_back(
            {"missing-weight", array.path().substr(0, 200), "has no folder of its own; is the copy complete?"});
      return leaf;
    }
    each_member(folder, name, [&](json::Document&, std::string_view key, json::Value& value) {
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

  std::map<std::string, Factors> read_sharding(Folder& folder) {
    std::map<std::string, Factors> all;
    each_member(folder, kSharding, [&](json::Document&, std::string_view key, json::Value& value) {
      std::string_view text;
      if (!value.get_string().get(text)) all[from_base64(key)] = factors_of(std::string(text));
    });
    return all;
  }

  // {"sharding_type": "NamedSharding", "shape": [2, 4], "axis_names": ["data", "model"],
  //  "partition_spec": [["data"], null, "model"]}
  Factors factors_of(const std::string& text) {
    const auto source = memory_source(model_.source + "/" + kSharding, text);
    json::Text json;
    json.read(*source, 0, text.size());
    json::Document document(inner_parser_, json, source->label());
    std::string type;
    std::vector<std::uint64_t> sizes;
    std::vector<std::string> axes;
    std::vector<std::vector<std::string>> spec;
    document.for_each_member([&](std::string_view key, json::Value value) {
      const Kind kind = value.type().value();
      if (key == "sharding_type" && kind == Kind::string) type = value.get_string().value();
      if (key == "shape" && kind == Kind::array) sizes = numbers_of(value).value_or(std::vector<std::uint64_t>());
      if (key == "axis_names" && kind == Kind::array) axes = texts_of(value);
      if (key != "partition_spec" || kind != Kind::array) return;
      for (json::Array list = value.get_array().value(); auto item : list) {
        json::Value entry = item.value();
        const Kind is = entry.type().value();
        spec.emplace_back();
        if (is == Kind::array) spec.back() = texts_of(entry);
        if (is == Kind::string) spec.back() = {std::string(entry.get_string().value())};
      }
    });
    if (type == "SingleDeviceSharding") return std::vector<std::uint64_t>();
    if (type != "NamedSharding" || sizes.size() != axes.size()) return std::nullopt;
    // Devices that hold the same part share the work of writing it, and then less was written than lies on each.
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const bool is_used = std::any_of(spec.begin(), spec.end(), [&](const std::vector<std::string>& entry) {
        return std::find(entry.begin(), entry.end(), axes[i]) != entry.end();
      });
      if (!is_used && sizes[i] > 1) return std::nullopt;
    }
    std::vector<std::uint64_t> factors;
    for (const std::vector<std::string>& entry : spec) {
      std::uint64_t factor = 1;
      for (const std::string& axis : entry) {
        const auto found = std::find(axes.begin(), axes.end(), axis);
        const auto product = found == axes.end()
                                 ? std::nullopt
                                 : checked_mul(factor, sizes[static_cast<std::size_t>(found - axes.begin())]);
        if (!product) return std::nullopt;
        factor = *product;
      }
      factors.push_back(factor);
    }
    return factors;
  }

  static std::vector<std::string> texts_of(json::Value& value) {
    std::vector<std::string> texts;
    for (json::Array list = value.get_array().value(); auto item : list) {
      std::string_view text;
      if (!item.get_string().get(text)) texts.emplace_back(text);
    }
    return texts;
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
  json::Parser inner_parser_;
  std::uint64_t without_type_ = 0;
  std::uint64_t missing_ = 0;
};

}  // namespace

bool matches_orbax(const Folder& folder) { return folder.contains(kTree) || folder.contains(kWhole); }

void read_orbax(Folder& folder, const ReadOptions& options, Model& model) {
  model.format = "Orbax";
  OrbaxReader(options, model).run(folder);
}

}  // namespace weigh
