#include "nn/graph/self_loops.h"

#include <type_traits>
#include <vector>

#include "nn/graph/edges.h"
#include "nn/graph/scatter.h"

namespace weigh::nn::graph {
namespace {

EdgeList without_self_loops(const EdgeList& edges) {
  if (is_dry(edges.index)) return edges;
  const torch::Tensor kept = edges.index.select(0, 0).ne(edges.index.select(0, 1)).nonzero().view({-1});
  if (kept.size(0) == edges.index.size(1)) return edges;
  return {edges.index.index_select(1, kept), edges.attr.defined() ? edges.attr.index_select(0, kept) : edges.attr};
}

EdgeList with_loops(const EdgeList& edges, std::int64_t loops, const torch::Tensor& loop_attr) {
  const torch::Tensor nodes = torch::arange(loops, edges.index.options()).expand({2, loops});
  return {torch::cat({edges.index, nodes}, 1),
          edges.attr.defined() ? torch::cat({edges.attr, loop_attr}, 0) : edges.attr};
}

torch::Tensor loop_features(const EdgeList& edges, std::int64_t nodes, std::int64_t loops, const FillValue& fill) {
  std::vector<std::int64_t> shape = edges.attr.sizes().vec();
  shape.front() = loops;
  return std::visit(
      [&](const auto& value) -> torch::Tensor {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, Reduce>) {
          return scatter(edges.attr, edges.index.select(0, 1), nodes, value).narrow(0, 0, loops);
        } else if constexpr (std::is_same_v<Value, double>) {
          return edges.attr.new_full(shape, value);
        } else {
          return value.to(edges.attr.options()).expand(shape);
        }
      },
      fill);
}

}  // namespace

EdgeList replace_self_loops(const EdgeList& edges, std::int64_t nodes, std::int64_t loops, const FillValue& fill) {
  const EdgeList others = without_self_loops(edges);
  const torch::Tensor features = others.attr.defined() ? loop_features(others, nodes, loops, fill) : torch::Tensor();
  return with_loops(others, loops, features);
}

EdgeList complete_self_loops(const EdgeList& edges, std::int64_t nodes, double fill) {
  const EdgeList others = without_self_loops(edges);
  if (!edges.attr.defined()) return with_loops(others, nodes, {});
  // The last loop of a node is the one with the highest number, counted from 1; 0 stands for none.
  const torch::Tensor source = edges.index.select(0, 0);
  const torch::Tensor number = torch::arange(1, edges.index.size(1) + 1, edges.index.options());
  const torch::Tensor of_loops = number * source.eq(edges.index.select(0, 1));
  const torch::Tensor last = scatter(of_loops, source, nodes, Reduce::max);
  const torch::Tensor weights = torch::cat({edges.attr.new_full({1}, fill), edges.attr});
  return with_loops(others, nodes, weights.index_select(0, last));
}

}  // namespace weigh::nn::graph
