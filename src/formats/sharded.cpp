#include "formats/sharded.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "formats/safetensors.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

struct WeightMap {
  std::vector<std::string> files;                           // in the order in which they are first named
  std::vector<std::pair<std::string_view, Index>> tensors;  // name, index of its file
  std::optional<std::uint64_t> total_size;
};

class IndexFile {
 public:
  IndexFile(Source& source, const Limits& limits, Model& model) : source_(source), limits_(limits), model_(model) {}

  WeightMap read() {
    if (source_.size() > limits_.json_file_bytes) {
      throw Error(
          ErrorKind::limit, source_.label(),
          fmt::format("has {} bytes, more than {} (limit json_file_bytes)", source_.size(), limits_.json_file_bytes));
    }
    std::string text = json::read_padded(source_, 0, static_cast<std::size_t>(source_.size()));
    json::Document document(source_.label(), text);
    document.for_each_member([&](std::string_view key, json::Value value) {
      if (key == "metadata") {
        document.each(value.get_object().value(), [&](std::string_view name, json::Value fact) {
          std::uint64_t size = 0;
          if (name == "total_size" && !fact.get_uint64().get(size)) map_.total_size = size;
        });
      } else if (key == "weight_map") {
        document.each(value.get_object().value(), [&](std::string_view name, json::Value file) {
          add(document.is_in_text(name) ? name : model_.keep(name), file.get_string().value());
        });
      }
    });
    if (map_.tensors.empty()) document.fail("the index has no weight_map, or an empty one");
    model_.adopt(std::move(text));
    return std::move(map_);
  }

 private:
  void add(std::string_view tensor, std::string_view file) {
    // Neighbours mostly lie in the same shard.
    if (map_.files.empty() || map_.files[last_] != file) {
      auto [place, is_new] = numbers_.try_emplace(std::string(file), static_cast<Index>(map_.files.size()));
      if (is_new) map_.files.emplace_back(file);
      last_ = place->second;
      if (map_.files.size() > limits_.shards)
        throw Error(ErrorKind::limit, source_.label(),
                    fmt::format("names more than {} shards (limit shards)", limits_.shards));
    }
    map_.tensors.emplace_back(tensor, last_);
  }

  Source& source_;
  const Limits& limits_;
  Model& model_;
  WeightMap map_;
  std::unordered_map<std::string, Index> numbers_;
  Index last_ = 0;
};

// The stem that an index and its shards share: "model" of "model.safetensors.index.json".
std::string_view stem_of(std::string_view name) { return name.substr(0, name.find('.')); }

// "model-00001-of-00062.safetensors" for the stem "model".
bool is_shard_name(std::string_view name, std::string_view stem) {
  if (!name.ends_with(".safetensors") || !name.starts_with(stem)) return false;
  std::string_view middle = name.substr(stem.size());
  return middle.starts_with('-') && middle.find("-of-") != std::string_view::npos;
}

class Sharded {
 public:
  Sharded(Folder& folder, const ReadOptions& options, Model& model)
      : folder_(folder), limits_(options.limits), model_(model), reader_(model, options.limits) {}

  void read_by_index(std::string_view name) {
    const std::unique_ptr<Source> index = folder_.open(name);
    const WeightMap map = IndexFile(*index, limits_, model_).read();
    model_.kind = fmt::format("{} shards", map.files.size());
    std::vector<Index> order(map.files.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Index>(i);
    std::sort(order.begin(), order.end(), [&](Index a, Index b) { return map.files[a] < map.files[b]; });
    std::vector<bool> is_there(map.files.size());
    for (Index file : order) {
      is_there[file] = folder_.contains(map.files[file]);
      if (is_there[file]) add(file, map.files[file]);
    }
    compare(map, is_there);
    note_surplus(name, map);
    reader_.finish();
  }

  void read_all(const std::vector<std::string>& names) {
    model_.kind = names.size() == 1 ? "" : fmt::format("{} shards, no index", names.size());
    for (std::size_t i = 0; i < names.size(); ++i) add(static_cast<Index>(i), names[i]);
    reader_.finish();
  }

 private:
  void add(Index file, const std::string& name) {
    const std::unique_ptr<Source> shard = folder_.open(name);
    if (!matches_safetensors(*shard))
      throw Error(ErrorKind::unsupported, shard->label(), "is named as a shard but is no safetensors file");
    model_.source_bytes += shard->size();
    reader_.add(*shard);
    file_of_.resize(model_.tensors.size(), file);
  }

  // The index against what the shards hold. A missing shard's tensors are known by name only.
  void compare(const WeightMap& map, const std::vector<bool>& is_there) {
    const std::size_t in_shards = model_.tensors.size();
    std::vector<bool> is_listed(in_shards);
    std::vector<std::uint64_t> missing(map.files.size());
    for (const auto& [name, file] : map.tensors) {
      const Index tensor = reader_.find(name);
      if (tensor != kNone && tensor < in_shards) {
        is_listed[tensor] = true;
        if (file_of_[tensor] != file)
          note("wrong-shard", name,
               fmt::format("is in {}, the index says {}", map.files[file_of_[tensor]], map.files[file]));
      } else if (is_there[file]) {
        note("missing-tensor", name,
             fmt::format("is not in {}, where the index says it is; it is not counted", map.files[file]));
      } else {
        ++missing[file];
        if (tensor == kNone) reader_.add_name_only(name);
      }
    }
    for (std::size_t file = 0; file < missing.size(); ++file) {
      if (missing[file] > 0) {
        note("missing-shard", map.files[file],
             fmt::format(
                 "is not there; its {} tensors are known by name only. Download it, or take the totals as lower bounds",
                 missing[file]));
      }
    }
    for (std::size_t i = 0; i < in_shards; ++i)
      if (!is_listed[i] && model_.tensors[i].tied_to == kNone)
        note("unlisted-tensor", model_.tensors[i].path,
             fmt::format("is in {} but not in the index; it is counted", map.files[file_of_[i]]));
    compare_size(map, is_there);
  }

  void compare_size(const WeightMap& map, const std::vector<bool>& is_there) {
    if (!map.total_size || std::find(is_there.begin(), is_there.end(), false) != is_there.end()) return;
    std::uint64_t stored = 0;
    for (const Tensor& tensor : model_.tensors) stored += tensor.tied_to == kNone ? tensor.stored_bytes : 0;
    if (stored != *map.total_size)
      note("total-size", "metadata.total_size",
           fmt::format("is {} in the index, the shards hold {} bytes of tensors", *map.total_size, stored));
  }

  void note_surplus(std::string_view index, const WeightMap& map) {
    const std::set<std::string> named(map.files.begin(), map.files.end());
    for (const std::string& name : folder_.names())
      if (is_shard_name(name, stem_of(index)) && !named.contains(name))
        note("surplus-shard", name, "is not named by the index; it is not counted");
  }

  // A wrong index can be wrong about every tensor; a hundred examples tell as much.
  void note(const char* code, std::string_view place, std::string message) {
    if (++notes_[code] <= 100) model_.notes.push_back({code, std::string(place.substr(0, 200)), std::move(message)});
  }

  Folder& folder_;
  const Limits& limits_;
  Model& model_;
  SafetensorsReader reader_;
  std::vector<Index> file_of_;  // by tensor
  std::map<std::string, int> notes_;
};

}  // namespace

bool matches_index(Source& source) {
  const std::string head = source.read(0, static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), 4096)));
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  return first != std::string::npos && head[first] == '{' && head.find("\"weight_map\"") != std::string::npos;
}

void read_index(Folder& folder, std::string_view name, const ReadOptions& options, Model& model) {
  model.format = "safetensors";
  Sharded(folder, options, model).read_by_index(name);
}

void read_shards(Folder& folder, const std::vector<std::string>& names, const ReadOptions& options, Model& model) {
  model.format = "safetensors";
  Sharded(folder, options, model).read_all(names);
}

}  // namespace weigh
