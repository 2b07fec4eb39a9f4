// Initial values (torch_geometric/nn/inits.py).
#pragma once

#include <torch/torch.h>

namespace weigh::nn::graph {

// Uniform within ±sqrt(6 / (a + b)), where a and b are the last two sizes.
void glorot(torch::Tensor tensor);

}  // namespace weigh::nn::graph
