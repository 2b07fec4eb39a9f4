// The links of groups, of the old kind and of the new.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wire/hdf5.h"
#include "wire/hdf5/blocks.h"

namespace weigh::hdf5 {

// A link message; nothing where it is a link by name, or into another file.
std::optional<Link> read_link(Fields& in, const Limits& limits);
// All links of a symbol table, appended.
void read_symbols(Blocks& blocks, const Limits& limits, const Table& table, std::vector<Link>& links);

}  // namespace weigh::hdf5
