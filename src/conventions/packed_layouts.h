// How libraries lay out the weights of a layer that they quantised after training: which tensors stand for its matrix,
// and what their extents have to do with the matrix's rows and columns, the bits of a weight and the weights that share
// a scale.
//
// A layout is a row: roles and equations. [rows, columns · bits / word] says that a 32-bit tensor whose last extent is
// 64 holds 512 weights of 4 bits in each row. Whoever solves them takes a solution only where it is the only one.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "conventions/row.h"

#include "weigh/dtype.h"

namespace weigh::conventions {

enum class PackedLayout : std::uint8_t {
  compressed_words,
  compressed_nvfp4,
  compressed_mxfp4,
  compressed_mxfp6,
  gptq,
  awq,
  awq_vectors,
  awq_vectors_of_16_bits,
  bitsandbytes_nf4,
  bitsandbytes_fp4,
  bitsandbytes_8_bits,
  scaled,  // an element is a weight
  bytes_nvfp4,
  bytes_columns,
  bytes_ternary,
  mxfp4_blocks,
  hqq_rows,
  hqq_columns,
  mlx_affine,
  mlx_nvfp4,
  mlx_mxfp4,
  mlx_mxfp8,
  torchao,
  torchao_flat,
  quanto,
  quanto_bytes,
};

enum class PackedRole : std::uint8_t {
  data,   // the weights
  scale,  // of a group of weights
  second_scale,
  zero,
  bias,
  order,  // the group of each column
  shape,
  facts,  // of a pickled or nested state: presence tells the layout
};

// An extent: a product of what stands in `of`, times and over numbers.
struct PackedExtent {
  enum class Of : std::uint8_t { one, rows, columns, both, group, any };
  Of of = Of::one;
  bool times_bits = false;  // of a weight
  bool over_word = false;   // bits of an element of this tensor
  bool over_group = false;  // weights that share a scale
  std::uint8_t times = 1;
  std::uint8_t over = 1;
};

// What a layer is, as far as it is known; 0: not known.
struct PackedMatrix {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::uint64_t bits = 0;
  std::uint64_t group = 0;
};

// What the equation makes of a matrix for a tensor with elements of so many bits: its extent, rounded up, since the
// last word and the last group may be filled up. Nothing for any extent, or where the matrix lacks what it takes.
std::optional<std::uint64_t> evaluate(const PackedExtent& extent, const PackedMatrix& matrix, unsigned word);

struct PackedTensor {
  static constexpr std::size_t kMostExtents = 4;
  static constexpr std::size_t kMostDTypes = 3;

  PackedRole role = PackedRole::data;
  std::string_view name;  // in the layer's module; "*" stands for the name of the weight
  bool is_needed = true;
  std::array<DType, kMostDTypes> dtypes = {};  // DType::unknown: no more of them; if it is first, any
  std::array<PackedExtent, kMostExtents> shape = {};
  std::uint8_t rank = 0;  // extents of `shape`; further ones may stand in front, for experts. 0: any shape
};

struct PackedLayoutRow : Row {
  static constexpr std::size_t kMostTensors = 6;

  PackedLayout layout = PackedLayout::scaled;
  std::uint8_t bits = 0;   // 0: solved
  std::uint8_t group = 0;  // 0: solved, or told by the configuration
  std::array<PackedTensor, kMostTensors> tensors = {};

  // Those that are there: the others have no name.
  std::span<const PackedTensor> parts() const;
};

std::span<const PackedLayoutRow> packed_layout_rows();

// The ends of the names that tensors of this role have in the layout, behind that of the weight: "_scale". Whole names
// where the layout has no "*".
class PackedNames {
 public:
  PackedNames(PackedLayout layout, PackedRole role);
  auto begin() const { return names_.begin(); }
  auto end() const { return names_.begin() + count_; }
  std::string_view first() const { return names_[0]; }

 private:
  std::array<std::string_view, PackedLayoutRow::kMostTensors> names_ = {};
  std::uint8_t count_ = 0;
};

// What a layout's tensors are called, or what stands behind the name of the weight.
struct LayoutNames {
  explicit LayoutNames(PackedLayout layout)
      : data(PackedNames(layout, PackedRole::data).first()),
        scale(PackedNames(layout, PackedRole::scale).first()),
        zero(PackedNames(layout, PackedRole::zero).first()),
        bias(PackedNames(layout, PackedRole::bias).first()),
        order(PackedNames(layout, PackedRole::order).first()),
        facts(PackedNames(layout, PackedRole::facts).first()) {}

  std::string_view data;
  std::string_view scale;
  std::string_view zero;
  std::string_view bias;
  std::string_view order;
  std::string_view facts;
};

// Of a module that holds packed weights: a tensor that only says how to unpack them.
struct OverheadRow : Row {
  bool is_end = false;  // names that end so, or that name alone
};
bool is_overhead(std::string_view name);
// Of a layout that is not known: what its name says to be the scale of something.
bool may_be_a_scale(std::string_view name);
// Of attention whose keys and values may be quantised when the model runs.
bool is_scale_of_cache(std::string_view name);

std::span<const OverheadRow> overhead_rows();
std::span<const Row> scale_rows();
std::span<const Row> cache_scale_rows();

}  // namespace weigh::conventions
