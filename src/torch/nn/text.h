// Shapes in messages and in pretty_print.
#pragma once

#include <string>

#include <torch/torch.h>

namespace weigh::nn {

std::string to_text(torch::IntArrayRef shape);

// "got 2D input of shape [3, 4]"
std::string got(const torch::Tensor& input);

// The size of a dimension, "?" where the tensor has no shape.
std::string size_or_unknown(const torch::Tensor& tensor, std::int64_t dimension);

}  // namespace weigh::nn
