// What a graph tells of the modules that its nodes ran in: classes, shapes in and out, FLOPs, calls.
#pragma once

#include "formats/pt2/graph.h"
#include "model/builder.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh::pt2 {

// Makes the modules that are named by stacks alone, names their classes and fills Model::runs. To be called when all
// tensors are added. What goes into a call is what its nodes take from outside, parameters and buffers left out; what
// comes out is what is taken from its nodes outside.
void add_runs(const Graph& graph, ModelBuilder& builder, const Limits& limits, Model& model);

}  // namespace weigh::pt2
