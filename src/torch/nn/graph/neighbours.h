// What reaches each node from its neighbours: for layers that weigh no edge.
#pragma once

#include <string>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"

namespace weigh::nn::graph {

// Reduction of the features of a node's neighbours -> [nodes that receive, channels]. How many those are is told by
// their features, and by `size` where they have none. Throws weigh::Error(usage), in the name of `layer`, for
// shapes that do not fit and an index that is out of range.
torch::Tensor reduce_neighbours(const std::string& layer, const NodeFeatures& x, const torch::Tensor& edge_index,
                                const GraphSize& size, Flow flow, Reduce reduce);

}  // namespace weigh::nn::graph
