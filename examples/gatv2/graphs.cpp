#include "gatv2/graphs.h"

#include "data.h"

namespace example {
namespace {

torch::Tensor permutation(std::int64_t count, std::uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return torch::randperm(count, generator, torch::kLong);
}

}  // namespace

void Graph::split(std::int64_t train_per_class, std::uint64_t seed) {
  const torch::Tensor order = permutation(y.size(0), seed);
  std::vector<torch::Tensor> chosen;
  for (std::int64_t i = 0; i < classes; ++i) {
    const torch::Tensor of_class = order.masked_select(y.index_select(0, order) == i);
    chosen.push_back(of_class.slice(0, 0, train_per_class));
  }
  const torch::Tensor train_nodes = torch::cat(chosen);
  torch::Tensor is_left = torch::ones({y.size(0)}, torch::kBool);
  is_left.index_fill_(0, train_nodes, false);
  const torch::Tensor others = order.masked_select(is_left.index_select(0, order));
  const std::int64_t third = others.size(0) / 3;
  train = {x, edge_index, y, train_nodes};
  validation = {x, edge_index, y, others.slice(0, 0, third)};
  test = {x, edge_index, y, others.slice(0, third)};
}

Graph karate_club() {
  const KarateClub club = read_karate_club();
  Graph graph;
  graph.y = club.sides;
  graph.classes = 2;
  graph.x = torch::eye(club.sides.size(0));
  const torch::Tensor there = club.friends.t();
  graph.edge_index = torch::cat({there, there.flip(0)}, 1);
  graph.split(4, 3);
  return graph;
}

Graph digits() {
  constexpr std::int64_t kNeighbours = 8;
  const Digits data = read_digits();
  Graph graph;
  graph.x = data.images.flatten(1);
  graph.y = data.labels;
  graph.classes = 10;
  torch::Tensor distances = torch::cdist(graph.x, graph.x);
  distances.fill_diagonal_(std::numeric_limits<float>::infinity());
  const torch::Tensor nearest = std::get<1>(distances.topk(kNeighbours, 1, /*largest=*/false));
  const torch::Tensor nodes = torch::arange(graph.y.size(0)).repeat_interleave(kNeighbours);
  graph.edge_index = torch::stack({nearest.flatten(), nodes});
  graph.split(20, 0);
  return graph;
}

}  // namespace example
