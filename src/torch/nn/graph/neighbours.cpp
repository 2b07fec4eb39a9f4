#include "nn/graph/neighbours.h"

#include "nn/graph/edges.h"
#include "nn/graph/weighted_sum.h"

namespace weigh::nn::graph {
torch::Tensor reduce_neighbours(const std::string& layer, const NodeFeatures& x, const torch::Tensor& edge_index,
                                const GraphSize& size, Flow flow, Reduce reduce) {
  check_features(layer, x);
  check_edge_index(layer, edge_index);
  const Nodes nodes = nodes_of(x, size, flow);
  return with_range_check(layer, edge_index, nodes, [&] {
    return aggregate(x.first.unsqueeze(1), {}, {}, edges_of(edge_index, nodes), reduce).squeeze(1);
  });
}

}  // namespace weigh::nn::graph
