// Object headers, of version 1 and 2, with the blocks that they go on in.
#pragma once

#include <cstdint>

#include "wire/hdf5.h"
#include "wire/hdf5/blocks.h"

namespace weigh::hdf5 {

// Reads each header once. Attributes and links that lie in heaps are left there.
Object read_object(Blocks& blocks, const Limits& limits, std::uint64_t address);

}  // namespace weigh::hdf5
