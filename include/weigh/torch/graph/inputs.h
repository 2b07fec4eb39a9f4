// What graph layers take: channels and features of nodes of one kind or of two, the direction of messages, and how
// messages that meet at a node are reduced. The words and their meaning are those of PyTorch Geometric
// (torch_geometric/nn/conv/message_passing.py).
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <utility>
#include <variant>

#include <torch/torch.h>

namespace weigh::nn {

// `in_channels`: one number, or one for the nodes that send and one for those that receive. -1 (as any number that is
// not positive) is found out at the first forward.
struct Channels {
  Channels(std::int64_t both) : first(both), second(both) {}  // NOLINT(google-explicit-constructor): Layer(-1, 8)
  Channels(std::int64_t first_channels, std::int64_t second_channels)
      : first(first_channels), second(second_channels), is_pair(true) {}

  // What messages and expressions call them: "in" for both, or "in_l" and "in_r".
  const char* first_name() const { return is_pair ? "in_l" : "in"; }
  const char* second_name() const { return is_pair ? "in_r" : "in"; }

  std::int64_t first;
  std::int64_t second;
  bool is_pair = false;
};

std::ostream& operator<<(std::ostream& stream, const Channels& channels);

// `x`: features [nodes, channels] of all nodes, or one tensor for each kind of node: the first for those that send
// messages, the second for those that receive them. Where a layer allows it, the second may be undefined.
struct NodeFeatures {
  NodeFeatures(torch::Tensor of_all) : first(of_all), second(std::move(of_all)) {}  // NOLINT: forward(x, edge_index)
  NodeFeatures(torch::Tensor of_first, torch::Tensor of_second)
      : first(std::move(of_first)), second(std::move(of_second)), is_pair(true) {}
  NodeFeatures(std::pair<torch::Tensor, torch::Tensor> pair)  // NOLINT: forward(std::pair(a, b), edge_index)
      : NodeFeatures(std::move(pair.first), std::move(pair.second)) {}

  torch::Tensor first;
  torch::Tensor second;
  bool is_pair = false;
};

// How many nodes rows 0 and 1 of the edges count, for where the features do not tell.
using GraphSize = std::optional<std::pair<std::int64_t, std::int64_t>>;

// Whether messages go from the nodes in row 0 of the edges to those in row 1, or the other way.
enum class Flow : std::uint8_t { source_to_target, target_to_source };

// A node that nothing reaches gets 0, and 1 where messages are multiplied.
enum class Reduce : std::uint8_t { add, mean, max, min, mul };

const char* to_string(Reduce reduce);

// Features of the self-loops that a layer adds: a reduction of those of the edges that reach the node, a number, or a
// tensor that fits one edge.
using FillValue = std::variant<Reduce, double, torch::Tensor>;

// What forward_with_attention gives: `output` is that of forward, `alpha` [edges, heads] the weight of each column of
// `edge_index` [2, edges]. Where the layer adds self-loops, these are the edges without the loops that were there,
// followed by one loop for each node. A dry run, to which the number of loops that were there is not known, takes it
// for 0; no other shape depends on it.
struct AttentionOutput {
  torch::Tensor output;
  torch::Tensor edge_index;
  torch::Tensor alpha;
};

}  // namespace weigh::nn
