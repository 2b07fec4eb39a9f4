// What each module and the whole model amount to, ties counted once wherever both ends are inside.
#pragma once

#include <vector>

#include "weigh/model.h"
#include "weigh/summary.h"

namespace weigh {

// By module index: the module with all below it. A section that is a copy is not part of the root's.
std::vector<Tally> tally_modules(const Model& model);

// The tensors that a module owns itself.
Tally tally_own(const Model& model, Index module);

Totals total(const Model& model, const Tally& root);

// The deepest module that holds both.
Index common_ancestor(const Model& model, Index a, Index b);

}  // namespace weigh
