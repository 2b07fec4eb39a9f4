// What an adapter makes of its base: PEFT calls its weights as those that they adapt, so that names alone tell what is
// added and what takes another's place.
#pragma once

#include "weigh/summary.h"

namespace weigh {

// Fills Summary::adapter from Model::base, which must be there. A base that has none of the adapted modules is another
// model: a note.
void compare_with_base(Summary& summary);

}  // namespace weigh
