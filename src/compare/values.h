// The weights of two models, byte by byte: the one place that reads them.
#pragma once

#include <vector>

#include "compare/pairing.h"

#include "weigh/diff.h"

namespace weigh {

// By tensors of A, how far they are from their partners. A few threads read a few hundred kB at a time. Tells the diff
// of pairs that could not be compared though nothing else of them differs. Throws what reading throws.
std::vector<Distance> compare_values(Diff& diff, const Pairing& pairing);

}  // namespace weigh
