// Which siblings are identical, so that sixty layers become one line.
#pragma once

#include <cstdint>
#include <vector>

#include "weigh/model.h"

namespace weigh {

// For each module a fingerprint of everything below it but its own name: types, modes, names, shapes, dtypes, roles,
// states. Modules with an unknown extent or a tie have one of their own, since their counts do not simply repeat.
std::vector<std::uint64_t> fingerprints(const Model& model);

}  // namespace weigh
