// What a subgraph of TensorFlow Lite computes, operator by operator.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace weigh {

struct TfliteSubgraph;

struct TfliteCost {
  std::optional<std::uint64_t> flops;  // nothing where it depends on what is not recorded
  std::int32_t weight = -1;            // the tensor that it multiplies by, where that is a constant
};

// For each operator, in the convention of every format: 2 for a multiply-add of matrix products and convolutions,
// nothing for all else. For one example, where the number of examples varies. `is_constant` is by tensor.
std::vector<TfliteCost> tflite_costs(const TfliteSubgraph& subgraph, const std::vector<bool>& is_constant);

}  // namespace weigh
