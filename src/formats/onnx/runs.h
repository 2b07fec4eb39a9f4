// Shapes that go into modules and come out of them, and their FLOPs, as far as the graph tells shapes of values.
#pragma once

#include <vector>

#include "formats/onnx/graphs.h"

#include "weigh/model.h"

namespace weigh {

// Fills Model::runs. `modules` are those of the nodes.
void tell_onnx_runs(const OnnxGraphs& graphs, const std::vector<Index>& modules, Model& model);

}  // namespace weigh
