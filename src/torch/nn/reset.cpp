#include "nn/reset.h"

#include <cmath>

namespace weigh::nn {

void reset_weight_and_bias(torch::Tensor& weight, torch::Tensor& bias) {
  torch::nn::init::kaiming_uniform_(weight, std::sqrt(5));
  if (!bias.defined()) return;
  const auto fan_in = std::get<0>(torch::nn::init::_calculate_fan_in_and_fan_out(weight));
  const double bound = fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
  torch::nn::init::uniform_(bias, -bound, bound);
}

}  // namespace weigh::nn
