// Which tensors a model has, written as patterns: tests/data/seed_models/README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weigh::replica {

struct Tensor {
  std::string name;
  std::string dtype;  // as safetensors names it
  std::vector<std::uint64_t> shape;

  std::uint64_t bytes() const;
};

struct Pattern {
  std::vector<Tensor> tensors;  // in natural order: layer 2 before layer 10
  std::string config;           // JSON text for config.json; may be empty
  unsigned shards = 0;          // as published; 0 where that is not known
};

// Throws std::runtime_error.
Pattern read_pattern(const std::string& path);

// A stack of layers with so many tensors, a weight and a bias in each.
Pattern synthetic_pattern(std::size_t tensors);

}  // namespace weigh::replica
