#include "formats/pytorch/sections.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "conventions/checkpoint_keys.h"
#include "formats/pytorch/module_tree.h"
#include "formats/pytorch/state_dict.h"

#include "weigh/error.h"

namespace weigh::pytorch {
namespace {

// Packages whose classes are plain values in checkpoints everywhere.
constexpr std::array<std::string_view, 13> kPlainPackages = {"torch.serialization ",
                                                             "collections ",
                                                             "builtins ",
                                                             "__builtin__ ",
                                                             "argparse ",
                                                             "pathlib",
                                                             "numpy",
                                                             "torch ",
                                                             "_codecs ",
                                                             "copyreg ",
                                                             "copy_reg ",
                                                             "datetime ",
                                                             "typing "};

bool is_plain(std::string_view global) {
  return std::any_of(kPlainPackages.begin(), kPlainPackages.end(),
                     [&](std::string_view package) { return global.starts_with(package); });
}

bool is_optimizer_state(Value value) {
  if (!is_mapping(value)) return false;
  const Entries entries = mapping_entries(value);
  return is_mapping(pickle::find(entries, "state")) && pickle::find(entries, "param_groups").is(Kind::list);
}

constexpr std::size_t kLongestKey = 200;
constexpr std::size_t kLongestName = 1000;

std::string key_text(Value key) {
  if (key.is(Kind::integer)) return fmt::to_string(key.integer());
  if (key.is(Kind::string)) return std::string(key.text().substr(0, kLongestKey));
  if (key.is(Kind::tuple) && key.items().size() == 2 && key.items()[0].is(Kind::integer) &&
      key.items()[1].is(Kind::integer))
    return fmt::format("({}, {})", key.items()[0].integer(), key.items()[1].integer());
  return "?";
}

class Search {
 public:
  Search(std::string_view source, const Limits& limits) : source_(source), limits_(limits) {}

  Contents run(Value root) {
    open_.push_back({kNone, root, 0});
    while (!open_.empty()) {
      const Step step = open_.back();
      open_.pop_back();
      look_at(step);
    }
    return std::move(contents_);
  }

 private:
  // A key, and the one above it. Names are put together where something is found, or a few deep and long keys above a
  // million values would take gigabytes.
  struct Key {
    Index above;
    Value key;
    std::size_t position;  // in a sequence, which has no keys; kNoPosition in what has some
  };
  static constexpr std::size_t kNoPosition = SIZE_MAX;
  static constexpr std::size_t kArgument = SIZE_MAX - 1;  // of a call: has neither

  struct Step {
    Index key;  // kNone for the root
    Value value;
    std::uint32_t depth;
  };

  void look_at(const Step& step) {
    const Value value = step.value;
    if (value.identity() == nullptr || !seen_.insert(value.identity()).second) return;
    if (is_tensor(value)) return add(Part::tensor, step);
    if (is_module(value)) return add(Part::module, step);
    if (is_optimizer_state(value)) return add(Part::optimizer, step);
    if (is_state_dict(value) && is_surely_a_model(name_of(step.key), value)) return add(Part::state_dict, step);
    note_class(value);
    const std::size_t first = open_.size();
    for (const auto& [key, held] : mapping_entries(value)) descend(step, key, kNoPosition, held);
    std::size_t position = 0;
    for (Value item : sequence_items(value)) descend(step, Value(), position++, item);
    for (const auto& [key, held] : attributes_of(value)) descend(step, key, kNoPosition, held);
    for (Value argument : arguments_of(value)) descend(step, Value(), kArgument, argument);
    std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(first), open_.end());
  }

  void descend(const Step& from, Value key, std::size_t position, Value value) {
    if (value.identity() == nullptr) return;
    if (from.depth >= limits_.module_depth) {
      throw Error(ErrorKind::limit, std::string(source_),
                  fmt::format("nests containers deeper than {} (limit module_depth)", limits_.module_depth));
    }
    keys_.push_back({from.key, key, position});
    open_.push_back({static_cast<Index>(keys_.size() - 1), value, from.depth + 1});
  }

  // Keys joined by '/'; the first ones are left out of what is too long to be a name.
  std::string name_of(Index key) const {
    std::string name;
    for (; key != kNone; key = keys_[key].above) {
      const Key& step = keys_[key];
      if (step.position == kArgument) continue;
      const std::string text = step.position == kNoPosition ? key_text(step.key) : fmt::to_string(step.position);
      if (name.size() + text.size() > kLongestName) return "…/" + name;
      if (text.empty()) continue;
      if (!name.empty()) name.insert(0, 1, '/');
      name.insert(0, text);
    }
    return name;
  }

  // Trainers keep other dictionaries of tensors, too: metrics, means and deviations of the data.
  static bool is_surely_a_model(const std::string& name, Value value) {
    if (name.empty() || !pickle::find(attributes_of(value), "_metadata").is(Kind::none)) return true;
    if (conventions::is_named_like_a_model(std::string_view(name).substr(name.rfind('/') + 1))) return true;
    const Entries entries = mapping_entries(value);
    return std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
      const std::string_view name = entry.first.is(Kind::string) ? entry.first.text() : std::string_view();
      return name.find('.') != name.npos || name == "weight" || name == "bias";
    });
  }

  void add(Part part, const Step& step) { contents_.found.push_back({part, name_of(step.key), step.value}); }

  void note_class(Value value) {
    std::string_view global = class_of(value);
    if (global.empty() || is_plain(global)) return;
    std::string name = dotted(global);
    std::vector<std::string>& known = contents_.unknown_classes;
    if (std::find(known.begin(), known.end(), name) == known.end() && known.size() < 100) known.push_back(name);
  }

  std::string_view source_;
  const Limits& limits_;
  Contents contents_;
  std::vector<Step> open_;
  std::vector<Key> keys_;
  std::unordered_set<const void*> seen_;
};

}  // namespace

Contents find_parts(Value root, std::string_view source, const Limits& limits) {
  return Search(source, limits).run(root);
}

}  // namespace weigh::pytorch
