// Work on edges, a block at a time. A tensor [edges, heads, channels] of a large graph takes gigabytes and leaves every
// cache; a block of it stays in the cache and is gone before the next one comes. Within a block it is libtorch's own
// operators that run over all edges.
#pragma once

#include <algorithm>
#include <cstdint>

#include <torch/torch.h>

#include "nn/graph/edges.h"

namespace weigh::nn::graph {

// Elements of one temporary tensor: 256 KiB of floats.
inline constexpr std::int64_t kChunkElements = 65536;
// On a GPU a launch costs as much as a large block, and shapes alone cost nothing: there one block is best.
inline constexpr std::int64_t kLargeChunkElements = std::int64_t{1} << 26;

// Calls work(first edge, number of edges) until all are done. `width`: elements of an edge in the widest temporary.
template <class Work>
void for_each_chunk(const torch::Tensor& features, std::int64_t edges, std::int64_t width, const Work& work) {
  if (is_dry(features)) return work(std::int64_t{0}, edges);
  const std::int64_t elements = features.is_cpu() ? kChunkElements : kLargeChunkElements;
  const std::int64_t size = std::max<std::int64_t>(elements / std::max<std::int64_t>(width, 1), 256);
  for (std::int64_t begin = 0; begin < edges; begin += size) work(begin, std::min(size, edges - begin));
}

}  // namespace weigh::nn::graph
