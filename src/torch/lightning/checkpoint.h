// Saving at points where nothing is half done, and going on from there.
#pragma once

#include "lightning/session.h"

namespace weigh::lightning {

// What the loop needs to go on from a checkpoint in the middle of an epoch: the state of the generators before its
// batches were drawn.
void remember_epoch_start(Session& session);
// Whether the epoch is one that a checkpoint was in the middle of; the loader stands where it stood then.
bool resume_epoch(Session& session);
// Writes what callbacks asked for since the last call.
void save_requested(Session& session);

}  // namespace weigh::lightning
