// Numbers as they lie in a file, and how far two of them are apart.
#pragma once

#include <span>

#include "weigh/diff.h"
#include "weigh/dtype.h"

namespace weigh {

// Bytes of a number; 0 for a dtype without numbers of whole bytes. Complex numbers are two.
unsigned number_bytes(DType dtype);

// Adds what differs between two runs of elements, little-endian. They are of one size, which whole elements fill. Of a
// dtype without numbers it counts bytes.
void add_distance(DType dtype, std::span<const char> a, std::span<const char> b, Distance& distance);

}  // namespace weigh
