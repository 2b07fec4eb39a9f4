// Tensors of an object that is weighed as a whole: the state of an optimizer on one rank.
#pragma once

#include <cstdint>

#include "formats/pytorch/archive.h"
#include "formats/pytorch/python.h"

namespace weigh::pytorch {

struct StateBytes {
  std::uint64_t tensors = 0;
  std::uint64_t bytes = 0;  // of their storages, each once
};

StateBytes weigh_state(Value state, const Archive& archive);

}  // namespace weigh::pytorch
