// FLOPs of a node, from the shapes that the graph tells: as docs/counting.md defines them.
#pragma once

#include "formats/pt2/graph.h"

#include "weigh/count.h"

namespace weigh::pt2 {

// Not exact where a shape is unknown, and for what may multiply matrices in ways of its own: recurrent layers, einsum,
// operators that are not torch's, branches.
Count flops_of(const Node& node, const Graph& graph);

}  // namespace weigh::pt2
