#include "analysis/quantized.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "analysis/packing.h"
#include "bytes/hash.h"
#include "conventions/packed_layouts.h"

namespace weigh {
namespace {

using conventions::LayoutNames;
using conventions::PackedLayout;
using conventions::PackedNames;
using conventions::PackedRole;

bool is_small_float(DType dtype) { return is_floating_point(dtype) && bits(dtype) > 0 && bits(dtype) <= 8; }

bool is_integer(DType dtype) { return !can_be_parameter(dtype) && dtype != DType::boolean; }

Scheme integer_scheme(unsigned width) {
  const bool is_known = width > 0 && width <= 8;
  return is_known ? static_cast<Scheme>(static_cast<unsigned>(Scheme::int1) + width - 1) : Scheme::not_told;
}

bool fills_a_byte(unsigned width) { return width == 1 || width == 2 || width == 4 || width == 8; }

// The names of all layouts that are looked for: put together once, since most models are small and hold none of them.
struct KnownLayouts {
  LayoutNames compressed{PackedLayout::compressed_words};
  LayoutNames blocks{PackedLayout::mxfp4_blocks};
  LayoutNames torchao{PackedLayout::torchao};
  LayoutNames torchao_flat{PackedLayout::torchao_flat};
  LayoutNames gptq{PackedLayout::gptq};
  LayoutNames hqq{PackedLayout::hqq_rows};
  LayoutNames quanto{PackedLayout::quanto};
  LayoutNames mlx{PackedLayout::mlx_affine};
  LayoutNames bytes{PackedLayout::bitsandbytes_8_bits};
  LayoutNames nf4{PackedLayout::bitsandbytes_nf4};
  LayoutNames fp4{PackedLayout::bitsandbytes_fp4};
};

const KnownLayouts& known_layouts() {
  static const KnownLayouts known;
  return known;
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
    if (!found_.empty()) find_scales_of_caches();
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
  void find_scales_of_caches() {
    for (std::size_t i = 0; i < found_.parts.size(); ++i) {
      const std::string_view name = model_.tensors[i].name;
      if (conventions::is_scale_of_cache(name) && numel(static_cast<Index>(i)) == 1) found_.parts[i] = Part::overhead;
    }
  }

  // The layers of a model are alike, and are looked at once: with the same names, dtypes and shapes nothing else comes
  // of it.
  bool is_as_another(Index module) {
    const Module& owner = model_.modules[module];
    if (owner.first_child != kNone || !model_.config.quantization.layers.empty()) return false;
    std::uint64_t hash = 0;
    for (Index i = owner.first_tensor; i != kNone; i = model_.tensors[i].next) {
      if (model_.tensors[i].name == quanto_.data) return false;  // has parts in the modules around it
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

  Index tensor_of(Index module, std::string_view name) const {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (model_.tensors[i].name == name) return i;
    return kNone;
  }
  Index tensor(std::string_view name) const { return tensor_of(module_, name); }
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
    if (const Index qweight = tensor(gptq_.data); qweight != kNone) found |= gptq_or_awq(qweight);
    if (const Index weights = tensor(hqq_.data); weights != kNone) found |= hqq(weights);
    if (const Index data = tensor(quanto_.data); data != kNone) found |= quanto(data);
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      found |= look_at_tensor(i);
    if (found) mark_overhead(module);
  }

  void mark_overhead(Index module) {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (found_.parts[i] == Part::plain && conventions::is_overhead(model_.tensors[i].name))
        found_.parts[i] = Part::overhead;
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
    if (take_off(compressed_.data) && is_integer(tensor.dtype)) return packed(index, base);
    base = tensor.name;
    if (take_off(blocks_.data) && tensor.dtype == DType::uint8 && this->tensor(base, blocks_.scale) != kNone) {
      found_or_new().parts[this->tensor(base, blocks_.scale)] = Part::overhead;
      return mark(index, times(index, 2), Scheme::mxfp4);
    }
    base = tensor.name;
    if (take_off(torchao_.data)) return torchao(index, this->tensor(base, torchao_.scale));
    if (take_off(torchao_flat_.data)) return torchao(index, this->tensor(base, torchao_flat_.scale));
    if (tensor.rank >= 2 && (is_integer(tensor.dtype) || is_small_float(tensor.dtype))) return unpacked(index);
    return false;
  }

  // compressed-tensors.
  bool packed(Index index, std::string_view base) {
    const Index scale = tensor(base, compressed_.scale);
    if (scale == kNone) return false;
    if (model_.tensors[index].dtype != DType::uint8) return mark_words(index, scale);
    const Scheme scheme = scheme_of_bytes(index, scale);
    return mark(index, scheme == Scheme::not_told ? QuantizedWeights::kUnknown : weights_of_bytes(index, scheme),
                scheme);
  }

  // Bytes for each scale: 16 weights of 4 bits share one under NVFP4, 32 of 4 or 6 bits under MXFP4 and MXFP6.
  Scheme scheme_of_bytes(Index bytes, Index scale) const {
    const std::uint64_t scales = scale == kNone ? 0 : numel(scale);
    if (scales == 0 || numel(bytes) % scales != 0) return Scheme::not_told;
    switch (numel(bytes) / scales) {
      case 8: return Scheme::nvfp4;
      case 16: return Scheme::mxfp4;
      case 24: return Scheme::mxfp6;
      default: return Scheme::not_told;
    }
  }

  std::uint64_t weights_of_bytes(Index bytes, Scheme scheme) const {
    if (scheme != Scheme::mxfp6) return times(bytes, 2);
    return numel(bytes) > kMostLogical ? QuantizedWeights::kUnknown : numel(bytes) / 3 * 4;
  }

  bool torchao(Index index, Index scale) {
    switch (model_.tensors[index].dtype) {
      case DType::uint8: {
        const Scheme scheme = scheme_of_bytes(index, scale);
        const bool is_float = scheme != Scheme::not_told && is_small_float(model_.tensors[scale].dtype);
        return mark(index, times(index, 2), is_float ? scheme : Scheme::int4);
      }
      case DType::int32:  // of four extents: made for a kernel, with rows and columns that are no weights
        if (model_.tensors[index].rank != 2) return mark(index, QuantizedWeights::kUnknown, Scheme::int4);
        return mark(index, times(index, 8), Scheme::int4);
      default: return mark(index, numel(index), Scheme::none);
    }
  }

  unsigned last_place(Index index) const { return model_.tensors[index].rank - 1U; }

  // Rows of 32-bit words along the last extent, with their scales along the last.
  bool mark_words(Index index, Index scale) {
    const std::uint64_t words = extent(index, last_place(index));
    const std::uint64_t scales = model_.tensors[scale].rank == 0 ? 1 : extent(scale, last_place(scale));
    const PackedRow row = packed_row(model_.config.quantization, model_.path_of(module_), words, scales);
    const std::uint64_t rows = words == 0 ? 0 : numel(index) / words;
    if (row.bits == 0) return mark(index, QuantizedWeights::kUnknown, Scheme::not_told);
    if (rows != 0 && row.weights > kMostLogical / rows) return false;
    return mark(index, rows * row.weights, integer_scheme(row.bits));
  }

  // Columns of words; what is left over in a word is not told.
  bool mark_columns(Index index, unsigned width, std::uint64_t columns) {
    if (width == 0 || width > 32) return mark(index, QuantizedWeights::kUnknown, Scheme::not_told);
    const std::uint64_t column = columns == 0 ? 0 : numel(index) / columns;
    const unsigned word = bits(model_.tensors[index].dtype);
    if (column > kMostLogical / 64 || (columns != 0 && column * word / width > kMostLogical / columns)) return false;
    return mark(index, columns * (column * word / width), integer_scheme(width));
  }

  bool gptq_or_awq(Index qweight) {
    const Index scales = tensor(gptq_.scale);
    const Index zeros = tensor(gptq_.zero);
    if (scales == kNone || model_.tensors[qweight].rank != 2 || model_.tensors[scales].rank != 2 ||
        !is_integer(model_.tensors[qweight].dtype))
      return false;
    if (zeros != kNone && model_.tensors[zeros].rank == 2 && is_for_vectors(qweight, scales, zeros))
      return mark_vectors(qweight, scales);
    const std::uint64_t word = bits(model_.tensors[qweight].dtype);
    const std::uint64_t out = extent(scales, 1);
    const std::uint64_t rows = extent(qweight, 0);
    const std::uint64_t columns = extent(qweight, 1);
    if (columns != out) {  // AWQ packs along the columns
      const bool is_fit = columns != 0 && out < kMostLogical && columns < kMostLogical / 64 &&
                          columns * word % std::max<std::uint64_t>(out, 1) == 0;
      if (!is_fit || out == 0 || rows > kMostLogical / out) return false;
      return mark(qweight, rows * out,
                  integer_scheme(static_cast<unsigned>(std::min<std::uint64_t>(columns * word / out, 9))));
    }
    unsigned width = model_.config.quantization.bits;
    if (zeros != kNone && model_.tensors[zeros].rank == 2 && out != 0 && extent(zeros, 1) < kMostLogical / 64)
      width = static_cast<unsigned>(std::min<std::uint64_t>(extent(zeros, 1) * word / out, 64));
    if (const Index order = tensor(gptq_.order); order != kNone && extent(order, 0) != 0) {
      const std::uint64_t in = extent(order, 0);
      if (in > kMostLogical / std::max<std::uint64_t>(out, 1)) return false;
      return mark(qweight, in * out, integer_scheme(width));
    }
    return mark_columns(qweight, width, out);
  }

  // AWQ for a kernel that multiplies a vector: 4 bits, and scales of groups that are filled up to whole words.
  bool is_for_vectors(Index qweight, Index scales, Index zeros) const {
    if (is_four_by_four(qweight, zeros)) return extent(scales, 0) == extent(zeros, 0);
    const std::uint64_t rows = extent(qweight, 0);
    return model_.tensors[qweight].dtype == DType::int32 && extent(scales, 0) == rows && extent(zeros, 0) == rows &&
           extent(zeros, 1) != 0 && extent(scales, 1) % extent(zeros, 1) == 0 &&
           extent(scales, 1) / extent(zeros, 1) == 8 && tensor(gptq_.order) == kNone;
  }
  bool is_four_by_four(Index qweight, Index zeros) const {
    return model_.tensors[qweight].dtype == DType::int16 && is_floating_point(model_.tensors[zeros].dtype);
  }
  bool mark_vectors(Index qweight, Index scales) {
    const std::uint64_t in_a_word = bits(model_.tensors[qweight].dtype) / 4;
    if (numel(qweight) > kMostLogical / in_a_word) return false;
    const std::uint64_t logical = numel(qweight) * in_a_word;
    const bool is_four_by_four = in_a_word == 4;  // rows are out/4, columns are in
    if (is_four_by_four && extent(scales, 1) != extent(qweight, 0) * 4)
      return mark(qweight, QuantizedWeights::kUnknown, Scheme::not_told);
    return mark(qweight, logical, Scheme::int4);
  }

  // Weights of which each row has a scale; their bytes lie one above the other. None where that does not fit.
  std::optional<std::uint64_t> rows_of_scales(Index weights, Index scale) const {
    const std::uint64_t rows = extent(scale, 0);
    if (rows == 0 || numel(scale) != rows || extent(weights, 0) == 0) return std::nullopt;
    const std::uint64_t row = numel(weights) / extent(weights, 0);
    return row != 0 && rows <= kMostLogical / row && rows >= extent(weights, 0) ? std::optional(rows * row)
                                                                                : std::nullopt;
  }

  // 3 bits lie ten in a word.
  static unsigned width_of(std::uint64_t logical, std::uint64_t elements, DType dtype) {
    if (dtype == DType::int32) return 3;
    return elements != 0 && logical % elements == 0 && logical / elements <= 8
               ? static_cast<unsigned>(8 / (logical / elements))
               : 0;
  }

  bool hqq(Index weights) {
    const Index scale = tensor(hqq_.scale);
    if (scale == kNone || tensor(hqq_.zero) == kNone) return false;
    const unsigned width = model_.config.quantization.bits;
    const DType dtype = model_.tensors[weights].dtype;
    if (const std::optional<std::uint64_t> logical = rows_of_scales(weights, scale); logical && numel(scale) > 1)
      return mark(weights, *logical, integer_scheme(width != 0 ? width : width_of(*logical, numel(weights), dtype)));
    if (dtype == DType::uint8 && fills_a_byte(width))
      return mark(weights, numel(weights) * (8 / width), integer_scheme(width));
    return mark(weights, QuantizedWeights::kUnknown, Scheme::not_told);
  }

  // optimum-quanto: "fc.weight._data" beside "fc.weight._scale", or "fc.weight._data._data" where it is packed; scales
  // of activations lie in fc.
  bool quanto(Index data) {
    Index weight = module_;
    Index scale = tensor(quanto_.scale);
    if (scale == kNone && model_.modules[module_].name == quanto_.data) {
      weight = model_.modules[module_].parent;
      scale = tensor_of(weight, quanto_.scale);
    }
    if (scale == kNone || !is_plain_array(model_.tensors[data])) return false;
    if (model_.tensors[data].dtype != DType::uint8) {
      mark(data, numel(data), Scheme::none);
    } else if (const auto logical = rows_of_scales(data, scale); logical && *logical > numel(data)) {
      mark(data, *logical, integer_scheme(width_of(*logical, numel(data), DType::uint8)));
    } else {
      mark(data, QuantizedWeights::kUnknown, Scheme::not_told);
    }
    mark_overhead(weight);
    if (weight != 0) mark_overhead(model_.modules[weight].parent);
    return true;
  }

  // A matrix of integers or small floats that keeps its name.
  bool unpacked(Index index) {
    const Tensor& tensor = model_.tensors[index];
    const std::string_view name = tensor.name;
    if (name == mlx_.data && tensor.dtype == DType::uint32 && this->tensor(mlx_.scale) != kNone)
      return mlx(index, this->tensor(mlx_.scale));
    if (name == bytes_.data && tensor.dtype == DType::int8 && this->tensor(bytes_.scale) != kNone)
      return mark(index, numel(index), Scheme::none);
    if (tensor.dtype == DType::uint8)
      if (const std::optional<Scheme> scheme = bitsandbytes(name)) return mark(index, times(index, 2), *scheme);
    Index scale = kNone;
    for (std::string_view suffix : PackedNames(PackedLayout::scaled, PackedRole::scale))
      if (scale == kNone) scale = this->tensor(name, suffix);
    if (scale == kNone) return false;
    if (tensor.dtype == DType::uint8) return bytes(index, scale);
    return mark(index, numel(index), Scheme::none);
  }

  // Codes of floats have a byte for a scale and no biases; how many share it is fixed.
  bool mlx(Index index, Index scales) {
    if (tensor(mlx_.bias) == kNone && model_.tensors[scales].dtype == DType::uint8 && numel(scales) != 0 &&
        numel(index) < kMostLogical / 8) {
      const std::uint64_t words = numel(index) % numel(scales) == 0 ? numel(index) / numel(scales) : 0;
      if (words == 2) return mark(index, numel(index) * 8, Scheme::nvfp4);
      if (words == 4) return mark(index, numel(index) * 8, Scheme::mxfp4);
      if (words == 8) return mark(index, numel(index) * 4, Scheme::mxfp8);
    }
    return mark_words(index, scales);
  }

  // What a byte holds the scales tell, or the configuration.
  bool bytes(Index index, Index scale) {
    if (const Scheme scheme = scheme_of_bytes(index, scale); scheme == Scheme::nvfp4 || scheme == Scheme::mxfp4)
      return mark(index, times(index, 2), scheme);
    const QuantizationConfig& config = model_.config.quantization;
    const unsigned width = config.method == "bitnet" ? 2 : config.bits;  // three values, four in a byte
    if (!fills_a_byte(width) || numel(index) > kMostLogical)
      return mark(index, QuantizedWeights::kUnknown, Scheme::not_told);
    return mark(index, numel(index) * (8 / width), integer_scheme(width));
  }

  // Its facts are named like members of the weight: "fc.weight.absmax" lies in a module "fc.weight".
  std::optional<Scheme> bitsandbytes(std::string_view name) {
    for (Index child = model_.modules[module_].first_child; child != kNone; child = model_.modules[child].next) {
      if (model_.modules[child].name != name) continue;
      bool has_absmax = false;
      Scheme scheme = Scheme::four_bits;
      for_each_below(child, [&](Index i) {
        const std::string path = model_.path_of(model_.tensors[i]);
        has_absmax |= path.ends_with(nf4_.scale);
        if (path.ends_with(nf4_.facts)) scheme = Scheme::nf4;
        if (path.ends_with(fp4_.facts)) scheme = Scheme::fp4;
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

  // Weights, so many in an element.
  std::uint64_t times(Index index, unsigned in_an_element) const {
    return numel(index) > kMostLogical ? QuantizedWeights::kUnknown : numel(index) * in_an_element;
  }

  QuantizedWeights& found_or_new() {
    found_.reserve_for(model_.tensors.size());
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
  const LayoutNames& compressed_ = known_layouts().compressed;
  const LayoutNames& blocks_ = known_layouts().blocks;
  const LayoutNames& torchao_ = known_layouts().torchao;
  const LayoutNames& torchao_flat_ = known_layouts().torchao_flat;
  const LayoutNames& gptq_ = known_layouts().gptq;
  const LayoutNames& hqq_ = known_layouts().hqq;
  const LayoutNames& quanto_ = known_layouts().quanto;
  const LayoutNames& mlx_ = known_layouts().mlx;
  const LayoutNames& bytes_ = known_layouts().bytes;
  const LayoutNames& nf4_ = known_layouts().nf4;
  const LayoutNames& fp4_ = known_layouts().fp4;
  Index module_ = 0;
  std::array<Index, 64> recent_ = none();  // by hash of their shapes: modules that were looked at
  QuantizedWeights found_;
};

}  // namespace

std::string_view name(Scheme scheme) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Scheme::count_)> kNames = {
      "",    "int1", "int2",  "int3",  "int4",  "int5",  "int6",  "int7",  "int8",
      "nf4", "fp4",  "nvfp4", "mxfp4", "mxfp6", "mxfp8", "4-bit", "packed"};
  return kNames[static_cast<std::size_t>(scheme)];
}

QuantizedWeights find_quantized(const Model& model) { return Finder(model).find(); }

}  // namespace weigh
