#include "formats/keras/shards.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "bytes/digits.h"
#include "bytes/shown.h"
#include "conventions/model_name.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh::keras {
namespace {

constexpr std::string_view kShard = ".weights.h5";
constexpr std::size_t kDigits = 5;

constexpr std::size_t kMostNotes = 100;

using Kind = simdjson::ondemand::json_type;

}  // namespace

bool is_shard_of(std::string_view file, std::string_view index) {
  const std::string stem = parse_model_name(index).stem;
  if (!file.starts_with(stem) || !file.ends_with(kShard) || file.size() < stem.size() + kShard.size()) return false;
  const std::string_view number = file.substr(stem.size(), file.size() - stem.size() - kShard.size());
  return number.size() > kDigits && number.starts_with('_') && is_number(number.substr(1));
}

Shards::Shards(const Folder& folder, std::string_view index, const Limits& limits, Model& model)
    : limits_(limits), model_(model) {
  const std::unique_ptr<Source> source = folder.open(index);
  read_index(*source);
  open(folder);
}

void Shards::read_index(Source& source) {
  json::File file(source, limits_);
  json::Document& document = file.document();
  document.for_each_member([&](std::string_view key, json::Value value) {
    if (key == "metadata" && value.type().value() == Kind::object) {
      document.each(value.get_object().value(), [&](std::string_view name, json::Value fact) {
        if (name != "total_size") return;
        const std::string_view token = fact.raw_json_token();  // "4060.0", with blanks
        total_ = real_number_of(token.substr(0, token.find_last_not_of(" \t\r\n") + 1));
      });
    }
    if (key != "weight_map") return;
    document.each(value.get_object().value(), [&](std::string_view group, json::Value held) {
      const std::string name(group);
      if (held.type().value() != Kind::array) return list(name, held.get_string().value());
      json::Array files = held.get_array().value();
      for (auto file : files) list(name, file.get_string().value());
    });
  });
  if (groups_.empty()) document.fail("the index has no weight_map, or an empty one");
}

void Shards::list(std::string_view group, std::string_view file) {
  files_.try_emplace(std::string(file), kNothing);
  groups_[std::string(group)].emplace_back(file);
  if (files_.size() > limits_.shards) {
    throw Error(ErrorKind::limit, model_.source,
                fmt::format("names more than {} shards (limit shards)", limits_.shards));
  }
  if (++listed_ > limits_.tensors) {
    throw Error(ErrorKind::limit, model_.source,
                fmt::format("names more than {} groups (limit tensors)", limits_.tensors));
  }
}

void Shards::open(const Folder& folder) {
  for (auto& [name, number] : files_) {
    if (!folder.contains(name)) {
      is_whole_ = false;
      const auto count = std::count_if(groups_.begin(), groups_.end(), [&file = name](const auto& group) {
        return std::find(group.second.begin(), group.second.end(), file) != group.second.end();
      });
      model_.notes.push_back({"missing-shard", name.substr(0, kShownText),
                              fmt::format("is not there, but variables of {} of the {} layers that the index names are "
                                          "in it; they are not counted",
                                          count, groups_.size())});
      continue;
    }
    number = sources_.size();
    sources_.push_back(folder.open(name));
  }
  if (sources_.empty())
    throw Error(ErrorKind::not_found, model_.source, "none of the files that the index names is there");
}

std::vector<Source*> Shards::sources() const {
  std::vector<Source*> all;
  for (const std::unique_ptr<Source>& source : sources_) all.push_back(source.get());
  return all;
}

void Shards::compare(const Store& store) const {
  std::vector<Note> notes;
  const auto note = [&](const char* code, std::string_view place, std::string message) {
    if (notes.size() < kMostNotes)
      notes.push_back({code, std::string(place.substr(0, kShownText)), std::move(message)});
  };
  std::vector<std::string_view> names(sources_.size());
  for (const auto& [name, number] : files_)
    if (number != kNothing) names[number] = name;
  for (const std::size_t item : store.duplicates())
    note("duplicate-tensor", store.path_of(item), "is in two of the files; that of the first by name is counted");
  std::set<std::pair<std::size_t, std::size_t>> listed;  // groups and their files
  for (const auto& [path, files] : groups_) {
    const std::size_t group = store.find_path(Store::root(), path);
    for (const std::string& file : files) {
      const std::size_t number = files_.at(file);
      if (number == kNothing) continue;
      listed.emplace(group, number);
      const bool is_there =
          group != kNothing && std::any_of(store[group].children.begin(), store[group].children.end(),
                                           [&](std::size_t child) { return store[child].file == number; });
      if (!is_there)
        note("missing-tensor", path, fmt::format("has no variables in {}, where the index has them", file));
    }
  }
  std::set<std::pair<std::size_t, std::size_t>> told;
  double bytes = 0;
  for (std::size_t i = 0; i < store.size(); ++i) {
    const Item& item = store[i];
    if (!item.is_data_set || item.same_as != kNothing) continue;
    bytes += static_cast<double>(item.bytes);
    const std::pair place(item.parent, item.file);
    if (!listed.contains(place) && told.insert(place).second)
      note("unlisted-tensor", store.path_of(item.parent),
           fmt::format("has variables in {} that the index does not name; they are counted", names[item.file]));
  }
  if (is_whole_ && total_ && *total_ != bytes)
    note("total-size", "metadata.total_size",
         fmt::format("is {:.0f} in the index, the shards hold {:.0f} bytes of tensors", *total_, bytes));
  std::move(notes.begin(), notes.end(), std::back_inserter(model_.notes));
}

}  // namespace weigh::keras
