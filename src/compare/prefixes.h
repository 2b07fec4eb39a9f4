// Pairs by paths that are the same but for what stands before them: "model.layers.0" is "layers.0".
#pragma once

#include <vector>

#include "compare/pairing.h"

#include "weigh/diff.h"

namespace weigh {

// By prefixes that the caller told. Throws Error(usage) for one that a model does not have.
void pair_by_maps(Pairing& pairing, const std::vector<PrefixMap>& maps);

// By whole paths, where what is unpaired is called the same though the trees differ (names that hold dots); then by the
// prefixes behind which most of what is still unpaired agrees.
void pair_by_paths(Pairing& pairing);
void pair_by_found_prefixes(Pairing& pairing);

}  // namespace weigh
