#include "formats/pytorch/sections.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "formats/pytorch/module_tree.h"
#include "formats/pytorch/state_dict.h"

#include "weigh/error.h"

namespace weigh::pytorch {
namespace {

// Packages whose classes are plain values in checkpoints everywhere.
constexpr std::array<std::string_view, 12> kPlainPackages = {"collections ", "builtins ", "__builtin__ ", "argparse ",
                                                             "pathlib",      "numpy",     "torch ",       "_codecs ",
                                                             "copyreg ",     "copy_reg ", "datetime ",    "typing "};

bool is_plain(std::string_view global) {
  return std::any_of(kPlainPackages.begin(), kPlainPackages.end(),
                     [&](std::string_view package) { return global.starts_with(package); });
}

bool is_optimizer_state(Value value) {
  if (!is_mapping(value)) return false;
  const Entries entries = mapping_entries(value);
  return is_mapping(pickle::find(entries, "state")) && pickle::find(entries, "param_groups").is(Kind::list);
}

std::string text_of(Value key) {
  if (key.is(Kind::integer)) return fmt::to_string(key.integer());
  if (key.is(Kind::string)) return std::string(key.text());
  if (key.is(Kind::tuple) && key.items().size() == 2 && key.items()[0].is(Kind::integer) &&
      key.items()[1].is(Kind::integer))
    return fmt::format("({}, {})", key.items()[0].integer(), key.items()[1].integer());
  return "?";
}

class Search {
 public:
  Search(std::string_view source, const Limits& limits) : source_(source), limits_(limits) {}

  Contents run(Value root) {
    open_.push_back({"", root, 0});
    while (!open_.empty()) {
      Step step = std::move(open_.back());
      open_.pop_back();
      look_at(step);
    }
    return std::move(contents_);
  }

 private:
  struct Step {
    std::string name;
    Value value;
    std::uint32_t depth;
  };

  void look_at(const Step& step) {
    const Value value = step.value;
    if (value.identity() == nullptr || !seen_.insert(value.identity()).second) return;
    if (is_tensor(value)) return add(Part::tensor, step);
    if (is_module(value)) return add(Part::module, step);
    if (is_optimizer_state(value)) return add(Part::optimizer, step);
    if (is_state_dict(value) && (step.name.empty() || is_surely_a_model(step))) return add(Part::state_dict, step);
    note_class(value);
    const std::size_t first = open_.size();
    for (const auto& [key, held] : mapping_entries(value)) descend(step, text_of(key), held);
    std::size_t index = 0;
    for (Value item : sequence_items(value)) descend(step, fmt::to_string(index++), item);
    for (const auto& [key, held] : attributes_of(value)) descend(step, text_of(key), held);
    for (Value argument : arguments_of(value)) descend(step, "", argument);
    std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(first), open_.end());
  }

  void descend(const Step& from, const std::string& key, Value value) {
    if (value.identity() == nullptr) return;
    if (from.depth >= limits_.module_depth) {
      throw Error(ErrorKind::limit, std::string(source_),
                  fmt::format("nests containers deeper than {} (limit module_depth)", limits_.module_depth));
    }
    const bool joins = !from.name.empty() && !key.empty();
    open_.push_back({from.name + (joins ? "/" : "") + key.substr(0, 200), value, from.depth + 1});
  }

  // Trainers keep other dictionaries of tensors, too: metrics, means and deviations of the data.
  static bool is_surely_a_model(const Step& step) {
    if (!pickle::find(attributes_of(step.value), "_metadata").is(Kind::none)) return true;
    constexpr std::array<std::string_view, 5> kKeys = {"state_dict", "model", "param", "weight", "ema"};
    const std::string_view key = std::string_view(step.name).substr(step.name.rfind('/') + 1);
    if (std::any_of(kKeys.begin(), kKeys.end(), [&](auto word) { return key.find(word) != key.npos; })) return true;
    const Entries entries = mapping_entries(step.value);
    return std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
      const std::string_view name = entry.first.is(Kind::string) ? entry.first.text() : std::string_view();
      return name.find('.') != name.npos || name == "weight" || name == "bias";
    });
  }

  void add(Part part, const Step& step) { contents_.found.push_back({part, step.name, step.value}); }

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
  std::unordered_set<const void*> seen_;
};

}  // namespace

Contents find_parts(Value root, std::string_view source, const Limits& limits) {
  return Search(source, limits).run(root);
}

}  // namespace weigh::pytorch
