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
  schedule,     // vectors, as of a diffusion model's steps
  beside,       // those beside a tensor or module of the row's other name
  scalar,       // single numbers, the same
  in_loss,      // vectors of a module that is called as losses are
  loss_holds,   // no tensor: a module that is a loss has this in its name
  of_class,     // those of a class that has one of this name: files call its module otherwise than the class does
};

struct BufferRow : Row {
  BufferIf condition = BufferIf::named;
  std::string_view sibling = {};  // beside which it is one
};

// `name` is the part behind the last dot.
bool is_buffer(std::string_view name, std::span<const Extent> shape);
bool is_buffer_by_path(std::string_view path);

// Of these it is asked what stands beside them.
bool may_be_buffer(std::string_view name);
// Whether it is one beside a tensor or a module of the name `sibling`.
bool is_buffer_beside(std::string_view name, std::string_view sibling, std::span<const Extent> shape);
// Whether it is one in the module of a loss.
bool is_buffer_of_loss(std::string_view name, std::span<const Extent> shape);
bool is_loss(std::string_view module);
// Whether a class that has a buffer of this name has it under whichever module a file puts it.
bool is_renamed_with_its_module(std::string_view name);

std::span<const BufferRow> buffer_rows();

}  // namespace weigh::conventions
