// Two real graphs for node classification, from examples/data.
#pragma once

#include <string>

#include <torch/torch.h>

namespace example {

// What a step is given: the whole graph, and the nodes that count in it.
struct GraphBatch {
  torch::Tensor x;           // features [nodes, channels]
  torch::Tensor edge_index;  // [2, edges], from row 0 to row 1
  torch::Tensor y;           // classes [nodes]
  torch::Tensor nodes;       // indices of those that count
};

template <class Visit>
void for_each_tensor(GraphBatch& batch, Visit visit) {
  visit(batch.x);
  visit(batch.edge_index);
  visit(batch.y);
  visit(batch.nodes);
}
inline std::int64_t batch_size(const GraphBatch& batch) { return batch.nodes.size(0); }

struct Graph {
  torch::Tensor x, edge_index, y;
  GraphBatch train, validation, test;
  std::int64_t classes = 0;

  // A few nodes of each class to train on; a third of the others to validate, the rest to test.
  void split(std::int64_t train_per_class, std::uint64_t seed);
};

// Zachary's karate club: 34 members, who are only known by their friends (a one for each).
Graph karate_club();
// 1,797 handwritten digits, each with an edge from each of the eight that look most like it.
Graph digits();

}  // namespace example
