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
#include "weigh/quantized.h"

namespace weigh::conventions {

enum class PackedRole : std::uint8_t {
  data,   // the weights
  scale,  // of a group of weights
  second_scale,
  zero,
  bias,
  order,      // of columns, or the group of each
  codebook,   // what codes stand for
  in_signs,   // of columns
  out_signs,  // of rows
  low_in,     // low rank beside it: from columns, …
  low_out,    // … to rows. Both are parameters
  shape,
  facts,    // of a pickled or nested state: presence tells the layout
  setting,  // anything else
};

// An extent: a product of what stands in `of`, times and over numbers.
struct PackedExtent {
  enum class Of : std::uint8_t {
    one,
    rows,
    columns,
    both,
    group,
    vector_rows,     // of a vector that one code stands for
    vector_columns,  // of the same
    books,           // codes that are added up
    filled,          // what a kernel fills up as it likes, the same in all tensors of the layer
    any
  };
  Of of = Of::one;
  bool times_bits = false;   // of a weight
  bool times_codes = false;  // as many as those bits can tell apart
  bool over_word = false;    // bits of an element of this tensor
  bool over_group = false;   // weights that share a scale
  bool over_vector = false;  // what a vector has of them
  std::uint8_t times = 1;
  std::uint8_t over = 1;
  std::uint8_t fills = 1;  // filled up to a multiple of it
};

// What a layer is, as far as it is known; 0: not known.
struct PackedMatrix {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::uint64_t bits = 0;
  std::uint64_t group = 0;
  std::uint64_t vector_rows = 0;
  std::uint64_t vector_columns = 0;
  std::uint64_t books = 0;
  std::uint64_t filled = 0;
};

// What the equation makes of a matrix for a tensor with elements of so many bits: its extent, rounded up, since the
// last word and the last group may be filled up. Nothing for any extent, or where the matrix lacks what it takes.
std::optional<std::uint64_t> evaluate(const PackedExtent& extent, const PackedMatrix& matrix, unsigned word);

struct PackedTensor {
  static constexpr std::size_t kMostExtents = 4;
  static constexpr std::size_t kMostDTypes = 8;

  PackedRole role = PackedRole::data;
  std::string_view name;  // in the layer's module, as the library has it; "*" stands for the name of the weight
  bool is_needed = true;
  std::array<DType, kMostDTypes> dtypes = {};  // DType::unknown: no more of them; if it is first, any
  std::array<PackedExtent, kMostExtents> shape = {};
  std::uint8_t rank = 0;    // extents of `shape`; further ones may stand in front, for experts. 0: any shape
  bool is_by_name = false;  // a tensor of the same role with another name is something else
};

struct PackedLayoutRow : Row {
  static constexpr std::size_t kMostTensors = 6;

  Scheme scheme = Scheme::not_told;  // not_told: integers of so many bits; none: an element is a weight
  std::uint8_t bits = 0;             // 0: solved
  std::uint8_t group = 0;            // 0: solved, or told by the configuration
  std::string_view method = {};      // the configuration must name it
  bool is_coded = false;             // bits are those of a code, not of a weight
  std::array<PackedTensor, kMostTensors> tensors = {};

  // Those that are there: the others have no name.
  std::span<const PackedTensor> parts() const;
};

std::span<const PackedLayoutRow> packed_layout_rows();

// Of a module that holds packed weights: a tensor that only says how to unpack them.
struct OverheadRow : Row {
  enum class Form : std::uint8_t { whole, ends, begins };
  Form form = Form::whole;  // that name alone, or names that end or begin so
  PackedRole role = PackedRole::setting;
};
// What such a name tells: the role, and which weight it is for, "" where it names none: "weight_scale", "scale_weight".
struct PackedName {
  PackedRole role = PackedRole::data;
  std::string_view weight;
};
PackedName packed_name(std::string_view name);  // PackedRole::data where the name tells none
bool is_overhead(std::string_view name);
// Of a layout that is not known: what its name says to be the scale of something.
bool may_be_a_scale(std::string_view name);
// Of attention whose keys and values may be quantised when the model runs.
bool is_scale_of_cache(std::string_view name);

// Wherever it stands: whose weights it is for is not told.
bool is_overhead_anywhere(std::string_view name);

std::span<const OverheadRow> overhead_rows();
std::span<const Row> scale_rows();
std::span<const Row> cache_scale_rows();

}  // namespace weigh::conventions
