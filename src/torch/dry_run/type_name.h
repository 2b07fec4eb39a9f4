#pragma once

#include <string>
#include <string_view>

#include <torch/torch.h>

namespace weigh::dry_run {

// "Conv2d" of "torch::nn::Conv2dImpl", "Residual<ReLU>" of "(anonymous namespace)::Residual<torch::nn::ReLUImpl>".
std::string short_type_name(std::string_view demangled);
// Of a module: as it was named by its constructor, or its class.
std::string type_name(const torch::nn::Module& module);
// Whether its class is one of libtorch's, of which we know what their forward does.
bool is_of_libtorch(const torch::nn::Module& module);

}  // namespace weigh::dry_run
