// What each module and the whole model amount to, ties counted once wherever both ends are inside.
#pragma once

#include "weigh/model.h"
#include "weigh/summary.h"

namespace weigh {

// Fills the tallies, the totals and the uninitialised tensors of a summary, by its model, its quantised weights and how
// it counts. A section that is a copy is not part of the root's.
void tally(Summary& summary);

// As if what the two count were one.
void add(Tally& sum, const Tally& part);

// A tensor alone, a tie too.
Tally tally_of(const Summary& summary, const Tensor& tensor);

// The tensors that a module owns itself.
Tally tally_own(const Summary& summary, Index module);

// The deepest module that holds both.
Index common_ancestor(const Model& model, Index a, Index b);

}  // namespace weigh
