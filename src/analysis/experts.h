// Mixtures of experts: what one token uses of a model.
//
// Experts are numbered modules below one called "experts" (or the like), or lie in tensors whose first extent is their
// number. Of E experts a token uses k, which the configuration tells (Config::experts). Everything else is used by
// every token, but for
//   - towers for images and sounds, and what leads from them to the language model: a text token does not pass them;
//   - the experts of further pools, and the routers that choose among them;
//   - layers behind the last, which predict further tokens.
#pragma once

#include "weigh/summary.h"

namespace weigh {

// Fills Summary::active and the active parameters of the totals. Nothing where the model has no experts, or where the
// configuration contradicts the tensors. Requires: the tallies and the parts.
void find_active(Summary& summary);

}  // namespace weigh
