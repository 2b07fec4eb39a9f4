// Every bound on hostile input, its default and its reason. Nothing else in the project holds such a number.
#pragma once

#include <cstdint>

namespace weigh {

struct Limits {
  // The safetensors format's own cap on its header.
  std::uint64_t json_header_bytes = 100'000'000;
  // A config.json or an index: the largest known (a trillion parameters) is 30 MB.
  std::uint64_t json_file_bytes = 256'000'000;
  std::uint32_t json_depth = 128;

  // Ten times the largest checkpoint known.
  std::uint64_t tensors = 10'000'000;
  std::uint64_t name_bytes = 65'536;
  std::uint32_t dimensions = 64;
  // Dots in a name become modules: a name of a million dots would become a million of them.
  std::uint32_t module_depth = 256;

  std::uint64_t zip_entries = 10'000'000;
  // What may be inflated or read whole from one archive: data.pkl of ten million tensors is 2 GB.
  std::uint64_t inflated_bytes = std::uint64_t{4} << 30;
  // DEFLATE cannot do better than 1032:1; more is a lie, and a real record that compresses this well is not a model.
  std::uint64_t inflate_ratio = 1'032;

  std::uint64_t pickle_bytes = std::uint64_t{4} << 30;
  // About forty opcodes write one tensor.
  std::uint64_t pickle_opcodes = 1'000'000'000;
  std::uint64_t pickle_stack = 100'000'000;
  std::uint32_t pickle_depth = 1'000;

  std::uint32_t shards = 100'000;
  std::uint32_t sections = 1'000;
};

}  // namespace weigh
