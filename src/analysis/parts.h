// Parts of a language model that a text token does not pass: towers for images and sounds, with what leads from them to
// the language model, and layers behind the last, which predict further tokens. By the names that modules commonly
// have.
#pragma once

#include "weigh/summary.h"

namespace weigh {

// Whether the module is by its name an embedding of text; one whose name others have, too, must hold a matrix.
bool is_text_embedding(const Model& model, Index module);

// Fills Summary::towers and Summary::predicting_layers. A model without a text embedding outside its towers has none: a
// network for images alone is no tower.
void find_parts(Summary& summary);

}  // namespace weigh
