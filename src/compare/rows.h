// The pairs of two models as differences, one a tensor or module, before they are folded.
#pragma once

#include <vector>

#include "compare/pairing.h"

#include "weigh/diff.h"

namespace weigh {

// Adds them to the diff, and counts its tensors. `distances` are by tensors of A; empty where values were not compared.
// A module of which nothing is paired is one, with all below it.
void add_differences(Diff& diff, const Pairing& pairing, const std::vector<Distance>& distances);

}  // namespace weigh
