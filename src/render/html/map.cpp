#include "render/html/map.h"

#include <algorithm>
#include <queue>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/tally.h"
#include "render/columns.h"
#include "render/facts.h"
#include "render/html/shades.h"
#include "render/io_shape.h"
#include "render/text.h"

namespace weigh {
namespace {

constexpr NumberStyle kHuman = {};
constexpr double kLargestUnknown = 0.15;  // of what is known: how much an unknown size takes
constexpr double kAllUnknown = 0.5;       // and all of them
constexpr double kLeastRest = 0.001;      // of a box, which is shown

std::string joined(std::vector<std::string> parts) {
  std::erase_if(parts, [](const std::string& part) { return part.empty(); });
  return fmt::format("{}", fmt::join(parts, " · "));
}

// "1.2 B parameters · 2.4 GB"
std::string in_words(const std::array<std::string, kAreas>& size_texts) {
  return joined(
      {size_texts[1] == "0" ? "" : size_texts[1] + " parameters", size_texts[0] == size_texts[1] ? "" : size_texts[0]});
}

// Of all that is counted, where it is one.
ShadeClass only_dtype(const Tally& tally) {
  std::vector<ShadeClass> found;
  for (unsigned i = 1; i < static_cast<unsigned>(Scheme::count_); ++i)
    if (tally.schemes.contains(static_cast<Scheme>(i))) found.push_back(shade_of(static_cast<Scheme>(i)));
  for (unsigned i = 0; i < static_cast<unsigned>(DType::count_); ++i)
    if (tally.dtypes.contains(static_cast<DType>(i))) found.push_back(shade_of(static_cast<DType>(i)));
  return found.size() == 1 ? found[0] : kMixedShade;
}

class MapBuilder {
 public:
  MapBuilder(const Summary& summary, const ReportLimits& limits)
      : summary_(summary), model_(*summary.model), limits_(limits), rows_below_(summary.rows.size() + 1) {}

  std::vector<MapBox> build() && {
    if (summary_.flat) return {};
    find_rows_below();
    add_root();
    while (!open_.empty() && boxes_.size() < limits_.boxes) {
      const std::size_t box = open_.top().second;
      open_.pop();
      fill(box);
    }
    give_room_to_unknown();
    add_up();
    if (boxes_[0].areas[0] == 0) boxes_.clear();
    return std::move(boxes_);
  }

 private:
  // What a box stands for; kNone for both: what had no room.
  struct Content {
    Index row = kNone;
    Index tensor = kNone;
    std::uint32_t depth = 0;
  };

  void find_rows_below() {
    std::vector<std::size_t> above = {0};  // by depth; row i is number i + 1, the root 0
    for (std::size_t i = 0; i < summary_.rows.size(); ++i) {
      above.resize(summary_.rows[i].depth);
      rows_below_[above.back()].push_back(static_cast<Index>(i));
      above.push_back(i + 1);
    }
  }

  void add_root() {
    MapBox root;
    root.label = printable(short_name(model_));
    set_sizes(root, summary_.totals, 1, "");
    root.told = joined({root.label, in_words(root.size_texts)});
    root.shades.fill(kMixedShade);
    add(std::move(root), {});
  }

  void set_sizes(MapBox& box, const Tally& tally, std::uint32_t repeat, std::string_view path) const {
    const Count bytes = tally.bytes * Count(repeat);
    const Count parameters = tally.parameters * Count(repeat);
    box.size_texts = {bytes_text(bytes, kHuman), count_text(model_, parameters, kHuman, path)};
    if (!bytes.is_exact() && bytes.known() == 0) box.size_texts[0] = box.size_texts[1];  // "8·in" tells more than "?"
    box.areas = {static_cast<double>(bytes.known()), static_cast<double>(parameters.known())};
    box.is_known = bytes.is_exact();
  }

  void add(MapBox box, Content content) {
    const bool may_hold = content.depth < limits_.depth && content.tensor == kNone;
    const bool is_rest = content.row == kNone && !boxes_.empty();
    if (may_hold && !is_rest) open_.emplace(box.areas[0], boxes_.size());
    if (!boxes_.empty()) boxes_[box.parent].boxes.push_back(boxes_.size());
    boxes_.push_back(std::move(box));
    contents_.push_back(content);
  }

  // The boxes in one, the largest first.
  void fill(std::size_t parent) {
    const Content content = contents_[parent];
    std::vector<std::pair<MapBox, Content>> found;
    for (const Index row : rows_below_[content.row == kNone ? 0 : content.row + 1])
      found.emplace_back(of_row(row, content), Content{row, kNone, content.depth + 1});
    if (found.empty()) found = tensors_of(content);
    std::erase_if(found, [](const auto& one) { return one.first.is_known && one.first.areas[0] == 0; });
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first.areas[0] > b.first.areas[0]; });
    if (found.size() == 1 && found[0].second.tensor != kNone) return become(parent, found[0].first);
    const std::size_t room = std::min(limits_.boxes - boxes_.size(), limits_.boxes_of_one);
    if (room < 2 || found.empty()) return;
    const std::size_t kept = found.size() <= room ? found.size() : room - 1;
    for (std::size_t i = 0; i < kept; ++i) {
      found[i].first.parent = parent;
      add(std::move(found[i].first), found[i].second);
    }
    if (kept < found.size()) add_rest(parent, found, kept);
    add_unnamed(parent, found);
  }

  MapBox of_row(Index index, const Content& parent) const {
    const Row& row = summary_.rows[index];
    const CellContext context{summary_, kHuman};
    const auto cell = [&](std::string_view key) { return built_in_column(key).cell(context, row); };
    MapBox box;
    box.label = row_label(model_, row, parent.row == kNone ? nullptr : &summary_.rows[parent.row], true);
    set_sizes(box, row.tally, 1, model_.path_of(row.module));
    if (row.tied) box.areas = drawn_below(row);
    box.told = joined({row_label(model_, row, nullptr, true), cell("type"), in_words(box.size_texts), cell("dtypes"),
                       cell("evidence"), row.lazy ? "not initialised" : ""});
    box.shades = {only_dtype(row.tally), is_copy(row.module) ? kCopyShade : kMixedShade, shade_of(row.tally.evidence)};
    return box;
  }

  // A tie has its box where it is counted; what is stored apart all the same has its bytes.
  static bool is_drawn(const Tensor& tensor) { return tensor.tied_to == kNone || tensor.stored_apart; }

  // Of a row some of whose tensors are counted elsewhere: of those that have a box in it.
  std::array<double, kAreas> drawn_below(const Row& row) const {
    std::array<double, kAreas> areas = {};
    std::vector<Index> open = {row.module};
    while (!open.empty()) {
      const Module& module = model_.modules[open.back()];
      open.pop_back();
      for (Index i = module.first_tensor; i != kNone; i = model_.tensors[i].next) {
        const Tensor& tensor = model_.tensors[i];
        if (!is_drawn(tensor)) continue;
        const Tally tally = tally_of(summary_, tensor);
        areas[0] += static_cast<double>(tally.bytes.known()) * row.repeat;
        if (tensor.tied_to == kNone) areas[1] += static_cast<double>(tally.parameters.known()) * row.repeat;
      }
      for (Index child = row.own_only ? kNone : module.first_child; child != kNone; child = model_.modules[child].next)
        open.push_back(child);
    }
    return areas;
  }

  // Of a row without rows below it: its own tensors, unless it is a module whose children are not shown.
  std::vector<std::pair<MapBox, Content>> tensors_of(const Content& content) const {
    std::vector<std::pair<MapBox, Content>> found;
    const Row row = content.row == kNone ? Row() : summary_.rows[content.row];
    if (!row.own_only && model_.modules[row.module].first_child != kNone) return found;
    for (Index i = model_.modules[row.module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (is_drawn(model_.tensors[i]))
        found.emplace_back(of_tensor(i, row), Content{content.row, i, content.depth + 1});
    return found;
  }

  MapBox of_tensor(Index index, const Row& row) const {
    const Tensor& tensor = model_.tensors[index];
    const Tally tally = tally_of(summary_, tensor);
    const QuantizedWeights& quantized = summary_.quantized;
    const Part part = quantized.part(index);
    const Scheme scheme = quantized.empty() ? Scheme::none : quantized.schemes[index];
    MapBox box;
    box.label = printable(tensor.name);
    set_sizes(box, tally, row.repeat, model_.path_of(tensor.module));
    if (tensor.tied_to != kNone) box.areas[1] = 0;
    box.shades = {scheme == Scheme::none ? shade_of(tensor.dtype) : shade_of(scheme),
                  is_copy(tensor.module) ? kCopyShade : shade_of(part, tensor.role), shade_of(tally.evidence)};
    const bool is_plain = part == Part::plain && tensor.role == Role::parameter;
    box.told = joined({tensor_path(row, box.label), shape_text(model_, tensor), in_words(box.size_texts),
                       std::string(box.shades[0].name), is_plain ? "" : std::string(box.shades[1].name),
                       std::string(box.shades[2].name), tensor.state == State::uninitialised ? "not initialised" : ""});
    return box;
  }

  // "layers.1…60.mlp.up_proj.weight  ×60"
  std::string tensor_path(Row row, const std::string& name) const {
    const std::string times = row.repeat > 1 ? fmt::format("  ×{}", row.repeat) : "";
    row.own_only = false;
    row.repeat = 1;
    const std::string path = row_label(model_, row, nullptr, true);
    return path + (path.empty() ? "" : ".") + name + times;
  }

  // A box with one tensor is that tensor's.
  void become(std::size_t index, const MapBox& tensor) {
    MapBox& box = boxes_[index];
    box.told = tensor.told;
    box.shades = tensor.shades;
  }

  void add_rest(std::size_t parent, const std::vector<std::pair<MapBox, Content>>& found, std::size_t kept) {
    MapBox rest;
    rest.label = fmt::format("… {} more", with_commas(found.size() - kept));
    for (std::size_t i = kept; i < found.size(); ++i) {
      for (std::size_t area = 0; area < kAreas; ++area) rest.areas[area] += found[i].first.areas[area];
      rest.is_known &= found[i].first.is_known;
    }
    add_plain(std::move(rest), parent);
  }

  // What a box holds beside what has a row: modules that the caller hides.
  void add_unnamed(std::size_t parent, const std::vector<std::pair<MapBox, Content>>& found) {
    if (summary_.hidden.empty()) return;
    MapBox rest;
    rest.label = "(without a row)";
    rest.areas = boxes_[parent].areas;
    for (const auto& [box, content] : found)
      for (std::size_t area = 0; area < kAreas; ++area) rest.areas[area] -= box.areas[area];
    if (rest.areas[0] > kLeastRest * boxes_[parent].areas[0]) add_plain(std::move(rest), parent);
  }

  void add_plain(MapBox box, std::size_t parent) {
    const auto whole = [](double area) { return static_cast<std::uint64_t>(std::max(area, 0.0)); };
    box.parent = parent;
    box.size_texts = {human_bytes(whole(box.areas[0])), human(whole(box.areas[1]))};
    box.told = joined({box.label, in_words(box.size_texts)});
    box.shades.fill(kMixedShade);
    add(std::move(box), {});
  }

  bool is_copy(Index module) const {
    if (model_.sections.size() < 2) return false;
    for (; module != kNone; module = model_.modules[module].parent)
      for (const Section& section : model_.sections)
        if (section.kind != SectionKind::model && section.root == module) return true;
    return false;
  }

  // An unknown size is not drawn as none.
  void give_room_to_unknown() {
    const auto is_unknown = [](const MapBox& box) { return box.boxes.empty() && !box.is_known; };
    const auto unknown = static_cast<double>(std::count_if(boxes_.begin(), boxes_.end(), is_unknown));
    if (unknown == 0) return;
    for (std::size_t area = 0; area < kAreas; ++area) {
      const double all = boxes_[0].areas[area];
      const double room = all > 0 ? all * std::min(kLargestUnknown, kAllUnknown / unknown) : 1;
      for (MapBox& box : boxes_)
        if (is_unknown(box)) box.areas[area] = std::max(box.areas[area], room);
    }
  }

  void add_up() {
    for (std::size_t i = boxes_.size(); i-- > 0;) {
      MapBox& box = boxes_[i];
      if (box.boxes.empty()) continue;
      for (std::size_t area = 0; area < kAreas; ++area) {
        box.areas[area] = 0;
        for (const std::size_t inner : box.boxes) box.areas[area] += boxes_[inner].areas[area];
      }
    }
  }

  const Summary& summary_;
  const Model& model_;
  const ReportLimits& limits_;
  std::vector<std::vector<Index>> rows_below_;  // by row, from 1 on; of the root at 0
  std::vector<MapBox> boxes_;
  std::vector<Content> contents_;
  std::priority_queue<std::pair<double, std::size_t>> open_;  // boxes that may hold others, by bytes
};

}  // namespace

std::vector<MapBox> map_of(const Summary& summary, const ReportLimits& limits) {
  return MapBuilder(summary, limits).build();
}

}  // namespace weigh
