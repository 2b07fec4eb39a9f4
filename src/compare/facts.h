// In what the two of a pair differ.
#pragma once

#include "compare/pairing.h"

#include "weigh/diff.h"

namespace weigh {

// Of tensors. What one side does not tell is no difference: whether it requires a gradient, the dtype of what has none
// yet. Requires: summaries of the models that are paired.
FactSet facts_of(const Pairing& pairing, const Summary& a, const Summary& b, Index tensor_a, Index tensor_b);

// Whether both tell the type of the module, and not the same one.
bool is_of_another_type(const Module& a, const Module& b);

}  // namespace weigh
