// Initial values of linear and convolution layers (PyTorch: reset_parameters in torch/nn/modules/linear.py, conv.py).
#pragma once

#include <torch/torch.h>

namespace weigh::nn {

// First the weight, then the bias where it is defined: both uniform within ±1/sqrt(fan_in).
void reset_weight_and_bias(torch::Tensor& weight, torch::Tensor& bias);

}  // namespace weigh::nn
