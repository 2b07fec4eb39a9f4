// What each module and the whole model amount to, ties counted once wherever both ends are inside. Of the summary, the
// functions look at its model and at how that is counted.
#pragma once

#include <vector>

#include "weigh/model.h"
#include "weigh/summary.h"

namespace weigh {

// By module index: the module with all below it. A section that is a copy is not part of the root's.
std::vector<Tally> tally_modules(const Summary& summary);

// The tensors that a module owns itself.
Tally tally_own(const Summary& summary, Index module);

Totals total(const Summary& summary, const Tally& root);

// The deepest module that holds both.
Index common_ancestor(const Model& model, Index a, Index b);

}  // namespace weigh
