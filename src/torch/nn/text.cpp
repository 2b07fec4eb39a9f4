#include "nn/text.h"

#include <sstream>

#include "weigh/torch/uninitialized.h"

namespace weigh::nn {

std::string to_text(torch::IntArrayRef shape) { return (std::ostringstream() << shape).str(); }

std::string size_or_unknown(const torch::Tensor& tensor, std::int64_t dimension) {
  return is_uninitialized(tensor) ? "?" : std::to_string(tensor.size(dimension));
}

}  // namespace weigh::nn
