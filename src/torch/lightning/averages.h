// Weights and buffers by name, beside those of the module.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <torch/torch.h>

#include "weigh/torch/weights.h"

namespace weigh::lightning {

// What names begin with that stand in a checkpoint beside the module's own.
inline constexpr const char* kCurrent = "current_model_state.";
inline constexpr const char* kAverage = "average_model.";

using NamedTensors = std::map<std::string, torch::Tensor>;

// Parameters, and buffers if wanted; without those that have no shape yet.
NamedTensors tensors_of(const torch::nn::Module& module, bool with_buffers);
NamedTensors copies(const NamedTensors& tensors);
// Values of `from` become those of `to`, name by name.
void assign(const NamedTensors& from, const NamedTensors& to);

// Of a checkpoint, the tensors whose names begin so, without that; takes them out of it.
NamedTensors take(Weights& checkpoint, const std::string& prefix);
void add(Weights& checkpoint, const std::string& prefix, const NamedTensors& tensors);

}  // namespace weigh::lightning
