// What a checkpoint of Hugging Face's libraries lacks, to judge by its names and its configuration.
#pragma once

#include "weigh/model.h"

namespace weigh {

// Weights without elements, and an output layer that is not there though nothing ties it.
void note_doubts(Model& model);

}  // namespace weigh
