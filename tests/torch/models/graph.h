// The models of tools/fixtures/fixture_live.py in C++, name for name: that of a graph.
#pragma once

#include <torch/torch.h>

#include "weigh/torch/graph/gatv2_conv.h"

namespace weigh::testing {

struct GATImpl : torch::nn::Module {
  nn::GATv2Conv conv1 = register_module("conv1", nn::GATv2Conv(nn::GATv2ConvOptions(-1, 8).heads(4)));
  nn::GATv2Conv conv2 = register_module("conv2", nn::GATv2Conv(nn::GATv2ConvOptions(-1, 5)));

  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edge_index) {
    return conv2(torch::elu(conv1(x, edge_index)), edge_index);
  }
};
TORCH_MODULE(GAT);

}  // namespace weigh::testing
