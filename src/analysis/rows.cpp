#include "analysis/rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "analysis/glob.h"
#include "analysis/tally.h"
#include "bytes/digits.h"

namespace weigh {
namespace {

class Selection {
 public:
  Selection(Summary& summary, const SummaryOptions& options, std::vector<std::uint64_t> prints)
      : summary_(summary), model_(*summary.model), options_(options), prints_(std::move(prints)) {
    find_ties();
  }

  void run() {
    int depth = options_.depth.value_or(1);
    deepest_ = depth < 0 ? std::numeric_limits<std::uint32_t>::max() : static_cast<std::uint32_t>(depth);
    // Rows still to be added, the next one last.
    std::vector<Row> open = rows_below(0, 1);
    std::reverse(open.begin(), open.end());
    while (!open.empty()) {
      Row row = std::move(open.back());
      open.pop_back();
      std::vector<Row> below;
      if (row.repeat == 1 && !row.own_only && (row.depth < deepest_ || is_wrapper(row.module)))
        below = rows_below(row.module, row.depth + 1);
      std::move(below.rbegin(), below.rend(), std::back_inserter(open));
      has_rows_below_.push_back(!below.empty());
      summary_.rows.push_back(std::move(row));
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

  // The rows of a module's children, folded and sorted, and of the tensors that it owns beside them.
  std::vector<Row> rows_below(Index parent, std::uint32_t depth) {
    std::vector<Row> rows;
    if (depth > deepest_ && !is_wrapper(parent)) return rows;
    for (const Row& row : folded_children(parent, depth)) {
      // A container without a recorded type tells less than its layers, as long as they are few lines: "layers.0" and
      // "layers.1…60".
      std::vector<Row> layers =
          is_plain_container(row.module) ? folded_children(row.module, depth) : std::vector<Row>{};
      if (layers.empty() || layers.size() > 3) {
        rows.push_back(row);
      } else {
        std::move(layers.begin(), layers.end(), std::back_inserter(rows));
      }
    }
    if (!rows.empty() && model_.modules[parent].first_tensor != kNone) rows.push_back(own_row(parent, depth));
    sort(rows);
    return rows;
  }

  std::vector<Row> folded_children(Index parent, std::uint32_t depth) const {
    std::vector<Row> rows;
    for (Index child = model_.modules[parent].first_child; child != kNone; child = model_.modules[child].next) {
      if (!summary_.hidden.empty() && summary_.hidden[child]) continue;
      if (!rows.empty() && repeats(rows.back(), child)) {
        repeat(rows.back(), child);
        continue;
      }
      Row row;
      row.module = row.last_module = child;
      row.depth = depth;
      row.tally = summary_.tallies[child];
      row.lazy = model_.modules[child].lazy || is_lazy(row.tally);
      row.tied = tied_[child];
      rows.push_back(std::move(row));
    }
    return rows;
  }

  bool repeats(const Row& row, Index next) const {
    return options_.fold && prints_[row.module] == prints_[next] && is_number(model_.modules[row.module].name) &&
           is_number(model_.modules[next].name);
  }

  void repeat(Row& row, Index module) const {
    ++row.repeat;
    row.last_module = module;
    const Tally& tally = summary_.tallies[module];
    for (Count Tally::*count : {&Tally::parameters, &Tally::trainable, &Tally::buffers, &Tally::bytes})
      row.tally.*count += tally.*count;
    row.tally.tensors += tally.tensors;
  }

  Row own_row(Index module, std::uint32_t depth) const {
    Row row;
    row.module = row.last_module = module;
    row.depth = depth;
    row.own_only = true;
    row.tally = tally_own(summary_, module);
    row.lazy = is_lazy(row.tally);
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next) {
      const Index original = model_.tensors[i].tied_to;
      row.tied |= original != kNone && model_.tensors[original].module != module;
    }
    return row;
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

  void sort(std::vector<Row>& rows) const {
    auto by = [&](auto key) {
      std::vector<std::pair<decltype(key(rows[0])), Row>> keyed;
      keyed.reserve(rows.size());
      for (Row& row : rows) keyed.emplace_back(key(row), std::move(row));
      std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      std::transform(keyed.begin(), keyed.end(), rows.begin(), [](auto& pair) { return std::move(pair.second); });
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
    std::vector<Row> kept;
    for (std::size_t i = 0; i < summary_.rows.size(); ++i) {
      Row& row = summary_.rows[i];
      bool stands_for_others = options_.top > 0 && has_rows_below_[i];
      if (stands_for_others || !passes_filter(row)) continue;
      kept.push_back(std::move(row));
    }
    sort(kept);
    if (options_.top > 0 && kept.size() > options_.top) {
      summary_.rows_left_out = kept.size() - options_.top;
      kept.resize(options_.top);
    }
    for (Row& row : kept) row.depth = 1;
    summary_.rows = std::move(kept);
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
