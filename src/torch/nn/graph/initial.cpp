#include "nn/graph/initial.h"

#include <cmath>

namespace weigh::nn::graph {

void glorot(torch::Tensor tensor) {
  const double bound = std::sqrt(6.0 / static_cast<double>(tensor.size(-2) + tensor.size(-1)));
  torch::nn::init::uniform_(tensor, -bound, bound);
}

}  // namespace weigh::nn::graph
