#include "nn/text.h"

#include <sstream>

#include "weigh/torch/uninitialized.h"

namespace weigh::nn {

std::string to_text(torch::IntArrayRef shape) { return (std::ostringstream() << shape).str(); }

std::string got(const torch::Tensor& input) {
  return "got " + std::to_string(input.dim()) + "D input of shape " + to_text(input.sizes());
}

std::string size_or_unknown(const torch::Tensor& tensor, std::int64_t dimension) {
  return is_uninitialized(tensor) ? "?" : std::to_string(tensor.size(dimension));
}

}  // namespace weigh::nn
