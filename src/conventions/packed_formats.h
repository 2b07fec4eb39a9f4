// What files call the format of a packed layer.
#pragma once

#include <string_view>

#include "weigh/config.h"

namespace weigh::conventions {

// "nvfp4": 4 bits, 16 weights share a scale. Zeros for a name that is not known.
Packing packed_format(std::string_view name);

}  // namespace weigh::conventions
