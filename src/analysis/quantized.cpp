#include "analysis/quantized.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/packed_solver.h"
#include "analysis/packing.h"
#include "bytes/hash.h"
#include "conventions/packed_layouts.h"

namespace weigh {
namespace {

using conventions::PackedLayoutRow;
using conventions::PackedName;
using conventions::PackedRole;
using conventions::PackedTensor;

bool is_small_float(DType dtype) { return is_floating_point(dtype) && bits(dtype) > 0 && bits(dtype) <= 8; }

bool is_integer(DType dtype) { return !can_be_parameter(dtype) && dtype != DType::boolean; }

Scheme integer_scheme(unsigned width) {
  const bool is_known = width > 0 && width <= 8;
  return is_known ? static_cast<Scheme>(static_cast<unsigned>(Scheme::int1) + width - 1) : Scheme::not_told;
}

Scheme scheme_of(const PackedLayoutRow& row, unsigned bits) {
  if (row.is_coded || row.scheme != Scheme::not_told) return row.scheme;
  return integer_scheme(bits);
}

bool has_dtype(const PackedTensor& part, DType dtype) {
  return part.dtypes[0] == DType::unknown ||
         std::find(part.dtypes.begin(), part.dtypes.end(), dtype) != part.dtypes.end();
}

// What stands for "*": "weight" of "weight_packed". Nothing where the name is another one.
std::optional<std::string_view> weight_of(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return name == pattern ? std::optional(std::string_view()) : std::nullopt;
  const std::string_view begin = pattern.substr(0, star);
  const std::string_view end = pattern.substr(star + 1);
  if (name.size() < begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end)) return std::nullopt;
  return name.substr(begin.size(), name.size() - begin.size() - end.size());
}

class Finder {
 public:
  explicit Finder(const Model& model) : model_(model) {}

  QuantizedWeights find() && {
    for (const QuantizedTensor& told : model_.quantized) {
      if (told.part == Part::packed) mark(told.tensor, told.logical, told.scheme, 0, Evidence::recorded);
      if (told.part == Part::overhead) mark_overhead_tensor(told.tensor);
    }
    if (!model_.quantized.empty()) return std::move(found_);
    for (Index module = 0; module < model_.modules.size(); ++module)
      if (has_small_elements(module) && !is_as_another(module)) look_at(module);
    if (!found_.empty()) find_what_stands_apart();
    return std::move(found_);
  }

 private:
  // Most modules hold floats of two bytes or more, and are done with here.
  bool has_small_elements(Index module) const {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next) {
      const Tensor& tensor = model_.tensors[i];
      if ((is_small_float(tensor.dtype) || is_integer(tensor.dtype)) && is_plain_array(tensor)) return true;
    }
    return false;
  }

  static bool is_plain_array(const Tensor& tensor) {
    return tensor.rank_known() && tensor.rank > 0 && tensor.layout == Layout::strided &&
           tensor.state == State::initialised;
  }

  // Keys and values may be quantised, too, when the model runs: their scales are attention's.
  void find_what_stands_apart() {
    for (std::size_t i = 0; i < found_.parts.size(); ++i) {
      const std::string_view name = model_.tensors[i].name;
      const bool is_scale = conventions::is_scale_of_cache(name) && numel(static_cast<Index>(i)) == 1;
      if (is_scale || conventions::is_overhead_anywhere(name)) found_.parts[i] = Part::overhead;
    }
  }

  // The layers of a model are alike, and are looked at once: with the same names, dtypes and shapes nothing else comes
  // of it.
  bool is_as_another(Index module) {
    const Module& owner = model_.modules[module];
    if (owner.first_child != kNone || tells_of_layers(model_.config.quantization)) return false;
    std::uint64_t hash = 0;
    for (Index i = owner.first_tensor; i != kNone; i = model_.tensors[i].next) {
      if (model_.tensors[i].name == kInner) return false;  // has parts in the modules around it
      hash = mix(hash, model_.tensors[i].first_extent);
    }
    Index& recent = recent_[hash % recent_.size()];
    if (recent == kNone || !are_alike(recent, module)) {
      recent = module;
      return false;
    }
    if (found_.empty()) return true;
    Index from = model_.modules[recent].first_tensor;
    for (Index to = owner.first_tensor; to != kNone; to = model_.tensors[to].next, from = model_.tensors[from].next) {
      found_.parts[to] = found_.parts[from];
      found_.logical[to] = found_.logical[from];
      found_.schemes[to] = found_.schemes[from];
      found_.layouts[to] = found_.layouts[from];
      found_.evidence[to] = found_.evidence[from];
    }
    return true;
  }

  bool are_alike(Index a, Index b) const {
    Index i = model_.modules[a].first_tensor;
    Index j = model_.modules[b].first_tensor;
    for (; i != kNone && j != kNone; i = model_.tensors[i].next, j = model_.tensors[j].next) {
      const Tensor& x = model_.tensors[i];
      const Tensor& y = model_.tensors[j];
      if (x.first_extent != y.first_extent || x.rank != y.rank || x.dtype != y.dtype || x.layout != y.layout ||
          x.state != y.state || x.name != y.name)
        return false;
    }
    return i == j;
  }

  std::uint64_t numel(Index index) const { return model_.numel(model_.tensors[index]).known(); }

  // A tensor that says how to unpack a weight of the layer.
  struct Held {
    std::string_view weight;  // "" where its name tells none
    PackedRole role = PackedRole::setting;
    Index tensor = 0;
  };

  void look_at(Index module) {
    module_ = module;
    collect(module);
    bool found = false;
    for (const Index index : data_) found |= look_at_tensor(index);
    if (!found) return;
    for (const Held& held : held_)
      if (!is_low_rank(held.role)) mark_overhead_tensor(held.tensor);
  }

  static bool is_low_rank(PackedRole role) { return role == PackedRole::low_in || role == PackedRole::low_out; }

  // Those that are told by their names, and those that may be weights.
  void collect(Index module) {
    held_.clear();
    data_.clear();
    children_.clear();
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next) {
      const Tensor& tensor = model_.tensors[i];
      const PackedName name = conventions::packed_name(tensor.name);
      if (name.role != PackedRole::data) {
        held_.push_back({name.weight, name.role, i});
      } else if (is_plain_array(tensor) && (is_small_float(tensor.dtype) || is_integer(tensor.dtype))) {
        data_.push_back(i);
      }
    }
    if (data_.empty()) return;
    for (Index child = model_.modules[module].first_child; child != kNone; child = model_.modules[child].next) {
      const PackedName name = conventions::packed_name(model_.modules[child].name);
      const Index weight = name.role == PackedRole::data ? kNone : tensor_called("weight", child);
      if (weight != kNone) held_.push_back({name.weight, name.role, weight});
      if (name.role == PackedRole::data) children_.push_back(child);
    }
    const auto by_weight = [](const Held& a, const Held& b) { return a.weight < b.weight; };
    std::stable_sort(held_.begin(), held_.end(), by_weight);
    const auto by_name = [&](Index a, Index b) { return model_.modules[a].name < model_.modules[b].name; };
    std::sort(children_.begin(), children_.end(), by_name);
  }

  Index tensor_called(std::string_view name, Index module) const {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (model_.tensors[i].name == name) return i;
    return kNone;
  }

  // What is named like a member of the weight: "fc.weight.absmax" lies in a module "fc.weight".
  Index child_called(std::string_view name) const {
    const auto found = std::lower_bound(children_.begin(), children_.end(), name, [&](Index child, std::string_view n) {
      return model_.modules[child].name < n;
    });
    return found != children_.end() && model_.modules[*found].name == name ? *found : kNone;
  }

  bool look_at_tensor(Index index) {
    const Tensor& tensor = model_.tensors[index];
    collect_around(tensor);
    std::optional<Fit> open;  // a layout by all its names, whose equations nothing solves
    std::size_t opened = 0;
    const std::span<const PackedLayoutRow> rows = conventions::packed_layout_rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const PackedTensor& data = rows[i].tensors[0];
      if (!has_dtype(data, tensor.dtype) || (data.name == "*" && tensor.rank < 2)) continue;
      const std::optional<std::string_view> weight = weight_of(data.name, tensor.name);
      if (!weight) continue;
      if (!rows[i].method.empty() && rows[i].method != model_.config.quantization.method) continue;
      Fit fit{i, *weight, {}, {}};
      if (!bind(index, fit)) continue;
      if (fit.has_dtypes)
        if (const auto solution = solve(rows[i], fit.parts, packings())) return mark(index, fit, *solution);
      if (opened++ == 0) open = fit;
    }
    if (!open) return false;
    const PackedLayoutRow& row = rows[open->row];
    const bool is_sure = opened == 1 && row.bits != 0;
    return mark(index, *open, {is_sure ? row.bits : 0U, 0, 0, 0, false});
  }

  // In a module that is called as the weight, with those below it; and around a module that holds data alone.
  void collect_around(const Tensor& data) {
    around_.clear();
    const auto add = [&](Index i, std::string_view weight) {
      const std::string_view name = model_.tensors[i].name;
      const PackedRole role = name == "bias" ? PackedRole::bias : conventions::packed_name(name).role;
      around_.push_back({weight, role == PackedRole::data ? PackedRole::setting : role, i});
    };
    if (const Index child = child_called(data.name); child != kNone)
      for_each_below(child, [&](Index i) { add(i, data.name); });
    if (data.name == kInner && model_.modules[module_].name == kInner)
      for (Index i = model_.modules[model_.modules[module_].parent].first_tensor; i != kNone;
           i = model_.tensors[i].next)
        if (conventions::packed_name(model_.tensors[i].name).role != PackedRole::data) add(i, "");
  }

  // Which tensors stand for the parts of a layout.
  struct Fit {
    std::size_t row = 0;
    std::string_view weight;
    std::vector<PackedPart> parts;
    std::vector<Index> tensors;
    bool has_dtypes = true;
  };

  bool bind(Index data, Fit& fit) {
    const PackedLayoutRow& row = conventions::packed_layout_rows()[fit.row];
    shapes_.clear();
    shapes_.reserve(PackedLayoutRow::kMostTensors);
    for (const PackedTensor& part : row.parts()) {
      const Index index = part.role == PackedRole::data ? data : tensor_of(part, model_.tensors[data], fit.weight);
      if (index == kNone && part.is_needed) return false;
      if (index == kNone) continue;
      const Tensor& tensor = model_.tensors[index];
      if (!tensor.rank_known()) return false;
      fit.has_dtypes &= has_dtype(part, tensor.dtype);
      std::vector<std::uint64_t>& shape = shapes_.emplace_back();
      for (const Extent* extent = model_.shape_begin(tensor); extent != model_.shape_end(tensor); ++extent)
        shape.push_back(extent->size());
      fit.parts.push_back({&part, shape, bits(tensor.dtype)});
      fit.tensors.push_back(index);
    }
    return true;
  }

  // By its role and the weight that it names, or no weight where the module has but one.
  Index tensor_of(const PackedTensor& part, const Tensor& data, std::string_view weight) const {
    for (const Held& held : around_)
      if (held.role == part.role && is_of_kind(part, held)) return held.tensor;
    const std::string_view named = weight.empty() ? data.name : weight;
    if (const Index found = held_for(named, part); found != kNone) return found;
    const bool may_be_nameless = data_.size() == 1 || weight.empty() || weight == "weight" || data.name == "weight";
    if (const Index found = may_be_nameless ? held_for("", part) : kNone; found != kNone) return found;
    return weight.empty() ? held_for("weight", part) : kNone;
  }

  Index held_for(std::string_view weight, const PackedTensor& part) const {
    auto held = std::lower_bound(held_.begin(), held_.end(), weight,
                                 [](const Held& one, std::string_view name) { return one.weight < name; });
    for (; held != held_.end() && held->weight == weight; ++held)
      if (held->role == part.role && is_of_kind(part, *held)) return held->tensor;
    return kNone;
  }

  bool is_of_kind(const PackedTensor& part, const Held& held) const {
    return !part.is_by_name || part.name.ends_with(model_.tensors[held.tensor].name);
  }

  // Of the layer that is looked at.
  std::span<const Packing> packings() {
    if (packings_of_ != module_) {
      const bool needs_path = tells_of_layers(model_.config.quantization);
      packings_ = packings_for(model_.config.quantization, needs_path ? model_.path_of(module_) : std::string());
      packings_of_ = module_;
    }
    return packings_;
  }

  void mark_overhead(Index module) {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (conventions::is_overhead(model_.tensors[i].name)) mark_overhead_tensor(i);
  }

  void mark_overhead_tensor(Index index) {
    found_.reserve_for(model_.tensors.size());
    if (found_.parts[index] == Part::plain) found_.parts[index] = Part::overhead;
  }

  // Tensors of a module and of its children.
  template <class Visit>
  void for_each_below(Index module, Visit&& visit) {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next) visit(i);
    for (Index child = model_.modules[module].first_child; child != kNone; child = model_.modules[child].next)
      for (Index i = model_.modules[child].first_tensor; i != kNone; i = model_.tensors[i].next) visit(i);
  }

  bool mark(Index index, const Fit& fit, const PackedSolution& solution) {
    const PackedLayoutRow& row = conventions::packed_layout_rows()[fit.row];
    const Scheme scheme = solution.bits == 0 ? Scheme::not_told : scheme_of(row, solution.bits);
    const Evidence evidence = solution.weights == 0                     ? Evidence::assumed
                              : solution.is_told || !row.method.empty() ? Evidence::by_convention
                                                                        : Evidence::derived;
    mark(index, solution.weights == 0 ? QuantizedWeights::kUnknown : solution.weights, scheme,
         static_cast<std::uint8_t>(fit.row + 1), evidence);
    for (std::size_t i = 1; i < fit.parts.size(); ++i) {
      if (!is_low_rank(fit.parts[i].part->role)) mark_overhead_tensor(fit.tensors[i]);
    }
    for (const Held& held : around_) mark_overhead_tensor(held.tensor);
    if (model_.tensors[index].name == kInner) mark_overhead_around();
    return true;
  }

  // Scales of activations lie in the layer, whose weight is a module.
  void mark_overhead_around() {
    Index module = module_;
    const int levels = model_.modules[module_].name == kInner ? 2 : 1;
    for (int up = 0; up < levels && module != 0; ++up) mark_overhead(module = model_.modules[module].parent);
  }

  void mark(Index index, std::uint64_t logical, Scheme scheme, std::uint8_t layout, Evidence evidence) {
    found_.reserve_for(model_.tensors.size());
    if (found_.parts[index] == Part::packed) return;
    found_.parts[index] = Part::packed;
    found_.logical[index] = logical;
    found_.schemes[index] = scheme;
    found_.layouts[index] = layout;
    found_.evidence[index] = evidence;
  }

  static std::array<Index, 64> none() {
    std::array<Index, 64> all;
    all.fill(kNone);
    return all;
  }

  static constexpr std::string_view kInner = "_data";  // of optimum-quanto: a weight is a module

  const Model& model_;
  Index module_ = 0;
  std::vector<Held> held_;                          // of the module, by weight
  std::vector<Held> around_;                        // of the tensor that is looked at
  std::vector<Index> data_;                         // tensors that may be weights
  std::vector<Index> children_;                     // by name
  std::vector<std::vector<std::uint64_t>> shapes_;  // that parts view
  std::vector<Packing> packings_;
  Index packings_of_ = kNone;
  std::array<Index, 64> recent_ = none();  // by hash of their shapes: modules that were looked at
  QuantizedWeights found_;
};

}  // namespace

PackedLayoutName layout_of(std::uint8_t layout) {
  const std::span<const PackedLayoutRow> rows = conventions::packed_layout_rows();
  if (layout == 0 || layout > rows.size()) return {};
  const PackedLayoutRow& row = rows[layout - 1U];
  return {row.name, row.meaning, row.source};
}

std::string_view name(Scheme scheme) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Scheme::count_)> kNames = {
      "",    "int1", "int2",  "int3",  "int4",  "int5",  "int6",  "int7",  "int8",
      "nf4", "fp4",  "nvfp4", "mxfp4", "mxfp6", "mxfp8", "4-bit", "packed"};
  return kNames[static_cast<std::size_t>(scheme)];
}

QuantizedWeights find_quantized(const Model& model) { return Finder(model).find(); }

}  // namespace weigh
