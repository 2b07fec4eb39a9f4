#include "nn/graph/edges.h"

#include <sstream>

#include "nn/observer.h"

#include "weigh/error.h"

namespace weigh::nn::graph {
namespace {

[[noreturn]] void refuse(const std::string& layer, const std::string& message) {
  throw Error(ErrorKind::usage, layer, message);
}

std::string shape_of(const torch::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

}  // namespace

void check_edge_index(const std::string& layer, const torch::Tensor& edge_index) {
  if (!edge_index.defined()) refuse(layer, "edge_index is an undefined tensor; give an int64 tensor [2, edges]");
  if (edge_index.scalar_type() != torch::kInt64)
    refuse(layer, "edge_index is of " + std::string(c10::toString(edge_index.scalar_type())) +
                      ", but indices are int64 (Long); convert it with .to(torch::kLong)");
  if (edge_index.dim() != 2 || edge_index.size(0) != 2)
    refuse(layer, "edge_index has shape " + shape_of(edge_index) +
                      ", but has to be [2, edges]: sources in row 0, targets in row 1");
}

void check_features(const std::string& layer, const std::string& name, const torch::Tensor& x) {
  if (!x.defined()) refuse(layer, name + " is an undefined tensor; give features [nodes, channels]");
  if (x.dim() != 2)
    refuse(layer, name + " has shape " + shape_of(x) + ", but features of nodes have to be [nodes, channels]");
}

void check_features(const std::string& layer, const NodeFeatures& x) {
  check_features(layer, x.is_pair ? "x[0]" : "x", x.first);
  if (x.is_pair && x.second.defined()) check_features(layer, "x[1]", x.second);
}

Nodes nodes_of(const NodeFeatures& x, const GraphSize& size, Flow flow) {
  const std::int64_t senders = x.first.size(0);
  if (x.second.defined()) return {senders, x.second.size(0), flow};
  if (!size) return {senders, senders, flow};
  return {senders, flow == Flow::source_to_target ? size->second : size->first, flow};
}

Edges edges_of(const torch::Tensor& edge_index, const Nodes& nodes) {
  const bool is_forward = nodes.flow == Flow::source_to_target;
  return {edge_index.select(0, is_forward ? 0 : 1), edge_index.select(0, is_forward ? 1 : 0), nodes.receivers};
}

void check_range(const std::string& layer, const torch::Tensor& edge_index, const Nodes& nodes) {
  if (is_dry(edge_index) || edge_index.numel() == 0) return;
  for (const std::int64_t row : {0, 1}) {
    const torch::Tensor indices = edge_index.select(0, row);
    const auto lowest = indices.min().item<std::int64_t>();
    const auto highest = indices.max().item<std::int64_t>();
    const std::int64_t count = nodes.of_row(row);
    if (lowest >= 0 && highest < count) continue;
    const std::int64_t wrong = lowest < 0 ? lowest : highest;
    refuse(layer, "row " + std::to_string(row) + " of edge_index names node " + std::to_string(wrong) +
                      ", but there are " + std::to_string(count) + " nodes, counted from 0");
  }
}

bool is_dry(const torch::Tensor& tensor) {
  const Observer* observer = Observer::current();
  return tensor.is_meta() || (observer != nullptr && observer->is_dry());
}

}  // namespace weigh::nn::graph
