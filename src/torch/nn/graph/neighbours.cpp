#include "nn/graph/neighbours.h"

#include "nn/graph/edges.h"
#include "nn/graph/weighted_sum.h"
#include "weigh/error.h"

namespace weigh::nn::graph {
torch::Tensor reduce_neighbours(const std::string& layer, const NodeFeatures& x, const torch::Tensor& edge_index,
                                const GraphSize& size, Flow flow, Reduce reduce) {
  check_features(layer, x);
  check_edge_index(layer, edge_index);
  const torch::Tensor& senders = flow == Flow::source_to_target ? x.first : x.second;
  if (!senders.defined())
    throw Error(ErrorKind::usage, layer, "x[1] is undefined, but with target_to_source messages come from there");
  const std::int64_t first = x.first.size(0);
  const std::int64_t second = x.second.defined() ? x.second.size(0) : size ? size->second : first;
  return with_range_check(layer, edge_index, first, second, [&] {
    return aggregate(senders.unsqueeze(1), {}, {}, edges_of(edge_index, flow, first, second), reduce).squeeze(1);
  });
}

}  // namespace weigh::nn::graph
