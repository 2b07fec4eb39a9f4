// A PyTorch file in whichever of its containers.
#pragma once

#include <memory>

#include "formats/pytorch/archive.h"

namespace weigh::pytorch {

// Throws Error(unsupported) where it is none of them.
std::unique_ptr<Archive> open_archive(Source& source, const Limits& limits);

}  // namespace weigh::pytorch
