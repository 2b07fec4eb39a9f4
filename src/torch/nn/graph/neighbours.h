// What reaches each node from its neighbours: for layers that weigh no edge.
#pragma once

#include <string>

#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"

namespace weigh::nn::graph {

// Reduction of the features of a node's neighbours -> [nodes that messages reach, channels]. How many nodes there are
// is told by the features, and by `size` where an end has none. Throws weigh::Error(usage), in the name of `layer`, for
// shapes that do not fit and an index that is out of range.
torch::Tensor reduce_neighbours(const std::string& layer, const NodeFeatures& x, const torch::Tensor& edge_index,
                                const GraphSize& size, Flow flow, Reduce reduce);

}  // namespace weigh::nn::graph
