// What one rank of Megatron wrote: its tensors, by name and shape, and what it says of the others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bytes/source.h"
#include "formats/pytorch/state_bytes.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh::megatron {

struct RankTensor {
  std::string path;  // "decoder.layers.0.mlp.linear_fc1.weight"
  std::vector<Extent> shape;
  DType dtype = DType::unknown;
};

// The tensors of one part of a pipeline, layers counted from 0.
using Chunk = std::vector<RankTensor>;

struct RankFile {
  std::vector<Chunk> chunks;  // several where a rank has several parts of the pipeline
  // Of all ranks, as the arguments of the training say; 0 where they do not.
  std::uint64_t tensor_ranks = 0;
  std::uint64_t pipeline_ranks = 0;
  bool has_tied_output = false;  // the last pipeline rank holds the embedding once more
  std::string iteration;
  std::uint64_t optimizer_tensors = 0;
  std::uint64_t optimizer_bytes = 0;
};

// Throws Error where it is no PyTorch file, or holds no dictionary.
RankFile read_rank_file(Source& source, const Limits& limits);
// The state of an optimizer in a file of its own.
pytorch::StateBytes read_state(Source& source, const Limits& limits);

}  // namespace weigh::megatron
