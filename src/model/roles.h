// Parameter or buffer, where the file does not say.
#pragma once

#include <string_view>

#include "weigh/dtype.h"
#include "weigh/model.h"

namespace weigh {

// A buffer if its dtype cannot require a gradient, or its name is one of the buffers that PyTorch's and the common
// libraries' modules register ("running_mean", "inv_freq", …); else a parameter. `name` is the part behind the last
// dot.
Role infer_role(std::string_view name, DType dtype);

}  // namespace weigh
