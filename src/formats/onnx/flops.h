// FLOPs of one node: 2 for a multiply-add of matrix products, convolutions and attention, as FlopCounterMode of PyTorch
// counts them (docs/counting.md).
#pragma once

#include "formats/onnx/graphs.h"

#include "weigh/count.h"

namespace weigh {

// Not exact where a shape that it depends on is not told, or where the operator is not known.
Count onnx_flops(const OnnxGraphs& graphs, const OnnxNode& node);

}  // namespace weigh
