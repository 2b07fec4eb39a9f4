// A state dict: names and tensors. Modules are what the names' dots say, and what `_metadata` lists.
#pragma once

#include "formats/pytorch/assembler.h"
#include "formats/pytorch/python.h"

namespace weigh::pytorch {

// A mapping from names to tensors, with at least one; small values of other kinds (extra state) may stand among them,
// containers that hold tensors may not.
bool is_state_dict(Value value);

// Adds it below `root`, an existing module of the model.
void add_state_dict(Assembler& assembler, Value state_dict, Index root);

}  // namespace weigh::pytorch
