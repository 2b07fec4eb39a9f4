// What the notes of a live module's Model tell of a forward that was not seen as a whole.
#pragma once

#include "weigh/model.h"

namespace weigh {

// A dry forward came to what only values tell ("data-dependent"), it threw ("forward-threw"), or it works on threads of
// its own, too ("other-thread"). What it did not reach is unknown, and totals are lower bounds.
inline bool tells_a_stop(const Note& note) {
  return note.code == "data-dependent" || note.code == "forward-threw" || note.code == "other-thread";
}

}  // namespace weigh
