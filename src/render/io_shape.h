// Shapes as text: of tensors, and of what goes into a layer and comes out of it.
#pragma once

#include <string>

#include "weigh/model.h"

namespace weigh {

// "[4, 32]"; nested as the value is: "[[3, 7, 48], [[4, 3, 24], [4, 3, 24]]]"; "?" where nothing is known.
std::string io_text(const Model& model, const IOShape& shape, bool unicode = true);

// "[8, in]"; "?" for an unknown rank.
std::string shape_text(const Model& model, const Tensor& tensor, bool unicode = true);

}  // namespace weigh
