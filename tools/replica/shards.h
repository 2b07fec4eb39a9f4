// Writes a model's shards: real headers, and holes where the weights would be.
#pragma once

#include <cstdint>
#include <string>

#include "replica/pattern.h"

namespace weigh::replica {

struct Written {
  unsigned shards = 0;
  std::uint64_t tensors = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t header_bytes = 0;
};

// Into `directory`, which is made: the shards as Hugging Face's tools write them (`shards` of them; 0: as published, or
// so many that each stays below 10 GB), model.safetensors.index.json where there are several, and config.json. Files
// are sparse: a terabyte of weights takes a few megabytes of disk. Throws std::runtime_error.
Written write_shards(Pattern pattern, const std::string& directory, unsigned shards = 0);

}  // namespace weigh::replica
