// Facts that checkpoints record beside their tensors: epoch, step, versions, hyper-parameters.
#pragma once

#include "formats/pytorch/python.h"

#include "weigh/model.h"

namespace weigh::pytorch {

bool is_lightning_checkpoint(Value root);

// Adds the small values of the root, and of its hyper-parameters, to the model's metadata.
void describe_checkpoint(Value root, Model& model);

}  // namespace weigh::pytorch
