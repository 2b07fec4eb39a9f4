// Floating-point buffers, by the names under which modules register them. Integers need no list: they are buffers
// whatever they are called.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

#include "weigh/count.h"

namespace weigh::conventions {

// Which tensors of a row's name are buffers.
enum class BufferIf : std::uint8_t {
  named,        // all
  vector,       // those of rank 1
  causal_mask,  // those of the shape [1, 1, n, n]
  ends,         // all whose name ends so
  path_begins,  // all whose whole path begins so
};

struct BufferRow : Row {
  BufferIf condition = BufferIf::named;
};

// `name` is the part behind the last dot.
bool is_buffer(std::string_view name, std::span<const Extent> shape);
bool is_buffer_by_path(std::string_view path);

std::span<const BufferRow> buffer_rows();

}  // namespace weigh::conventions
