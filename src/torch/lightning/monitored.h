// What callbacks that watch a metric have in common.
#pragma once

#include <string>

#include "weigh/lightning/trainer.h"

namespace weigh::lightning {

// "train_loss, val_loss", or "nothing": for messages about a metric that is not among them.
std::string names_of(const Metrics& metrics);

// Whether there is one validation for each training epoch, at its end.
bool validates_once_each_epoch(const TrainerOptions& options);

}  // namespace weigh::lightning
