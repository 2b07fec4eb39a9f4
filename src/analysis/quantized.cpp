#include "analysis/quantized.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "bytes/hash.h"

namespace weigh {
namespace {

constexpr std::uint64_t kMostLogical = std::uint64_t{1} << 56;  // of one tensor; beyond it a file lies

bool is_small_float(DType dtype) { return is_floating_point(dtype) && bits(dtype) > 0 && bits(dtype) <= 8; }

bool is_integer(DType dtype) { return !can_be_parameter(dtype) && dtype != DType::boolean; }

Scheme integer_scheme(unsigned width) {
  const bool is_known = width > 0 && width <= 8;
  return is_known ? static_cast<Scheme>(static_cast<unsigned>(Scheme::int1) + width - 1) : Scheme::not_told;
}

class Finder {
 public:
  explicit Finder(const Model& model) : model_(model) {}

  QuantizedWeights find() && {
    for (const QuantizedTensor& told : model_.quantized) {
      if (told.part == Part::packed) mark(told.tensor, told.logical, told.scheme);
      if (told.part == Part::overhead) found_or_new().parts[told.tensor] = Part::overhead;
    }
    if (!model_.quantized.empty()) return std::move(found_);
    for (Index module = 0; module < model_.modules.size(); ++module)
      if (has_small_elements(module) && !is_as_another(module)) look_at(module);
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

  // The layers of a model are alike, and are looked at once: with the same names, dtypes and shapes nothing else comes
  // of it.
  bool is_as_another(Index module) {
    const Module& owner = model_.modules[module];
    if (owner.first_child != kNone) return false;
    std::uint64_t hash = 0;
    for (Index i = owner.first_tensor; i != kNone; i = model_.tensors[i].next)
      hash = mix(hash, model_.tensors[i].first_extent);
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

  Index tensor(std::string_view name) const {
    for (Index i = model_.modules[module_].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (model_.tensors[i].name == name) return i;
    return kNone;
  }
  Index tensor(std::string_view base, std::string_view suffix) const {
    for (Index i = model_.modules[module_].first_tensor; i != kNone; i = model_.tensors[i].next) {
      const std::string_view name = model_.tensors[i].name;
      if (name.size() == base.size() + suffix.size() && name.starts_with(base) && name.ends_with(suffix)) return i;
    }
    return kNone;
  }

  std::uint64_t numel(Index index) const { return model_.numel(model_.tensors[index]).known(); }
  std::uint64_t extent(Index index, unsigned place) const {
    const Tensor& of = model_.tensors[index];
    return of.rank_known() && place < of.rank ? (model_.shape_begin(of) + place)->size() : 0;
  }

  void look_at(Index module) {
    module_ = module;
    bool found = false;
    if (const Index qweight = tensor("qweight"); qweight != kNone) found |= gptq_or_awq(qweight);
    if (const Index weights = tensor("W_q"); weights != kNone) found |= hqq(weights);
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      found |= look_at_tensor(i);
    if (!found) return;
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (found_.parts[i] == Part::plain && is_overhead(model_.tensors[i].name)) found_.parts[i] = Part::overhead;
  }

  bool look_at_tensor(Index index) {
    const Tensor& tensor = model_.tensors[index];
    if (!is_plain_array(tensor)) return false;
    std::string_view base = tensor.name;
    const auto take_off = [&](std::string_view suffix) {
      if (base.size() <= suffix.size() || !base.ends_with(suffix)) return false;
      base.remove_suffix(suffix.size());
      return true;
    };
    if (take_off("_packed") && is_integer(tensor.dtype)) return packed(index, base);
    base = tensor.name;
    if (take_off("_blocks") && tensor.dtype == DType::uint8 && this->tensor(base, "_scales") != kNone) {
      found_or_new().parts[this->tensor(base, "_scales")] = Part::overhead;
      return mark(index, doubled(index), Scheme::mxfp4);
    }
    base = tensor.name;
    if (take_off("_qdata") || take_off(":qdata")) {
      if (tensor.dtype == DType::uint8) return mark(index, doubled(index), Scheme::int4);
      return mark(index, numel(index), Scheme::none);
    }
    if (tensor.rank >= 2 && (is_integer(tensor.dtype) || is_small_float(tensor.dtype))) return unpacked(index);
    return false;
  }

  // compressed-tensors.
  bool packed(Index index, std::string_view base) {
    const Index scale = tensor(base, "_scale");
    if (scale == kNone) return false;
    if (model_.tensors[index].dtype == DType::uint8) return mark(index, doubled(index), Scheme::nvfp4);
    return mark_words(index, scale);
  }

  unsigned last_place(Index index) const { return model_.tensors[index].rank - 1U; }

  // Bits of a weight in a row of 32-bit words, of which the configuration tells the group or the bits.
  unsigned width_of(Index words, Index scale) const {
    const QuantizationConfig& config = model_.config.quantization;
    if (config.bits != 0) return config.bits;
    const std::uint64_t groups = extent(scale, last_place(scale));
    const std::uint64_t columns = extent(words, last_place(words));
    if (config.group_size == 0 || groups < 2 || config.group_size > kMostLogical / groups) return 0;
    const std::uint64_t row = groups * config.group_size;
    return columns < kMostLogical / 32 && columns * 32 % row == 0 ? static_cast<unsigned>(columns * 32 / row) : 0;
  }

  // Rows of 32-bit words; 3 bits fill a word but for what is left over in a row.
  bool mark_bits(Index index, unsigned width, std::uint64_t rows) {
    if (width == 0 || width > 32) return mark(index, QuantizedWeights::kUnknown, Scheme::not_told);
    const std::uint64_t row = rows == 0 ? 0 : numel(index) / rows;
    if (row > kMostLogical / 32 || (rows != 0 && row * 32 / width > kMostLogical / rows)) return false;
    return mark(index, rows * (row * 32 / width), integer_scheme(width));
  }

  // Rows of words along the last extent.
  bool mark_words(Index index, Index scale) {
    const std::uint64_t last = std::max<std::uint64_t>(1, extent(index, last_place(index)));
    return mark_bits(index, width_of(index, scale), numel(index) / last);
  }

  bool gptq_or_awq(Index qweight) {
    const Index scales = tensor("scales");
    const Index zeros = tensor("qzeros");
    if (scales == kNone || model_.tensors[qweight].rank != 2 || model_.tensors[scales].rank != 2 ||
        !is_integer(model_.tensors[qweight].dtype))
      return false;
    const std::uint64_t out = extent(scales, 1);
    const std::uint64_t rows = extent(qweight, 0);
    const std::uint64_t columns = extent(qweight, 1);
    if (columns != out) {  // AWQ packs along the columns
      const bool is_fit = columns != 0 && out < kMostLogical && columns < kMostLogical / 32 &&
                          columns * 32 % std::max<std::uint64_t>(out, 1) == 0;
      if (!is_fit || out == 0 || rows > kMostLogical / out) return false;
      return mark(qweight, rows * out,
                  integer_scheme(static_cast<unsigned>(std::min<std::uint64_t>(columns * 32 / out, 9))));
    }
    unsigned width = model_.config.quantization.bits;
    if (zeros != kNone && model_.tensors[zeros].rank == 2 && out != 0 && extent(zeros, 1) < kMostLogical / 32)
      width = static_cast<unsigned>(std::min<std::uint64_t>(extent(zeros, 1) * 32 / out, 64));
    if (const Index order = tensor("g_idx"); order != kNone && extent(order, 0) != 0) {
      const std::uint64_t in = extent(order, 0);
      if (in > kMostLogical / std::max<std::uint64_t>(out, 1)) return false;
      return mark(qweight, in * out, integer_scheme(width));
    }
    return mark_bits(qweight, width, out);
  }

  bool hqq(Index weights) {
    const Index scale = tensor("scale");
    if (scale == kNone || tensor("zero") == kNone) return false;
    const unsigned width = model_.config.quantization.bits;
    const bool is_by_row =
        model_.tensors[scale].rank == 2 && extent(scale, 1) == 1 && model_.tensors[weights].rank == 2;
    if (is_by_row && extent(weights, 1) != 0 && extent(scale, 0) <= kMostLogical / extent(weights, 1))
      return mark(weights, extent(scale, 0) * extent(weights, 1), integer_scheme(width));
    if (model_.tensors[weights].dtype == DType::uint8 && (width == 1 || width == 2 || width == 4 || width == 8))
      return mark(weights, numel(weights) * (8 / width), integer_scheme(width));
    return mark(weights, QuantizedWeights::kUnknown, Scheme::not_told);
  }

  // A matrix of integers or small floats that keeps its name.
  bool unpacked(Index index) {
    const Tensor& tensor = model_.tensors[index];
    const std::string_view name = tensor.name;
    if (name == "weight" && tensor.dtype == DType::uint32 && this->tensor("scales") != kNone)
      return mark_words(index, this->tensor("scales"));
    if (name == "weight" && tensor.dtype == DType::int8 && this->tensor("SCB") != kNone)
      return mark(index, numel(index), Scheme::none);
    if (tensor.dtype == DType::uint8)
      if (const std::optional<Scheme> scheme = bitsandbytes(name)) return mark(index, doubled(index), *scheme);
    Index scale = kNone;
    for (std::string_view suffix : {"_scale_inv", "_scale", "_scales"})
      if (scale == kNone) scale = this->tensor(name, suffix);
    if (scale == kNone) return false;
    if (tensor.dtype == DType::uint8) {
      const std::uint64_t scales = numel(scale);
      if (scales != 0 && numel(index) == scales * 8) return mark(index, doubled(index), Scheme::nvfp4);
      if (scales != 0 && numel(index) == scales * 16) return mark(index, doubled(index), Scheme::mxfp4);
    }
    return mark(index, numel(index), Scheme::none);
  }

  // Its facts are named like members of the weight: "fc.weight.absmax" lies in a module "fc.weight".
  std::optional<Scheme> bitsandbytes(std::string_view name) {
    for (Index child = model_.modules[module_].first_child; child != kNone; child = model_.modules[child].next) {
      if (model_.modules[child].name != name) continue;
      bool has_absmax = false;
      Scheme scheme = Scheme::four_bits;
      for_each_below(child, [&](Index i) {
        const std::string path = model_.path_of(model_.tensors[i]);
        has_absmax |= model_.tensors[i].name == "absmax";
        if (path.ends_with("bitsandbytes__nf4")) scheme = Scheme::nf4;
        if (path.ends_with("bitsandbytes__fp4")) scheme = Scheme::fp4;
      });
      if (!has_absmax) return std::nullopt;
      for_each_below(child, [&](Index i) { found_or_new().parts[i] = Part::overhead; });
      return scheme;
    }
    return std::nullopt;
  }

  // Tensors of a module and of its children.
  template <class Visit>
  void for_each_below(Index module, Visit&& visit) {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next) visit(i);
    for (Index child = model_.modules[module].first_child; child != kNone; child = model_.modules[child].next)
      for (Index i = model_.modules[child].first_tensor; i != kNone; i = model_.tensors[i].next) visit(i);
  }

  // Of a module that holds packed weights.
  static bool is_overhead(std::string_view name) {
    constexpr std::array<std::string_view, 22> kEnds = {
        "_scale", "_scale_inv",    "_scales",     "_scale_2", "_zero_point", "_shape",   "_g_idx", "_global_scale",
        "_zero",  ":scale",        ":zero_point", "_amax",    "scales",      "qzeros",   "g_idx",  "biases",
        "SCB",    "weight_format", "scale",       "zero",     "perm",        "workspace"};
    constexpr std::array<std::string_view, 10> kHqq = {"nbits",       "group_size",   "axis",          "packing",
                                                       "shape",       "channel_wise", "compute_dtype", "view_as_float",
                                                       "quant_scale", "quant_zero"};
    const auto is_end = [&](std::string_view end) {
      return end.front() == '_' || end.front() == ':' ? name.ends_with(end) : name == end;
    };
    return std::any_of(kEnds.begin(), kEnds.end(), is_end) || std::find(kHqq.begin(), kHqq.end(), name) != kHqq.end();
  }

  std::uint64_t doubled(Index index) const {
    return numel(index) > kMostLogical ? QuantizedWeights::kUnknown : numel(index) * 2;
  }

  QuantizedWeights& found_or_new() {
    if (found_.parts.empty()) {
      found_.parts.resize(model_.tensors.size());
      found_.logical.resize(model_.tensors.size());
      found_.schemes.resize(model_.tensors.size());
    }
    return found_;
  }

  bool mark(Index index, std::uint64_t logical, Scheme scheme) {
    QuantizedWeights& found = found_or_new();
    if (found.parts[index] == Part::packed) return true;
    found.parts[index] = Part::packed;
    found.logical[index] = logical;
    found.schemes[index] = scheme;
    return true;
  }

  static std::array<Index, 64> none() {
    std::array<Index, 64> all;
    all.fill(kNone);
    return all;
  }

  const Model& model_;
  Index module_ = 0;
  std::array<Index, 64> recent_ = none();  // by hash of their shapes: modules that were looked at
  QuantizedWeights found_;
};

}  // namespace

std::string_view name(Scheme scheme) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Scheme::count_)> kNames = {
      "",     "int1", "int2", "int3",  "int4",  "int5",  "int6",  "int7",
      "int8", "nf4",  "fp4",  "nvfp4", "mxfp4", "4-bit", "packed"};
  return kNames[static_cast<std::size_t>(scheme)];
}

QuantizedWeights find_quantized(const Model& model) { return Finder(model).find(); }

}  // namespace weigh
