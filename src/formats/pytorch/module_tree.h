// A whole pickled module, torch.save(model): the tree of its modules with types, modes, parameters and buffers.
#pragma once

#include "formats/pytorch/assembler.h"
#include "formats/pytorch/python.h"

namespace weigh::pytorch {

// Whether the value is an instance of a subclass of torch.nn.Module: it has _parameters, _buffers and _modules.
bool is_module(Value value);

// Adds the module below and including `root`, an existing module of the model.
void add_module_tree(Assembler& assembler, Value module, Index root);

}  // namespace weigh::pytorch
