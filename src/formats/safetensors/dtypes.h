// What a safetensors header calls element types, and the bytes that tensors of them take.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "weigh/count.h"
#include "weigh/dtype.h"

namespace weigh {

// DType::unknown for a name that is not known.
DType safetensors_dtype(std::string_view name);

// Bits that a tensor takes, which must fill bytes; nothing where 64 bits do not count them.
std::optional<std::uint64_t> needed_bits(DType dtype, std::span<const Extent> shape);

}  // namespace weigh
