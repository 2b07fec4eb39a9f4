// What is known beforehand of a layer's forward, where nobody sees it begin and end.
#pragma once

#include <cstdint>

#include <torch/torch.h>

namespace weigh::dry_run {

enum class LayerKind : std::uint8_t {
  unseen,              // it has children: its own parameters do not tell when it begins and ends
  of_user,             // a leaf of a type that we do not know: what it does beside its parameters is not known
  simple,              // a leaf of libtorch whose operators all take a parameter, and work on its inputs
  padded_convolution,  // pads its input by other operators first
  embedding_bag,       // flattens its input first, and makes its offsets
  recurrent,           // RNN, GRU, and the cells but one: may make its initial state
  lstm,
  lstm_cell,
  attention,  // torch::nn::MultiheadAttention, which uses the weights of its child
};

LayerKind kind_of(const torch::nn::Module& module);

// The padding of all sides of a convolution, from the last dimension to the first: of one that is padded beforehand.
std::vector<std::int64_t> padding_beforehand(const torch::nn::Module& convolution);

}  // namespace weigh::dry_run
