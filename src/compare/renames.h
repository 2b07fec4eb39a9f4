// Pairs what is alike under two names: modules with the same below them, then tensors of one shape and dtype, the
// nearest paths first. That they are one is assumed.
#pragma once

#include "compare/pairing.h"

namespace weigh {

// Paths that are less alike than that, in per cent, are not paired.
void pair_by_likeness(Pairing& pairing, unsigned least_likeness);

}  // namespace weigh
