// What the configuration tells of how one layer was packed.
#pragma once

#include <string_view>
#include <vector>

#include "weigh/config.h"

namespace weigh {

// Whether layers are told apart by their paths.
bool tells_of_layers(const QuantizationConfig& config);

// How the layer at `path` may be packed: as its own entry says, or the group whose target it is; else as one of the
// groups, or as all.
std::vector<Packing> packings_for(const QuantizationConfig& config, std::string_view path);

}  // namespace weigh
