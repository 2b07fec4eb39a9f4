// Writes a PyTorch file with so many small tensors: torch.load accepts it.
#pragma once

#include <cstddef>
#include <string>

namespace weigh::replica {

// A state dict of float32 tensors [2], each on a storage of its own, in the zip form. Throws std::runtime_error.
void write_torch_zip(const std::string& path, std::size_t tensors);

}  // namespace weigh::replica
