// What a graph does with its tensors: it tells parameters from buffers, packed weights from their scales, and where
// tensors belong whose names do not.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/onnx/graphs.h"
#include "model/roles.h"

#include "weigh/model.h"

namespace weigh {

struct OnnxUse {
  std::uint32_t scope = kNone;  // of the first node that takes it, a name
  bool is_weight = false;       // it stands where parameters stand
  bool is_statistic = false;    // where a running mean stands
  bool is_argument = false;     // where a constant stands
  bool is_overhead = false;     // where a scale or a zero point stands
  bool is_of_experts = false;   // its first extent counts the experts of a layer
  bool is_packed = false;       // it is turned back into weights:
  Scheme scheme = Scheme::none;
  std::uint64_t logical = 0;  // how many they are
};

// By tensor.
std::vector<OnnxUse> find_onnx_uses(const OnnxGraphs& graphs);

// Of its mixtures of experts, where all are alike; else nothing.
ExpertsConfig onnx_experts(const OnnxGraphs& graphs);

// Whether it is a constant that serves an operator as others have an attribute: one number, or a few integers that are
// a shape, axes or indices.
bool is_onnx_argument(const OnnxHeldTensor& held, const OnnxUse& use);

// Parameter or buffer. `name` is the last part of its path.
KnownRole onnx_role(const OnnxGraphs& graphs, const OnnxHeldTensor& held, const OnnxUse& use, std::string_view name);

}  // namespace weigh
