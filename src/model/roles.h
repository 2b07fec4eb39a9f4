// Parameter or buffer, where the file does not say.
#pragma once

#include <span>
#include <string_view>

#include "weigh/dtype.h"
#include "weigh/model.h"

namespace weigh {

// A buffer if its dtype cannot require a gradient, or by convention (conventions/buffers.h); else a parameter. `name`
// is the part behind the last dot.
Role infer_role(std::string_view name, DType dtype, std::span<const Extent> shape);

}  // namespace weigh
