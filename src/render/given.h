// What the caller gave of unknown sizes, and what is unknown still.
#pragma once

#include <string>
#include <vector>

#include "weigh/model.h"

namespace weigh {

// "with in = 16 (given)", and "still unknown: fc.in, the dtype of fc.weight"; nothing where nothing was given.
std::vector<std::string> given_texts(const Model& model, bool unicode = true);

// "in = 16, batch = 1"
std::string given_sizes(const std::vector<GivenSize>& sizes, bool unicode = true);

}  // namespace weigh
