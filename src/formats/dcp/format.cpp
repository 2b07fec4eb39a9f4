#include "formats/dcp/format.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "formats/dcp/metadata.h"
#include "model/builder.h"
#include "model/roles.h"

#include "weigh/error.h"

namespace weigh {

using namespace dcp;  // NOLINT(google-build-using-namespace): this file is that namespace's front

namespace {

constexpr std::string_view kMetadata = ".metadata";
constexpr std::string_view kGroups = "param_groups";
constexpr std::string_view kState = "state";

// "0" of "__0_3.distcp".
std::string_view rank_of(std::string_view file) {
  if (!file.starts_with("__") || !file.ends_with(".distcp")) return {};
  file.remove_prefix(2);
  return file.substr(0, file.find('_'));
}

// The first "__0_0.distcp", "" where there is none.
std::string first_file_of(const Folder& folder) {
  const std::vector<std::string>& names = folder.names();
  for (auto name = std::lower_bound(names.begin(), names.end(), "__"); name != names.end(); ++name) {
    if (!name->starts_with("__")) break;
    if (!rank_of(*name).empty()) return *name;
  }
  return "";
}

// What stands before ".param_groups" in a name, "" for one that begins with it: an optimizer's state dict.
void add_optimizer(std::string_view name, std::set<std::string_view>& optimizers) {
  for (std::size_t at = name.find(kGroups); at != std::string_view::npos; at = name.find(kGroups, at + 1)) {
    const std::size_t end = at + kGroups.size();
    if ((at > 0 && name[at - 1] != '.') || (end < name.size() && name[end] != '.')) continue;
    optimizers.insert(name.substr(0, at == 0 ? 0 : at - 1));
    return;
  }
}

// Megatron keeps the groups in another file: "optimizer.state.exp_avg.decoder.…", perhaps behind "chained_0.".
void add_named_optimizer(std::string_view name, std::set<std::string_view>& optimizers) {
  constexpr std::string_view kNamed = "optimizer.state.";
  const std::size_t at = name.find(kNamed);
  if (at == 0 || (at != std::string_view::npos && name[at - 1] == '.'))
    optimizers.insert(name.substr(0, at + kNamed.find('.')));
}

class Reading {
 public:
  Reading(Folder& folder, const ReadOptions& options, Model& model)
      : folder_(folder), model_(model), limits_(options.limits), builder_(model, options.limits) {}

  void run() {
    model_.format = "PyTorch DCP";
    const std::unique_ptr<Source> source = folder_.open(kMetadata);
    model_.source_bytes = source->size();
    Metadata metadata = read_metadata(*source, limits_);
    find_optimizers(metadata);
    add_models(metadata);
    std::move(metadata.notes.begin(), metadata.notes.end(), std::back_inserter(model_.notes));
    look_at_files(metadata);
  }

 private:
  void find_optimizers(const Metadata& metadata) {
    for (std::string_view name : metadata.objects) add_optimizer(name, optimizers_);
    for (const StoredTensor& tensor : metadata.tensors) {
      add_optimizer(tensor.name, optimizers_);
      add_named_optimizer(tensor.name, optimizers_);
    }
  }

  // The optimizer that the tensor is a state of, by its number among those found.
  std::set<std::string_view>::const_iterator optimizer_of(std::string_view name) const {
    for (std::size_t at = name.find(kState); at != std::string_view::npos; at = name.find(kState, at + 1)) {
      const std::size_t end = at + kState.size();
      if ((at > 0 && name[at - 1] != '.') || end >= name.size() || name[end] != '.') continue;
      const auto found = optimizers_.find(name.substr(0, at == 0 ? 0 : at - 1));
      if (found != optimizers_.end()) return found;
    }
    return optimizers_.end();
  }

  // Tensors by the key that they are under, in the order of the file; moments are weighed at once.
  void add_models(const Metadata& metadata) {
    std::vector<std::vector<const StoredTensor*>> groups;
    std::map<std::string_view, std::size_t> places;
    for (const StoredTensor& tensor : metadata.tensors) {
      if (const auto optimizer = optimizer_of(tensor.name); optimizer != optimizers_.end()) {
        Section& section = states_[*optimizer];
        ++section.tensors;
        section.bytes += tensor.bytes;
        continue;
      }
      const auto [place, is_new] = places.try_emplace(tensor.section, groups.size());
      if (is_new) groups.emplace_back();
      groups[place->second].push_back(&tensor);
    }
    const bool has_model = std::any_of(groups.begin(), groups.end(), [](const auto& group) { return is_model(group); });
    const auto is_beside = [&](const auto& group) { return has_model && !is_model(group); };
    for (const auto& group : groups)
      if (is_beside(group)) note_loose(group);
    std::erase_if(groups, is_beside);
    for (const auto& group : groups) add_model(group, groups.size() > 1);
    for (auto& [name, section] : states_) {
      section.name = model_.keep(name);
      section.kind = SectionKind::optimizer_state;
      section.root = kNone;
      add_section(section);
    }
    // Without a model, the section that every model begins with stays.
    model_.kind = groups.empty() && !states_.empty() ? "optimizer state" : "checkpoint";
  }

  // A state dict rather than loose values: metrics, states of schedulers and of random numbers.
  static bool is_model(const std::vector<const StoredTensor*>& group) {
    return std::any_of(group.begin(), group.end(), [](const StoredTensor* tensor) {
      const std::string& path = tensor->path;
      return !tensor->shape.empty() && (path.find('.') != std::string::npos || path == "weight" || path == "bias");
    });
  }

  void note_loose(const std::vector<const StoredTensor*>& group) {
    for (const StoredTensor* tensor : group) {
      if (tensor->shape.empty()) continue;
      model_.notes.push_back(
          {"loose-tensor", std::string(tensor->name.substr(0, 200)),
           fmt::format("is a tensor of {} bytes outside of any state dict; it is not counted", tensor->bytes)});
    }
  }

  void add_model(const std::vector<const StoredTensor*>& group, bool is_one_of_several) {
    Section section;
    const std::string& key = group.front()->section;
    section.name = model_.keep(key);
    if (is_one_of_several) {
      std::string step = key.empty() ? "?" : key;
      std::replace(step.begin(), step.end(), '.', '_');  // a section is one step of the tree, whatever its key
      section.root = builder_.module(step);
    }
    add_section(section);
    for (const StoredTensor* stored : group) add_tensor(*stored, section.root);
  }

  void add_section(const Section& section) {
    if (std::exchange(has_sections_, true)) {
      if (model_.sections.size() >= limits_.sections)
        throw Error(ErrorKind::limit, model_.source,
                    fmt::format("holds more than {} sections (limit sections)", limits_.sections));
      model_.sections.push_back(section);
    } else {
      model_.sections[0] = section;
    }
  }

  void add_tensor(const StoredTensor& stored, Index root) {
    Tensor tensor;
    tensor.dtype = stored.dtype;
    tensor.stored_bytes = stored.bytes;
    infer_role(std::string_view(stored.path).substr(stored.path.rfind('.') + 1), stored.dtype, stored.shape)
        .give_to(tensor);
    if (stored.requires_grad) tensor.requires_grad = RequiresGrad::yes;
    builder_.add_by_path(tensor, stored.path, stored.shape, root);
  }

  void look_at_files(const Metadata& metadata) {
    std::set<std::string_view> ranks;
    std::uint64_t missing = 0;
    for (const auto& [name, file] : metadata.files) {
      if (const std::string_view rank = rank_of(name); !rank.empty()) ranks.insert(rank);
      if (!folder_.contains(name)) {
        ++missing;
        note("missing-shard", name,
             fmt::format("is not there; {} of the checkpoint's items lie in it, {} bytes or more. The totals are those "
                         "of the whole, but it cannot be loaded",
                         file.items, file.end));
        continue;
      }
      const std::uint64_t size = folder_.open(name)->size();
      model_.source_bytes += size;
      model_.metadata.emplace_back(name, fmt::format("{} bytes", size));
      if (size < file.end)
        note("short-shard", name,
             fmt::format("has {} bytes, {} says that it has {} or more; is it complete?", size, kMetadata, file.end));
    }
    for (const std::string& name : folder_.names())
      if (name.ends_with(".distcp") && !metadata.files.contains(name))
        note("surplus-shard", name, fmt::format("is not named by {}; is it of another checkpoint?", kMetadata));
    const std::size_t count = ranks.empty() ? metadata.files.size() : ranks.size();
    model_.kind += fmt::format(", {} {}{}", count, ranks.empty() ? "file" : "rank", count == 1 ? "" : "s");
    if (missing > 0) model_.kind += ", incomplete";
  }

  void note(const char* code, std::string_view place, std::string message) {
    if (++notes_[code] <= 100) model_.notes.push_back({code, std::string(place.substr(0, 200)), std::move(message)});
  }

  Folder& folder_;
  Model& model_;
  const Limits& limits_;
  ModelBuilder builder_;
  std::set<std::string_view> optimizers_;  // names of their state dicts
  std::map<std::string_view, Section> states_;
  std::map<std::string_view, int> notes_;
  bool has_sections_ = false;
};

}  // namespace

bool matches_dcp(const Folder& folder) {
  if (!folder.contains(kMetadata)) return !first_file_of(folder).empty();
  const std::unique_ptr<Source> source = folder.open(kMetadata);
  return source->size() > 2 && source->read(0, 1) == "\x80";
}

void read_dcp(Folder& folder, const ReadOptions& options, Model& model) {
  if (!folder.contains(kMetadata)) {
    throw Error(ErrorKind::unsupported, folder.label(),
                fmt::format("has no {}, which tells what {} and its like hold; it is written last: was the saving cut "
                            "off, or a copy made without names that begin with a dot?",
                            kMetadata, first_file_of(folder)));
  }
  Reading(folder, options, model).run();
}

}  // namespace weigh
