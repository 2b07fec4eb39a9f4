#include "analysis/rows.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "analysis/glob.h"
#include "analysis/tally.h"
#include "bytes/digits.h"

namespace weigh {
namespace {

// A row and all modules that it stands for, none where it stands for one.
struct Line {
  Row row;
  std::vector<Index> members = {};
};

// The children of the first member, each with those of its name in all others; nothing where some member lacks one.
std::vector<std::vector<Index>> children_of_all(const Model& model, const std::vector<Index>& members) {
  std::vector<std::vector<Index>> all;
  std::unordered_map<std::string_view, std::size_t> places;
  for (Index child = model.modules[members[0]].first_child; child != kNone; child = model.modules[child].next) {
    places.emplace(model.modules[child].name, all.size());
    all.push_back({child});
  }
  for (std::size_t i = 1; i < members.size(); ++i) {
    for (Index child = model.modules[members[i]].first_child; child != kNone; child = model.modules[child].next) {
      const auto place = places.find(model.modules[child].name);
      if (place == places.end() || all[place->second].size() != i) return {};
      all[place->second].push_back(child);
    }
  }
  const bool is_whole =
      std::all_of(all.begin(), all.end(), [&](const auto& children) { return children.size() == members.size(); });
  return is_whole ? all : std::vector<std::vector<Index>>();
}

class Selection {
 public:
  Selection(Summary& summary, const SummaryOptions& options, std::vector<std::uint64_t> prints)
      : summary_(summary), model_(*summary.model), options_(options), prints_(std::move(prints)) {
    find_ties();
  }

  void run() {
    int depth = options_.depth.value_or(1);
    deepest_ = depth < 0 ? std::numeric_limits<std::uint32_t>::max() : static_cast<std::uint32_t>(depth);
    // Lines still to be added, the next one last.
    std::vector<Line> open = lines_below({}, 1);
    std::reverse(open.begin(), open.end());
    while (!open.empty()) {
      Line line = std::move(open.back());
      open.pop_back();
      std::vector<Line> below;
      if (is_opened(line.row)) below = lines_below(line, line.row.depth + 1);
      std::move(below.rbegin(), below.rend(), std::back_inserter(open));
      has_rows_below_.push_back(!below.empty());
      summary_.rows.push_back(std::move(line.row));
    }
    if (!options_.filter.empty() || options_.top > 0) flatten();
  }

 private:
  // A module is tied where a tensor below it is the same as an earlier one that is not.
  void find_ties() {
    tied_.resize(model_.modules.size());
    for (const Tensor& tensor : model_.tensors) {
      if (tensor.tied_to == kNone) continue;
      const Index above = common_ancestor(model_, tensor.module, model_.tensors[tensor.tied_to].module);
      for (Index module = tensor.module; module != above; module = model_.modules[module].parent) tied_[module] = true;
    }
  }

  bool is_opened(const Row& row) const {
    if (row.own_only) return false;
    return row.depth < deepest_ || (row.repeat == 1 && is_wrapper(row.module));
  }

  // The rows of a line's children, folded and sorted, and of the tensors that it owns beside them. Of what is folded
  // they are those of its first member, with the counts of all.
  std::vector<Line> lines_below(const Line& parent, std::uint32_t depth) const {
    std::vector<Line> lines;
    if (depth > deepest_ && !is_wrapper(parent.row.module)) return lines;
    for (Line& line : folded_children(parent, depth)) {
      // A container without a recorded type tells less than its layers, as long as they are few lines: "layers.0" and
      // "layers.1…60".
      std::vector<Line> layers =
          is_plain_container(line.row.module) ? folded_children(line, depth) : std::vector<Line>{};
      if (layers.empty() || layers.size() > 3) {
        lines.push_back(std::move(line));
      } else {
        std::move(layers.begin(), layers.end(), std::back_inserter(lines));
      }
    }
    if (!lines.empty() && model_.modules[parent.row.module].first_tensor != kNone)
      lines.push_back(own_line(parent, depth));
    sort(lines);
    return lines;
  }

  std::vector<Line> folded_children(const Line& parent, std::uint32_t depth) const {
    std::vector<std::vector<Index>> all;
    if (!parent.members.empty() && (all = children_of_all(model_, parent.members)).empty()) return {};
    std::vector<Line> lines;
    std::size_t place = 0;
    for (Index child = model_.modules[parent.row.module].first_child; child != kNone;
         child = model_.modules[child].next, ++place) {
      if (!summary_.hidden.empty() && summary_.hidden[child]) continue;
      if (lines.empty() || !repeats(lines.back().row, child)) {
        Line& line = lines.emplace_back();
        line.row.module = child;
        line.row.depth = depth;
        line.row.repeat = 0;
      }
      if (all.empty()) {
        add_member(lines.back(), child);
      } else {
        for (const Index member : all[place]) add_member(lines.back(), member);
      }
    }
    return lines;
  }

  bool repeats(const Row& row, Index next) const {
    return options_.fold && prints_[row.module] == prints_[next] && is_number(model_.modules[row.module].name) &&
           is_number(model_.modules[next].name);
  }

  void add_member(Line& line, Index module) const {
    Row& row = line.row;
    if (row.repeat == 1) line.members.push_back(row.module);
    if (row.repeat > 0) line.members.push_back(module);
    ++row.repeat;
    row.last_module = module;
    const Tally& tally = summary_.tallies[module];
    add(row.tally, tally);
    row.lazy |= model_.modules[module].lazy || is_lazy(tally);
    row.tied = row.tied || tied_[module];
  }

  Line own_line(const Line& parent, std::uint32_t depth) const {
    Row row;
    row.module = parent.row.module;
    row.last_module = parent.members.empty() ? row.module : parent.members.back();
    row.depth = depth;
    row.repeat = parent.row.repeat;
    row.own_only = true;
    row.tally = tally_own(summary_, row.module);
    for (std::size_t i = 1; i < parent.members.size(); ++i) add(row.tally, tally_own(summary_, parent.members[i]));
    row.lazy = is_lazy(row.tally);
    for (Index i = model_.modules[row.module].first_tensor; i != kNone; i = model_.tensors[i].next) {
      const Index original = model_.tensors[i].tied_to;
      row.tied |= original != kNone && model_.tensors[original].module != row.module;
    }
    return {std::move(row)};
  }

  static bool is_lazy(const Tally& tally) { return tally.uninitialized_parameters + tally.uninitialized_buffers > 0; }

  bool is_plain_container(Index index) const {
    const Module& module = model_.modules[index];
    if (!options_.fold || !module.type.empty() || module.first_tensor != kNone || module.first_child == kNone)
      return false;
    for (Index child = module.first_child; child != kNone; child = model_.modules[child].next)
      if (!is_number(model_.modules[child].name)) return false;
    return true;
  }

  // Opened even where the depth would end, if the caller left that to us.
  bool is_wrapper(Index index) const {
    const Module& module = model_.modules[index];
    if (options_.depth || index == 0 || module.first_tensor != kNone || module.first_child == kNone) return false;
    std::uint64_t all = summary_.totals.parameters.known();
    return summary_.tallies[index].parameters.known() >= all - all / 10;
  }

  void sort(std::vector<Line>& lines) const {
    auto by = [&](auto key) {
      std::vector<std::pair<decltype(key(lines[0].row)), Line>> keyed;
      keyed.reserve(lines.size());
      for (Line& line : lines) keyed.emplace_back(key(line.row), std::move(line));
      std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      std::transform(keyed.begin(), keyed.end(), lines.begin(), [](auto& pair) { return std::move(pair.second); });
    };
    switch (options_.sort) {
      case SortKey::definition: return;
      case SortKey::name: return by([&](const Row& row) { return model_.path_of(row.module); });
      case SortKey::parameters: return by([](const Row& row) { return ~row.tally.parameters.known(); });
      case SortKey::size: return by([](const Row& row) { return ~row.tally.bytes.known(); });
    }
  }

  // Whether the row's path matches the filter, or holds it as a part.
  bool passes_filter(const Row& row) const {
    if (options_.filter.empty()) return true;
    const std::string path = model_.path_of(row.module);
    return path.find(options_.filter) != std::string::npos || matches_glob(options_.filter, path);
  }

  void flatten() {
    summary_.flat = true;
    std::vector<Line> kept;
    for (std::size_t i = 0; i < summary_.rows.size(); ++i) {
      Row& row = summary_.rows[i];
      bool stands_for_others = options_.top > 0 && has_rows_below_[i];
      if (stands_for_others || !passes_filter(row)) continue;
      kept.push_back({std::move(row)});
    }
    sort(kept);
    if (options_.top > 0 && kept.size() > options_.top) {
      summary_.rows_left_out = kept.size() - options_.top;
      kept.resize(options_.top);
    }
    summary_.rows.clear();
    for (Line& line : kept) {
      line.row.depth = 1;
      summary_.rows.push_back(std::move(line.row));
    }
  }

  Summary& summary_;
  const Model& model_;
  const SummaryOptions& options_;
  std::uint32_t deepest_ = 1;
  std::vector<std::uint64_t> prints_;
  std::vector<bool> tied_;            // by module
  std::vector<bool> has_rows_below_;  // by row
};

}  // namespace

void select_rows(Summary& summary, const SummaryOptions& options, std::vector<std::uint64_t> prints) {
  Selection(summary, options, std::move(prints)).run();
}

}  // namespace weigh
