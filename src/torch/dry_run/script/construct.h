// Nodes of TorchScript that make and take apart lists, tuples, dictionaries and objects. libtorch's interpreter has
// instructions for them instead of operators, and exports none.
#pragma once

#include <optional>
#include <vector>

#include <torch/script.h>

namespace weigh::dry_run {

// The outputs of such a node; nothing for any other.
std::optional<std::vector<c10::IValue>> construct(const torch::jit::Node& node, const std::vector<c10::IValue>& inputs);

}  // namespace weigh::dry_run
