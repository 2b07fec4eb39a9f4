// New initial values for a tree of layers (torch_geometric/nn/inits.py: reset).
#pragma once

#include <torch/torch.h>

namespace weigh::nn::graph {

// Asks the module to draw new values where it is known to have reset_parameters(), and else its children, in order.
void reset_parameters_below(torch::nn::Module& module);

}  // namespace weigh::nn::graph
